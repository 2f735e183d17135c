"""Processes by their pid: asking after them, waiting for them, ending them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def read_pid(file: Path) -> int:
    """Return the pid in the file's first line, 0 where there is none."""
    try:
        return int(file.read_text().split("\n")[0])
    except (OSError, ValueError):
        return 0


def command_of(pid: int) -> str:
    """Return the command line of a living process; a zombie has none."""
    if Path("/proc/self/cmdline").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return ""
        return os.fsdecode(b" ".join(words))
    asked = ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return "" if listed.startswith("Z") else listed


def processes_in(folder: Path) -> bool:
    """Say whether a process still works in the folder; only Linux can tell."""
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if entry.readlink() == folder:
                return True
    return False


def can_connect(path: Path) -> bool:
    """Say whether somebody listens on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, ever more slowly, until it holds or the time is over."""
    end = time.monotonic() + seconds
    pause = 0.01
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return True


def stop_process(pid: int, signal_number: int) -> None:
    """Ask the process to end, and make it after twenty seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal_number)
    if not wait_until(lambda: is_gone(pid), 20):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_gone(pid), 5)


def is_gone(pid: int) -> bool:
    """A child that ended stays a zombie until it is waited for; take it away."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return command_of(pid) == ""


def stop_leftovers(folder: Path) -> None:
    """End what an earlier start left behind when it was killed itself."""
    for file in (folder / "pids").glob("*.pid"):
        pid, words = read_pid(file), file.read_text().split()[1:]
        # The number may meanwhile be another program's.
        if pid and words and command_of(pid).split() == words:
            stop_process(pid, signal.SIGTERM)
        file.unlink(missing_ok=True)


class Child:
    """A process that is kept running: started again, ever later, when it dies."""

    def __init__(
        self, name: str, command: list[str], environ: dict[str, str], folder: Path
    ) -> None:
        self.name = name
        self.command = command
        self.environ = environ
        self.log = folder / "logs" / f"{name}.log"
        self.pid_file = folder / "pids" / f"{name}.pid"
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.deaths = 0
        self.start_again_at = 0.0

    def start(self) -> None:
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; we stop it in order
            )
        self.started = time.monotonic()
        words = " ".join(self.command)
        self.pid_file.write_text(f"{self.process.pid}\n{words}\n")

    def look_after(self) -> str:
        """Start it again where it died; return a sentence where something happened."""
        if self.process is None:
            if time.monotonic() < self.start_again_at:
                return ""
            self.start()
            return f"The {self.name} was started again."
        code = self.process.poll()
        if code is None:
            return ""
        if time.monotonic() - self.started > 60:
            self.deaths = 0
        self.deaths += 1
        wait = min(2**self.deaths, 60)
        self._end_its_children()
        self.process = None
        self.start_again_at = time.monotonic() + wait
        return (
            f"The {self.name} ended by itself (code {code}); starting it again in"
            f" {wait} seconds. See {self.log}"
        )

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, until: float) -> None:
        """Wait until then, and end it with all it started if it still runs."""
        if self.process is None:
            return
        try:
            self.process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self._end_its_children()
            self.process.wait()
        self.pid_file.unlink(missing_ok=True)

    def _end_its_children(self) -> None:
        """End the whole session: a killed worker leaves its own processes behind."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
