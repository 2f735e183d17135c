"""Reads a workbook in a process that may use little memory and time, and write nothing.

Whatever a file does to its reader, it does to that process alone; this one gets the
text, or a sentence.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from crm_sync.contract import ConfigurationProblem
from crm_sync.workbooks.alone import TEXT
from crm_sync.workbooks.parts import hostile

MOST_MEMORY = 1_000_000_000  # bytes of addresses: what it holds is less
MOST_SECONDS = 30  # of work; of waiting, half as much again
_ROOT = Path(__file__).resolve().parent.parent.parent
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    " from crm_sync.workbooks.alone import answer; answer(*map(int, sys.argv[2:]))"
)
# Where Python finds its own libraries; nothing else is passed on, no secret above all.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "SYSTEMROOT")


def read_apart(content: bytes) -> str:
    """Return a workbook's first visible sheet as CSV; ConfigurationProblem says why
    not."""
    limits = [str(MOST_MEMORY), str(MOST_SECONDS)]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM, str(_ROOT), *limits],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
            timeout=MOST_SECONDS * 1.5,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_much() from None
    if done.returncode != 0 or not done.stdout:
        raise _too_much()
    kind, said = done.stdout[:1], done.stdout[1:]
    if kind == TEXT:
        return said.decode()
    message, hint = json.loads(said)
    raise ConfigurationProblem(message, hint)


def _too_much() -> ConfigurationProblem:
    return hostile("Reading it takes too much memory or time.")
