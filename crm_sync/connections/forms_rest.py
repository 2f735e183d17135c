"""What people write to declare a source."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms

from crm_sync.providers import presets, presets_by_title

_EXAMPLE = """source:
  name: Our CRM
  auth: {kind: bearer, token: token}
streams:
  deals:
    path: /deals
    records: data
    page: {kind: page, size_param: limit, size: 100}
    cursor: {field: updated_at}
"""


class RestSourceForm(forms.Form):
    """Where a source is, how to get in, and what its interface is like."""

    name = forms.CharField(
        max_length=200, help_text="How your people call it.", required=True
    )
    preset = forms.ChoiceField(
        required=False,
        label="Known source",
        help_text="Or none, and your own document.",
    )
    base_url = forms.CharField(
        max_length=500,
        required=False,
        label="Address of the API",
        help_text="Leave empty for the one in the document.",
    )
    credentials = forms.CharField(
        max_length=5000,
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}
        ),
        help_text="One in a line: token: abc123. They are kept encrypted.",
    )
    document = forms.CharField(
        max_length=100_000,
        required=False,
        initial=_EXAMPLE,
        widget=forms.Textarea(
            attrs={
                "rows": 24,
                "class": "file",
                "spellcheck": "false",
                "autocapitalize": "off",
            }
        ),
        help_text="Not read where a known source is chosen.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["preset"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "None"), *presets_by_title().items()]

    def as_far_as_written(self) -> dict[str, Any]:
        """Return what to try, whether the form is complete or not."""
        written = {name: str(self.data.get(name, "")) for name in self.fields}
        options: dict[str, Any] = {}
        if written["preset"] in presets():
            options["preset"] = written["preset"]
        else:
            options["document"] = written["document"]
        return {
            "base_url": written["base_url"].strip(),
            "secret": _secret(written["credentials"]),
            "options": options,
        }


def _secret(text: str) -> str:
    """Read `name: value` lines; a line without a name is the one key there is."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        named = re.fullmatch(r"\s*([a-z][a-z0-9_]*)\s*[:=]\s*(.+?)\s*", line)
        if named:
            found[named[1]] = named[2]
        elif line.strip():
            found["token"] = line.strip()
    return json.dumps(found) if found else ""
