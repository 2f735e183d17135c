"""How the cost grows: each dimension doubled, beside what it was before."""

from commissions_saas.bench import ways
from commissions_saas.bench.rows import Row
from commissions_saas.bench.work import Size, a_business, fill

MOST = 2.5  # twice the work may not cost more; the rest is the noise of small runs


def rows(size: Size) -> list[Row]:
    """Calculate a small business, and the same with each dimension doubled.

    All in one process, the second business first: what a process learns once is not
    taken for growth of the others.
    """
    sizes = {
        "businesses": size,
        "base": size,
        "deals": Size(size.deals * 2, size.payees, size.components, size.months),
        "payees, each with as many deals": Size(
            size.deals * 2, size.payees * 2, size.components, size.months
        ),
        "components": Size(size.deals, size.payees, size.components * 2, size.months),
    }
    slugs = [_filled(name, twice) for name, twice in sizes.items()]
    done = ways.run_each(["first"], slugs)
    cost = dict(zip(sizes, (one["processors"] for one in done), strict=True))
    base = cost.pop("base")
    cost["businesses"] = cost.pop("businesses") + base  # told last
    return [_row(name, base, twice) for name, twice in cost.items()]


def _filled(name: str, size: Size) -> str:
    business = a_business("".join(c for c in name if c.isalpha())[:20])
    fill(business, size)
    return business.slug


def _row(name: str, before: float, after: float) -> Row:
    ratio = after / before
    words = f"{ratio:.2f} × the CPU"
    return Row(f"twice the {name}", f"≤ {MOST} ×", words, ratio, ratio <= MOST)
