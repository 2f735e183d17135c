"""Says why an example has no line where it expects one."""

from commissions.plans.example_entries import Entry
from commissions.plans.example_facts import Setting
from commissions.plans.example_lines import Scope
from commissions.plans.example_periods import shown
from crm_sync.ledger.facts import EntryFact


def why_no_line(setting: Setting, scope: Scope, external_id: str = "") -> str:
    """Return the first reason for which an entry pays nothing in a scope.

    Without an id it is the first entry, of which only a measure may be made.
    """
    named = [e for e in setting.entries if external_id in ("", e.external_id)]
    if not named:
        return ""
    (fact,) = setting.reader.known([_at_its_end(named[0])], None)
    why = _not_there(setting, scope, fact)
    if not why and external_id:
        why = _not_paid(setting, scope, fact)
    return f"Entry {named[0].external_id} {why}" if why else ""


def _at_its_end(entry: Entry) -> Entry:
    return Entry(entry.number, entry.external_id, entry.raw, entry.changes, None)


def _not_there(setting: Setting, scope: Scope, fact: EntryFact) -> str:
    day = fact.occurred_on
    if day is None:
        return "has no day, so no period pays it. Write won_on (or on)."
    first = min(done.period.starts_on for done in scope.statements)
    last = max(done.period.ends_on for done in scope.statements)
    if not first <= day <= last:
        return f"is of {day}, which is not in {shown(scope.period)}."
    if not fact.counts:
        return "does not count: it was lost, or says counts: no."
    credited = {credit.payee_id for credit in fact.credits}
    people = [done.person for done in scope.statements]
    mine = [person for person in people if person.number in credited]
    if not mine:
        return f"is not credited to {scope.payee}."
    if not any(person.on_plan(day, day) for person in mine):
        return f"is of {day}, when {mine[0].name} is not on the plan."
    return ""


def _not_paid(setting: Setting, scope: Scope, fact: EntryFact) -> str:
    kinds = {
        (part.object, role)
        for part in setting.document.components
        if part.per == "deal"
        for role in part.credit
    }
    numbers = {done.person.number for done in scope.statements}
    roles = {credit.role for credit in fact.credits if credit.payee_id in numbers}
    if not any((fact.object, role) in kinds for role in roles):
        what = f"{fact.object}, credited as {' and '.join(sorted(roles))}"
        return f"is a {what}, and no component pays that (object, credit)."
    return "meets the condition of no component here (when, may_sell)."
