"""The figure that was clicked is the headline of the page that it opens."""

from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import APIRequestContext

from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.figures import Figure, Figures, figures

ENOUGH = 310


@dataclass
class Crawl:
    """Follows figures from page to page, each kind of page in its turn."""

    asks: APIRequestContext
    checked: int = 0
    broken: list[str] = field(default_factory=list)
    waiting: dict[str, deque[tuple[str, Figure]]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    pages: dict[str, Figures] = field(default_factory=dict)

    def open(self, url: str) -> Figures:
        """Return a page's figures; note those that lead on."""
        if url not in self.pages:
            answer = self.asks.get(url)
            self.pages[url] = figures(url, answer.text() if answer.ok else "")
            if not answer.ok:
                self.broken.append(f"{url} answers {answer.status}")
            for figure in self.pages[url].links:
                self.note(url, figure)
        return self.pages[url]

    def note(self, source: str, figure: Figure) -> None:
        if (figure.url, figure.exact) not in self.seen:
            self.seen.add((figure.url, figure.exact))
            kind = kind_of(source) + ">" + kind_of(figure.url)
            self.waiting.setdefault(kind, deque()).append((source, figure))

    def run(self, enough: int) -> None:
        while self.checked < enough and any(self.waiting.values()):
            for kind in list(self.waiting):
                if self.waiting[kind]:
                    self.follow(*self.waiting[kind].popleft())

    def follow(self, source: str, figure: Figure) -> None:
        self.checked += 1
        address, _, part = figure.url.partition("#")
        shown = self.open(address).headline(part)
        if shown != figure.exact:
            self.broken.append(
                f"{source} shows {figure.exact}, {figure.url} shows {shown}"
            )


def kind_of(url: str) -> str:
    """Return what kind of page it is: its path without names and numbers."""
    words = urlsplit(url).path.strip("/").split("/")
    return "/".join(word for word in words[2:] if word.isalpha())


def test_every_figure_opens_a_page_with_the_same_figure(enter: Enter) -> None:
    page = enter("Renata")
    crawl = Crawl(page.request)
    for start in ("/g/hale/", "/g/hale/?cur=own", "/g/hale/?measure=revenue"):
        crawl.open(enter.address + start)
    crawl.open(enter.address + places.run("ridgeline", "2026-11a"))
    maya = places.statement("brightwater", "Maya Okafor", "2026-11")
    crawl.open(enter.address + maya)
    crawl.run(ENOUGH)

    assert not crawl.broken, "\n".join([f"{crawl.checked} checked", *crawl.broken])
    assert crawl.checked >= 300


def test_every_figure_of_a_payee_opens_a_page_that_they_may_see(enter: Enter) -> None:
    page = enter("Maya")
    crawl = Crawl(page.request)
    crawl.open(page.url)
    crawl.run(len(crawl.seen))

    assert not crawl.broken, "\n".join([f"{crawl.checked} checked", *crawl.broken])
    assert crawl.checked >= 12
