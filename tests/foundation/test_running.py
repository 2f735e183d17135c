"""The demo keeps its processes alive, its time going forward, and its ports to itself."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commissions_saas.demo import processes, running
from commissions_saas.demo.shell import Problem


@pytest.fixture
def child(tmp_path: Path) -> Iterator[processes.Child]:
    (tmp_path / "logs").mkdir()
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    child = processes.Child("sleeper", command, dict(os.environ), tmp_path)
    yield child
    child.ask_to_stop()
    child.wait_or_kill(time.monotonic() + 5)


@pytest.fixture
def clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "clock"
    monkeypatch.setattr(running, "CLOCK_FILE", file)
    return file


def test_a_process_that_dies_is_started_again_and_we_say_so(
    child: processes.Child,
) -> None:
    child.start()
    first = processes.read_pid(child.pid_file)
    os.kill(first, signal.SIGKILL)
    assert child.process is not None
    child.process.wait()

    assert "ended by itself" in child.look_after()
    assert child.look_after() == ""
    child.start_again_at = 0
    assert child.look_after() == "The sleeper was started again."
    assert processes.read_pid(child.pid_file) != first


def test_what_a_killed_start_left_behind_is_ended(
    child: processes.Child, tmp_path: Path
) -> None:
    child.start()
    left = processes.read_pid(child.pid_file)

    processes.stop_leftovers(tmp_path)

    assert processes.is_gone(left)


def test_another_program_with_an_old_pid_is_left_alone(
    child: processes.Child, tmp_path: Path
) -> None:
    child.pid_file.parent.mkdir()
    child.pid_file.write_text(f"{os.getpid()}\npython -m gunicorn\n")

    processes.stop_leftovers(tmp_path)

    assert not child.pid_file.exists()


def test_the_first_start_begins_at_the_demo_s_time(clock_file: Path) -> None:
    moment, _, real = running.clock_anchor().partition("@")

    assert moment == "2026-11-24T16:42:00+00:00"
    assert abs(int(real) - time.time()) < 60


def test_a_second_start_goes_on_where_the_first_stopped(clock_file: Path) -> None:
    begun = int(time.time()) - 3600
    running.save_clock(f"2026-11-24T16:42:00+00:00@{begun}")

    moment = datetime.fromisoformat(running.clock_anchor().partition("@")[0])

    reached = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)
    assert reached <= moment < reached + timedelta(seconds=10)


def test_after_a_kill_the_time_is_never_before_what_was_seen(clock_file: Path) -> None:
    anchor = f"2026-11-24T16:42:00+00:00@{int(time.time())}"
    running.save_clock(anchor, ahead=2 * running.CLOCK_SAVED_EVERY)

    moment = datetime.fromisoformat(running.clock_anchor().partition("@")[0])

    latest_seen = timedelta(seconds=running.CLOCK_SAVED_EVERY)
    assert moment >= datetime(2026, 11, 24, 16, 42, tzinfo=UTC) + latest_seen


def test_a_taken_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))

        with pytest.raises(Problem, match="is taken"):
            running.choose_port()


def test_a_port_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")

    with pytest.raises(Problem, match="write a number from 1 to 65535"):
        running.choose_port()
