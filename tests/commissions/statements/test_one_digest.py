"""The order of what is entered, hash seeds, time zones and chunks change no byte."""

import os
import subprocess
import sys
from pathlib import Path

from tests.databases import Copy

PROJECT = Path(__file__).resolve().parents[3]
WAYS = (
    # order, payees at a time, hash seed, the process's time zone
    (1, 8, "0", "UTC"),
    (2, 1, "1", "Asia/Tokyo"),
    (3, 3, "4242", "America/Los_Angeles"),
)


def digest(database: Copy, order: int, at_a_time: int, seed: str, zone: str) -> str:
    environ = {
        **os.environ,
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "commissions_saas.settings",
        "PYTHONHASHSEED": seed,
        "TZ": zone,
    }
    module = "tests.commissions.statements.shuffled"
    done = subprocess.run(
        [sys.executable, "-m", module, str(order), str(at_a_time)],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_way_of_entering_and_reckoning_gives_one_digest(fresh_db: Copy) -> None:
    digests = {way: digest(fresh_db, *way) for way in WAYS}

    assert len(set(digests.values())) == 1, digests
