"""What the machine is, and how much processor time and memory a piece of work took."""

import os
import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(slots=True)
class Cost:
    """What a piece of work cost: seconds on the clock, and of the processors."""

    seconds: float = 0.0
    python: float = 0.0
    database: float = 0.0

    @property
    def processors(self) -> float:
        """Return the processor time of Python and the database together."""
        return self.python + self.database


@contextmanager
def measured() -> Iterator[Cost]:
    """Fill in the cost of what is done inside."""
    cost = Cost()
    postmaster = _postmaster()
    database, python = _time_of(postmaster), time.process_time()
    started = time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - started
    cost.python = time.process_time() - python
    cost.database = _time_of(postmaster) - database


def peak_megabytes() -> int:
    """Return the most memory that this process has ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def description() -> dict[str, object]:
    """Say on what the figures were measured."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        (version,) = cursor.fetchone()
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN ('shared_buffers',"
            " 'fsync', 'synchronous_commit', 'work_mem', 'autovacuum')"
        )
        settings = dict(cursor.fetchall())
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "database": version.split(" on ")[0],
        "settings": settings,
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def _postmaster() -> int:
    """Return the parent of our backend, or 0 where it runs on another machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    fields = _stat(backend)
    return int(fields[1]) if fields else 0


def _time_of(postmaster: int) -> float:
    """Return what the server and all its processes, dead or alive, have used."""
    if not postmaster:
        return 0.0
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if not fields:
            continue
        if int(folder.name) == postmaster:
            ticks += sum(int(value) for value in fields[11:15])
        elif int(fields[1]) == postmaster:
            ticks += sum(int(value) for value in fields[11:13])
    return ticks / _TICKS


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(") ")[2].split()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()
