"""The lines of a preview that differ: as they were kept, or worked out when asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from commissions.plans.models import PlanVersion, PreviewedStatement
from commissions.plans.services import document_of
from commissions.statements.impact import Reckoned, Sides, nobody, row_of, standing
from commissions.statements.impact_batch import BatchComparison
from commissions.statements.inputs import Key
from commissions.statements.waves import Waves
from commissions_saas.lib.periods import parse_period

Kept = Sequence[Mapping[str, Any]]


def lines_of(row: PreviewedStatement) -> Kept:
    """Return the lines that differ on a statement.

    Of a preview of many deals none was kept: they are worked out with what is known
    now. A statement like that takes nothing from others, so it stands by itself.
    """
    if row.parts is None:
        return list(row.lines)
    found: dict[Key, PreviewedStatement] = {}

    def keep(key: Key, old: Reckoned, new: Reckoned) -> None:
        found[key] = row_of(key, old, new)

    preview, key = row.preview, (row.payee_id, parse_period(row.period_slug))
    document = document_of(PlanVersion(document=preview.document))
    with standing(preview.plan, document, preview.starts_on) as fence:
        batch = BatchComparison(
            fence, found.__setitem__, apart=False, tell=nobody, always_lines=True
        )
        waves = Waves.of(fence, fence + 1)
        Sides(fence, fence + 1, waves, keep, nobody, batch).compare([key])
    return list(found[key].lines)
