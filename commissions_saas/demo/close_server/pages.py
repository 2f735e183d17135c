"""Where a link into the stand-in lands: one page for each customer."""

from __future__ import annotations

from html import escape
from typing import Any

from commissions_saas.demo.close_server.account import accounts
from commissions_saas.demo.close_server.present import Presenter
from commissions_saas.demo.close_server.store import Doc, Store

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Close stand-in</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #8886; padding: .4rem .6rem; text-align: left; }}
.note {{ opacity: .75; }} .amount {{ font-variant-numeric: tabular-nums; }}
tr:target {{ outline: 2px solid #38c; }}
</style></head><body>
<p class="note">A stand-in for Close, made for the demo. Nothing here is real.</p>
<h1>{title}</h1>
{body}
</body></html>
"""
_FORM = """<form method="post" action="/lead/{lead}/">
<input type="hidden" name="deal" value="{id}">
<label>Value <input name="value" inputmode="decimal" size="10" value="{value}"></label>
<label>Status <select name="status">{statuses}</select></label>
<button>Save in Close</button></form>
"""


def home_page(store: Store) -> str:
    """Show the organisations and the customers last added."""
    parts = []
    for account in accounts(store):
        name = escape(store.doc(account.id)["name"])
        leads = store.rows(
            "SELECT id, json_extract(doc, '$.name') AS name FROM object"
            " WHERE org = ? AND kind = 'lead' ORDER BY created DESC LIMIT 50",
            [account.id],
        )
        links = "".join(
            f'<li><a href="/lead/{escape(lead["id"])}/">{escape(lead["name"])}</a></li>'
            for lead in leads
        )
        parts.append(f"<h2>{name}</h2><ul>{links}</ul>")
    return _PAGE.format(title="Organisations", body="".join(parts))


def lead_page(store: Store, id: str) -> str:
    """Show a customer with their deals and meetings; a deal can be edited."""
    lead = store.row(id, "lead")
    shown = Presenter(store, lead["org"])
    rows = store.rows(
        "SELECT * FROM object WHERE lead = ? AND kind = ? ORDER BY created LIMIT 100",
        [id, "opportunity"],
    )
    meetings = store.rows(
        "SELECT * FROM object WHERE lead = ? AND kind = ? ORDER BY created",
        [id, "meeting"],
    )
    labels = {
        f"custom.{doc['id']}": doc["name"]
        for doc in store.docs("custom_field", lead["org"])
    }
    body = "".join(_deal(shown, deal, labels) for deal in shown.rows(rows))
    body += "".join(_meeting(meeting) for meeting in shown.rows(meetings))
    organisation = escape(shown.organization["name"])
    return _PAGE.format(
        title=escape(store.doc(id)["name"]),
        body=f"<p>Customer of {organisation}.</p>{body or '<p>No deals.</p>'}",
    )


def _deal(shown: Presenter, deal: Doc, labels: dict[str, str]) -> str:
    facts: list[tuple[str, Any]] = [
        ("Status", f"{deal['status_label']} ({deal['status_type']})"),
        ("Value", f"{deal['value_formatted'] or '–'} {deal['value_currency']}"),
        ("Won on", deal["date_won"] or "–"),
        ("Owner", deal["user_name"] or "–"),
        ("Updated", deal["date_updated"]),
        ("Note", deal["note"] or "–"),
    ]
    facts += [(labels[key], deal[key]) for key in deal if key in labels]
    lines = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        f'<td class="amount">{escape(str(value))}</td></tr>'
        for label, value in facts
    )
    statuses = "".join(
        f'<option value="{escape(status["id"])}"'
        f"{' selected' if status['id'] == deal['status_id'] else ''}>"
        f"{escape(status['label'])}</option>"
        for status in shown.statuses.values()
    )
    cents = deal["value"]
    value = "" if cents is None else f"{cents // 100}.{cents % 100:02}"
    form = _FORM.format(
        lead=escape(deal["lead_id"]),
        id=escape(deal["id"]),
        value=value,
        statuses=statuses,
    )
    return f'<h2 id="{escape(deal["id"])}">Deal</h2><table>{lines}</table>{form}'


def _meeting(meeting: Doc) -> str:
    return (
        f'<h2 id="{escape(meeting["id"])}">{escape(meeting["title"])}</h2>'
        f"<p>{escape(meeting['status'])}, {escape(meeting['starts_at'])},"
        f" {escape(meeting['user_name'] or '–')}</p>"
    )
