"""Where everything lies, and how run.py talks and starts programs; standard library only."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / ".data"
LOGS = DATA / "logs"
VENV = PROJECT / ".venv"
PYTHON = str(VENV / "bin" / "python")


class Problem(Exception):
    """Something that the person at the keyboard can mend; the text says how."""


def say(words: str) -> None:
    print(words, flush=True)


def run_logged(command: list[str], log: str, environ: dict[str, str]) -> None:
    """Run it with its output in a log, and show the log's end where it fails."""
    file = LOGS / f"{log}.log"
    with file.open("ab") as output:
        done = subprocess.run(
            command, cwd=PROJECT, env=environ, stdout=output, stderr=output
        )
    if done.returncode != 0:
        raise Problem(f"{' '.join(command[-3:])} failed:\n{tail(file)}")


def tail(file: Path) -> str:
    text = file.read_text(errors="replace") if file.exists() else ""
    return "\n".join(text.splitlines()[-12:])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    with (DATA / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def made_secrets() -> dict[str, str]:
    """Return keys that were made once for this folder."""
    file = DATA / "secrets.json"
    with locked("secrets.lock"):
        if not file.exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(64),
                "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
            }
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as writing:
                json.dump(made, writing)
        found: dict[str, str] = json.loads(file.read_text())
    return found
