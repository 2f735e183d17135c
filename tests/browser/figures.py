"""Reads a page's figures: what it shows as its headline, and which figures lead where."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}


@dataclass(frozen=True)
class Figure:
    """An exact amount on a page; `url` is empty where it leads nowhere."""

    exact: str
    url: str
    within: frozenset[str]

    @property
    def is_headline(self) -> bool:
        return not self.url and not self.within.isdisjoint({".headline", "h1"})


@dataclass
class Figures(HTMLParser):
    """Every element with `data-exact` inside the page's main part."""

    url: str
    found: list[Figure] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, frozenset[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        around = self._open[-1][1] if self._open else frozenset[str]()
        marks = {tag, *(f".{name}" for name in values.get("class", "").split())}
        if "id" in values:
            marks.add(f"#{values['id']}")
        within = around | marks
        if tag not in VOID:
            self._open.append((tag, within))
        if "data-exact" in values and "main" in within:
            href = values.get("href", "") if tag == "a" else ""
            url = urljoin(self.url, href) if href else ""
            self.found.append(Figure(values["data-exact"], url, within))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop()[0] == tag:
                return

    @property
    def links(self) -> list[Figure]:
        return [figure for figure in self.found if figure.url]

    def headline(self, part: str = "") -> str | None:
        """Return the amount of the headline, or of the part that an address names."""
        for figure in self.found:
            named = bool(part) and f"#{part}" in figure.within and not figure.url
            if named or (not part and figure.is_headline):
                return figure.exact
        return None


def figures(url: str, html: str) -> Figures:
    """Return what a page's text says."""
    parsed = Figures(url)
    parsed.feed(html)
    return parsed
