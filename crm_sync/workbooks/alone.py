"""The program of the process that reads a workbook: it limits itself, then reads."""

from __future__ import annotations

import json
import os
import resource
import sys
from contextlib import suppress

from crm_sync.contract import ConfigurationProblem
from crm_sync.workbooks.reading import text_of_workbook

TEXT, REFUSED = b"T", b"R"


def answer(most_memory: int, most_seconds: int) -> None:
    """Answer with the text of the workbook that comes in, or with what is wrong."""
    _limit_myself(most_memory, most_seconds)
    try:
        kind, said = TEXT, text_of_workbook(sys.stdin.buffer.read()).encode()
    except MemoryError:
        os._exit(1)  # nothing is left to say why, or to tidy up
    except ConfigurationProblem as problem:
        kind, said = REFUSED, json.dumps([problem.message, problem.hint]).encode()
    sys.stdout.buffer.write(kind)
    sys.stdout.buffer.write(said)


def _limit_myself(most_memory: int, most_seconds: int) -> None:
    for limit, most in (
        (resource.RLIMIT_AS, most_memory),
        (resource.RLIMIT_CPU, most_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, hard = resource.getrlimit(limit)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # some systems know no limit of memory
            resource.setrlimit(limit, (least, least))
