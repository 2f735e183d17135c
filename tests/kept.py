"""What many tests begin with: made once, and kept while the next tests begin with it too.

    kept_october = begins_with("kept_october", make_october)
    kept_run = begins_with("kept_run", make_run, after="kept_october")

are fixtures. `make_october(acme)` runs inside Acme, in a transaction that stays open
around the tests that ask for it; `make_run(acme, october)` in one inside that. Each test
gets a copy of what was made, and what it writes is rolled back as ever. A test that does
not ask for it finds nothing of it: before such a test all is rolled back.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from tenants.accounts.models import Business
from tenants.schema import in_business


@dataclass(frozen=True)
class Beginning:
    """How something is made, and what has to be there before."""

    make: Callable[..., Any]
    after: str


@dataclass
class Shelf:
    """What is kept now, the outermost first."""

    beginnings: dict[str, Beginning] = field(default_factory=dict)
    blocker: DjangoDbBlocker | None = None
    _kept: list[tuple[str, Any, transaction.Atomic]] = field(default_factory=list)

    def wanted_by(self, names: list[str]) -> list[str]:
        """Return what a test with these fixtures begins with, the outermost first."""
        if "fresh_db" in names:  # it is made there, and committed
            return []
        return self.all_of(names)

    def all_of(self, names: list[str]) -> list[str]:
        """Return what these fixtures begin with, wherever it is made."""
        chains = [self._chain(name) for name in names if name in self.beginnings]
        return max(chains, key=len, default=[])

    def _chain(self, name: str) -> list[str]:
        after = self.beginnings[name].after
        return [*(self._chain(after) if after else []), name]

    def leave(self, wanted: list[str]) -> None:
        """Roll back what is kept and not wanted now."""
        names = [name for name, _, _ in self._kept]
        same = 0
        while same < len(names) and names[: same + 1] == wanted[: same + 1]:
            same += 1
        if same == len(names) or self.blocker is None:
            return
        with self.blocker.unblock():
            while len(self._kept) > same:
                _, _, block = self._kept.pop()
                transaction.set_rollback(True)
                block.__exit__(None, None, None)
            # What was rolled back may have set another path than the one before it.
            here: Any = connection
            here.set_schema_to_public()
            here.search_path_set_schemas = None

    def keep(self, wanted: list[str]) -> None:
        """Make what is wanted and not there yet."""
        self.leave(wanted)
        for name in wanted[len(self._kept) :]:
            block: Any = transaction.atomic()
            block._from_testcase = True  # a block that must be the outermost may follow
            block.__enter__()
            self._kept.append((name, None, block))
            try:
                made = self.made(name, Business.objects.get(slug="acme"))
            except BaseException:
                self.leave([])  # the next test makes it, or fails, as the first
                raise
            self._kept[-1] = (name, made, block)

    def made(self, name: str, acme: Business, **given: Any) -> Any:
        """Make it now, with what has to be there before."""
        beginning = self.beginnings[name]
        before = [self.value(beginning.after)] if beginning.after else []
        with in_business(acme):
            return beginning.make(acme, *given.get("before", before))

    def value(self, name: str) -> Any:
        """Return a copy of what was made: a test may change its objects."""
        [value] = [value for kept, value, _ in self._kept if kept == name]
        return copy.deepcopy(value)


shelf = Shelf()


def begun_with(request: pytest.FixtureRequest, name: str) -> Any:
    """Return what was made of this name, or None where the test does not begin so."""
    is_made = name in shelf.all_of(request.fixturenames)
    return request.getfixturevalue(name) if is_made else None


def begins_with(name: str, make: Callable[..., Any], *, after: str = "") -> Any:
    """Return a fixture of this name that gives what was made."""
    shelf.beginnings[name] = Beginning(make, after)

    @pytest.fixture(name=name)
    def found(request: pytest.FixtureRequest, businesses: dict[str, Business]) -> Any:
        if "fresh_db" not in request.fixturenames:
            return shelf.value(name)
        before = [request.getfixturevalue(after)] if after else []
        return shelf.made(name, businesses["acme"], before=before)

    return found
