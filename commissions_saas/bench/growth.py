"""How the cost grows: each dimension doubled, beside what it was before."""

from commissions_saas.bench import ways
from commissions_saas.bench.rows import Row
from commissions_saas.bench.work import Size, a_business, fill

MOST = 2.5  # twice the work may not cost more; the rest is the noise of small runs


def rows(size: Size) -> list[Row]:
    """Calculate a small business, and the same with each dimension doubled."""
    base = _seconds("base", size)
    sizes = {
        "deals": Size(size.deals * 2, size.payees, size.components, size.months),
        "payees, each with as many deals": Size(
            size.deals * 2, size.payees * 2, size.components, size.months
        ),
        "components": Size(size.deals, size.payees, size.components * 2, size.months),
    }
    found = [_row(name, base, _seconds(name, twice)) for name, twice in sizes.items()]
    both = base + _seconds("second", size)
    return [*found, _row("businesses", base, both)]


def _seconds(name: str, size: Size) -> float:
    business = a_business("".join(c for c in name if c.isalpha())[:20])
    fill(business, size)
    return float(ways.run("first", business.slug)["processors"])


def _row(name: str, before: float, after: float) -> Row:
    ratio = after / before
    words = f"{ratio:.2f} × the CPU"
    return Row(f"twice the {name}", f"≤ {MOST} ×", words, ratio, ratio <= MOST)
