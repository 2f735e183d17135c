"""Variables, rate tables and worked examples in the guided form.

One that says more than the form can show stays as it stands, and is edited in the file.
"""

from collections.abc import Mapping, Sequence

from commissions.plans.document import TYPES, Raw
from commissions.plans.form_blocks import FormBlock, FormField
from commissions.plans.form_rows import (
    columns_of,
    flat,
    flat_rows,
    mapping,
    mappings,
    pairs_from,
    pairs_text,
    rows_from,
    rows_text,
)

TIERS = ("from", "rate")
_TABLE = frozenset({"kind", "unit", "edge", "keys", "rows"})
_EXAMPLE = frozenset({"name", "because", "period", "payee", "deals", "expect"})
_PAYEE = frozenset({"name", "variables"})
PAYS = "pays"
TIERS_HELP = (
    "A line for each tier: where it begins, and its rate. Formulas read it as"
    " tiers. and its name; with columns of its own, such as product,rate, as tables."
)
DEALS_HELP = (
    "A line for each deal. The last column, pays, is what the deal must pay; empty"
    " where it is not compared. Any field of a deal can be a column."
)


def variable_blocks(raw: Mapping[str, Raw]) -> list[FormBlock]:
    """Return what an assignment gives, and a blank for one more."""
    given = [*mapping(raw.get("variables")).items(), ("", "")]
    return [_variable(f"v{i}-", name, body) for i, (name, body) in enumerate(given)]


def table_blocks(raw: Mapping[str, Raw]) -> list[FormBlock]:
    """Return the plan's own rate tables, and a blank for one more."""
    given = [*mapping(raw.get("tables")).items(), ("", {"rows": ""})]
    return [_table(f"t{i}-", name, body) for i, (name, body) in enumerate(given)]


def example_blocks(raw: Mapping[str, Raw]) -> list[FormBlock]:
    """Return the worked examples, and a blank for one more."""
    has_values = bool(mapping(raw.get("variables")))
    given = [*mappings(raw.get("examples")), {}]
    return [_example(f"e{i}-", body, has_values) for i, body in enumerate(given)]


def put_things(raw: dict[str, Raw], sent: Mapping[str, str]) -> None:
    """Take what the form said of them; what it did not show is kept."""
    variables = mapping(raw.get("variables"))
    tables = mapping(raw.get("tables"))
    examples = mappings(raw.get("examples"))
    _put(raw, "variables", _variables_from(variables, sent))
    _put(raw, "tables", _tables_from(tables, sent))
    _put(raw, "examples", _examples_from(examples, sent))


def _variable(prefix: str, name: str, body: Raw) -> FormBlock:
    parts = flat(body) if isinstance(body, Mapping) else {"type": body}
    if parts is None or not set(parts) <= {"type", "default"}:
        return FormBlock(name, ())
    return FormBlock(
        name,
        (
            FormField(prefix + "name", "Name in formulas", name),
            FormField(
                prefix + "type", "Type", str(parts.get("type") or ""), choices=TYPES
            ),
            FormField(
                prefix + "default",
                "Where an assignment gives none",
                str(parts.get("default", "")),
            ),
        ),
    )


def _variables_from(
    before: Mapping[str, Raw], sent: Mapping[str, str]
) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    for i, (name, body) in enumerate([*before.items(), ("", "")]):
        prefix = f"v{i}-"
        if prefix + "name" not in sent:
            _keep(found, name, body)
        elif key := sent[prefix + "name"].strip():
            type_ = sent.get(prefix + "type", "").strip()
            default = sent.get(prefix + "default", "").strip()
            found[key] = {"type": type_, "default": default} if default else type_
    return found


def _table(prefix: str, name: str, body: Raw) -> FormBlock:
    raw = mapping(body)
    rows = flat_rows(raw.get("rows"))
    typed = raw.get("rows")
    if not set(raw) <= _TABLE or (rows is None and not isinstance(typed, str)):
        return FormBlock(name, ())
    text = rows_text(rows, columns_of(rows)) if rows is not None else str(typed)
    return FormBlock(
        name,
        (
            FormField(prefix + "name", "Name in formulas", name),
            FormField(prefix + "rows", "Rows", text, help=TIERS_HELP, is_rows=True),
        ),
    )


def _tables_from(before: Mapping[str, Raw], sent: Mapping[str, str]) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    for i, (name, body) in enumerate([*before.items(), ("", {})]):
        prefix = f"t{i}-"
        if prefix + "name" not in sent:
            _keep(found, name, body)
        elif key := sent[prefix + "name"].strip():
            rows = rows_from(sent.get(prefix + "rows", ""), TIERS)
            found[key] = {**mapping(body), "rows": rows}
    return found


def _example(prefix: str, raw: Mapping[str, Raw], has_values: bool) -> FormBlock:
    name = str(raw.get("name", ""))
    deals = _deals_text(raw)
    if deals is None or not _is_simple(raw):
        return FormBlock(name, ())
    payee = raw.get("payee")
    values = pairs_text(flat(mapping(payee).get("variables", {})) or {})
    shown = [
        FormField(prefix + "name", "What it shows", name),
        FormField(prefix + "period", "Period", str(raw.get("period", ""))),
        FormField(
            prefix + "total",
            "Pays in all",
            str(mapping(raw.get("expect")).get("total", "")),
        ),
    ]
    if has_values or values:
        label = "Values of the payee, like quota 90000"
        shown.append(FormField(prefix + "values", label, values))
    deals_field = FormField(
        prefix + "deals", "Deals", deals, help=DEALS_HELP, is_rows=True
    )
    return FormBlock(name, (*shown, deals_field))


def _is_simple(raw: Mapping[str, Raw]) -> bool:
    payee = raw.get("payee", {})
    if isinstance(payee, Mapping):
        values = flat(payee.get("variables", {}))
        if not set(payee) <= _PAYEE or values is None:
            return False
        if pairs_from(pairs_text(values)) != values:
            return False
    expect = raw.get("expect", {})
    if not isinstance(expect, Mapping) or not isinstance(expect.get("total", ""), str):
        return False
    return set(raw) <= _EXAMPLE and isinstance(raw.get("period", ""), str)


def _deals_text(raw: Mapping[str, Raw]) -> str | None:
    """Return the deals and what each pays; nothing where the lines would not fit."""
    given = raw.get("deals", [])
    if isinstance(given, str):
        return given  # as it was typed, though it cannot be read
    deals = flat_rows(given)
    pays = flat(mapping(raw.get("expect")).get("lines", {}))
    if deals is None or pays is None or any(PAYS in deal for deal in deals):
        return None
    if not set(pays) <= {deal.get("id", "") for deal in deals}:
        return None
    if not deals:
        return None if raw else ""
    rows = [{**deal, PAYS: pays.get(deal.get("id", ""), "")} for deal in deals]
    text = rows_text(rows, [*columns_of(deals), PAYS])
    return text if _split(rows_from(text, ())) == (deals, pays) else None


def _examples_from(
    before: Sequence[Mapping[str, Raw]], sent: Mapping[str, str]
) -> list[Raw]:
    found: list[Raw] = []
    for i, body in enumerate([*before, {}]):
        prefix = f"e{i}-"
        if prefix + "deals" not in sent:
            found += [body] if body else []
        elif sent[prefix + "deals"].strip() or sent.get(prefix + "name", "").strip():
            found.append(_example_from(body, sent, prefix))
    return found


def _example_from(
    before: Mapping[str, Raw], sent: Mapping[str, str], prefix: str
) -> dict[str, Raw]:
    raw = dict(before)
    for key in ("name", "period"):
        _put(raw, key, sent.get(prefix + key, "").strip())
    raw["deals"], pays = _split(rows_from(sent[prefix + "deals"], ()))
    expect = dict(mapping(raw.get("expect")))
    _put(expect, "total", sent.get(prefix + "total", "").strip())
    _put(expect, "lines", pays)
    raw["expect"] = expect
    if prefix + "values" in sent:
        _put_values(raw, pairs_from(sent[prefix + "values"]))
    return raw


def _put_values(raw: dict[str, Raw], values: dict[str, str]) -> None:
    payee = raw.get("payee")
    named = {"name": payee} if isinstance(payee, str) else dict(mapping(payee))
    if values:
        raw["payee"] = {**named, "variables": values}
    elif isinstance(payee, Mapping) and "variables" in payee:
        raw["payee"] = {key: one for key, one in named.items() if key != "variables"}


def _split(rows: list[dict[str, str]] | str) -> tuple[Raw, dict[str, str]]:
    """Take what each deal must pay out of its row."""
    if isinstance(rows, str):
        return rows, {}
    pays = {row.get("id", ""): row[PAYS] for row in rows if PAYS in row}
    return [{k: v for k, v in row.items() if k != PAYS} for row in rows], pays


def _keep(found: dict[str, Raw], name: str, body: Raw) -> None:
    if name:
        found[name] = body


def _put(raw: dict[str, Raw], key: str, value: Raw) -> None:
    if value:
        raw[key] = value
    else:
        raw.pop(key, None)
