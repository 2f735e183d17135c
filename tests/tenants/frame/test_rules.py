"""What every page promises: nothing inline, nothing from elsewhere, little to load."""

import gzip
import re
from pathlib import Path

import django_htmx
import pytest

PROJECT = Path(__file__).resolve().parents[3]
PAGES = [
    path
    for path in sorted((PROJECT / "templates").rglob("*.html"))
    if "emails" not in path.parts
]
FORBIDDEN = {
    "a style attribute": r"\sstyle\s*=",
    "a <style> element": r"<style\b",
    "an event attribute": r"\son[a-z]+\s*=\s*[\"']",
    "an inline script": r"<script(?![^>]*\b(src=|type=\"application/json\"))",
    "htmx code": r"\s(hx-on|hx-vals=[\"']js:|hx-trigger=\"[^\"]*\[)",
    "hx-boost": r"hx-boost",
    "something from elsewhere": r"<(script|link|img|iframe)[^>]+https?://",
}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_template_has_nothing_that_the_browser_would_refuse(path: Path) -> None:
    text = path.read_text()

    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)]

    assert found == []


def test_what_a_page_loads_is_small() -> None:
    static = PROJECT / "static"
    htmx = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-4.min.js"
    css = [path.read_bytes() for path in (static / "css").glob("*.css")]
    js = [path.read_bytes() for path in [*(static / "js").glob("frame*.js"), htmx]]

    assert sum(len(gzip.compress(one)) for one in css) < 15 * 1024
    assert sum(len(gzip.compress(one)) for one in css + js) < 60 * 1024


def test_every_part_is_explained_to_authors() -> None:
    readme = (PROJECT / "tenants/frame/README.md").read_text()
    tags = (PROJECT / "tenants/frame/templatetags/frame.py").read_text()
    names = re.findall(r"@register\.[^\n]+\n(?:@[^\n]+\n)*def (\w+)\(", tags)

    own = {
        "icon",
        "page_frame",
        "as_of_bar",
        "message_line",
    }  # used by the frame itself
    assert len(names) > 20
    assert [name for name in names if name not in readme and name not in own] == []
