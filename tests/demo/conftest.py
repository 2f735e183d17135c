"""The demo as it stands at 10:42, on one copy that the tests of the story only read."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from commissions_saas.demo.running import STARTS_AT
from tests import databases, demo_site


@pytest.fixture(scope="module")
def story(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[databases.Copy]:
    """A copy that is shared by the tests of a module."""
    code = demo_site.fingerprint()
    made = demo_site.PROJECT / ".data" / "test-demo" / code
    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():
        patched.setenv("CLOCK_ANCHOR", f"{STARTS_AT}@{int(time.time())}")
        patched.setenv("DEMO_FOLDER", str(made))
        patched.setattr(settings, "DEMO", True)
        patched.setattr(settings, "DEMO_FOLDER", made)
        template = databases.template_of("demo", code, partial(demo_site.fill, made))
        with databases.copied(template) as copy:
            yield copy
