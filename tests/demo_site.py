"""The demo group on a private database: loaded once for each state of the code, then copied."""

import contextlib
import hashlib
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from commissions_saas.demo.running import STARTS_AT
from tests import databases
from tests.servers import serving

PROJECT = Path(__file__).resolve().parent.parent
FOLDERS = ("commissions_saas", "tenants", "crm_sync", "commissions", "payouts")


@contextlib.contextmanager
def opened_demo(folder: Path) -> Iterator[databases.Copy]:
    """Open a copy of the demo, with its files in `folder`, at the moment it begins."""
    code = fingerprint()
    made = PROJECT / ".data" / "test-demo" / code
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(DEMO=True, DEMO_FOLDER=made),
    ):
        patch.setenv("CLOCK_ANCHOR", f"{STARTS_AT}@{int(time.time())}")
        patch.setenv("DEMO_FOLDER", str(made))
        template = databases.template_of("demo", code, partial(fill, made))
        shutil.copytree(made, folder)
        patch.setenv("DEMO_FOLDER", str(folder))
        with (
            override_settings(DEMO_FOLDER=folder),
            databases.copied(template) as copy,
        ):
            yield copy


@pytest.fixture
def demo_db(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> Iterator[databases.Copy]:
    """A private copy of the demo, at the moment at which the demo begins."""
    with django_db_blocker.unblock(), opened_demo(tmp_path / "demo") as copy:
        yield copy


@pytest.fixture
def demo_site(demo_db: databases.Copy) -> Iterator[str]:
    """The address of a server on a private copy of the demo."""
    with serving() as address:
        yield address


def fill(folder: Path) -> None:
    """Do what `run.py` does before it starts the demo."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    call_command("make_template", verbosity=0)
    call_command("demo_load", stdout=(folder / "load.log").open("w"))


def fingerprint() -> str:
    """Change with every line of code that may change a figure of the demo."""
    digest = hashlib.sha256()
    for folder in FOLDERS:
        for ending in ("py", "yaml", "sql", "csv", "json"):
            for file in sorted((PROJECT / folder).rglob(f"*.{ending}")):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
