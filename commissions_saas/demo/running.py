"""The running demo: services, preparation, processes kept alive, and an orderly end.

Standard library only, since run.py starts it before any package is needed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from commissions_saas.demo.processes import Child, stop_leftovers
from commissions_saas.demo.services import Services
from commissions_saas.demo.shell import (
    DATA,
    LOGS,
    PROJECT,
    PYTHON,
    VENV,
    Problem,
    made_secrets,
    run_logged,
    say,
    tail,
)

STARTS_AT = "2026-11-24T16:42:00+00:00"
CLOCK_FILE = DATA / "demo" / "clock"
WORKER_OPTIONS = ["--concurrency", "2", "--loglevel", "INFO"]
WORKER_OPTIONS += ["--without-gossip", "--without-mingle"]
CLOCK_SAVED_EVERY = 15  # seconds


def demo() -> int:
    """Start everything, keep it running, and stop it in order."""
    (DATA / "demo").mkdir(mode=0o755, exist_ok=True)
    with only_one_demo():
        stop_leftovers(DATA)
        port = choose_port()
        services = Services(PROJECT, "demo", VENV)
        begun = time.monotonic()
        ask_politely_on_sigterm()
        try:
            services.up()
            environ = demo_environ(services.environ(), port)
            prepare(environ, services.home / "prepared")
            run_demo(environ, port, begun)
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            services.down()
            say("Stopped. The data is kept for the next start.")
    return 0


def reset() -> int:
    """Throw the demo's data away, so that the next start begins from nothing."""
    with only_one_demo():
        services = Services(PROJECT, "demo", VENV)
        stop_leftovers(DATA)
        services.down()
        for folder in (services.home, services.run_folder, DATA / "demo"):
            shutil.rmtree(folder, ignore_errors=True)
    say("The demo's data is gone; the next start loads it anew.")
    return 0


def prepare(environ: dict[str, str], marker: Path) -> None:
    """Migrate where the code has changed, and load the demo group where it is missing."""
    changed = hashlib.sha256(environ["DATABASE_URL"].encode())
    for file in sorted(PROJECT.glob("*/*/migrations/*.py")):
        changed.update(file.read_bytes())
    before = marker.read_text().strip() if marker.exists() else ""
    if before != changed.hexdigest():
        step(environ, "Making the tables", "migrate_schemas", "--shared")
        step(environ, "Making the template of a business", "make_template")
        if before:
            step(environ, "Migrating the businesses", "migrate_schemas", "--tenant")
    step(environ, "Loading the demo group", "demo_load")
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(changed.hexdigest() + "\n")


def run_demo(environ: dict[str, str], port: int, begun: float) -> None:
    children = demo_children(environ, port)
    try:
        for child in children:
            child.start()
        wait_for_web(port, children)
        say(
            f"\nReady after {time.monotonic() - begun:.0f} s:  http://localhost:{port}\n"
        )
        subprocess.run([PYTHON, "manage.py", "demo_people"], cwd=PROJECT, env=environ)
        say(f"\nLogs are in {LOGS}. Ctrl-C stops everything.")
        look_after(children, environ["CLOCK_ANCHOR"])
    finally:
        save_clock(environ["CLOCK_ANCHOR"])
        for child in children:
            child.ask_to_stop()
        end = time.monotonic() + 10
        for child in children:
            child.wait_or_kill(end)


def demo_children(environ: dict[str, str], port: int) -> list[Child]:
    celery = [PYTHON, "-m", "celery", "-A", "commissions_saas.celery"]
    host = os.environ.get("HOST", "127.0.0.1")
    web = [PYTHON, "-m", "gunicorn", "-c", "python:commissions_saas.gunicorn"]
    schedule = ["--schedule", str(DATA / "demo" / "beat")]
    commands = {
        "close": [PYTHON, "manage.py", "demo_close"],
        "web": [*web, "--bind", f"{host}:{port}"],
        "worker": [*celery, "worker", *WORKER_OPTIONS],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--pidfile=", *schedule],
    }
    pool = {"web": {"DATABASE_POOL": os.environ.get("DATABASE_POOL", "8")}}
    return [
        Child(name, command, {**environ, **pool.get(name, {})}, DATA)
        for name, command in commands.items()
    ]


def look_after(children: list[Child], anchor: str) -> None:
    saved = 0.0
    while True:
        if time.monotonic() - saved > CLOCK_SAVED_EVERY:
            save_clock(anchor, ahead=2 * CLOCK_SAVED_EVERY)
            saved = time.monotonic()
        for child in children:
            news = child.look_after()
            if news:
                say(news)
        time.sleep(1)


def wait_for_web(port: int, children: list[Child]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        web = next(child for child in children if child.name == "web")
        if web.process is not None and web.process.poll() is not None:
            raise Problem(f"The web server did not start:\n{tail(web.log)}")
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
            return
        time.sleep(0.1)
    raise Problem(f"The web server does not answer; see {LOGS / 'web.log'}")


def choose_port() -> int:
    """Honour PORT; without it take 8000, or the next that is free."""
    wanted = os.environ.get("PORT", "")
    if wanted and not (wanted.isdigit() and 0 < int(wanted) < 65536):
        raise Problem(f"PORT is {wanted!r}; write a number from 1 to 65535.")
    host = os.environ.get("HOST", "127.0.0.1")
    for port in [int(wanted)] if wanted else range(8000, 8020):
        if is_free(host, port):
            return port
    raise Problem(f"Port {wanted or '8000'} is taken. Try: PORT=8100 python3 run.py")


def is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def only_one_demo() -> Iterator[None]:
    with (DATA / "demo-runs.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem(
                "The demo of this folder already runs. Stop it there with Ctrl-C."
            ) from None
        yield


def ask_politely_on_sigterm() -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def step(environ: dict[str, str], what: str, *command: str) -> None:
    started = time.monotonic()
    try:
        run_logged([PYTHON, "manage.py", *command], "setup", environ)
    except Problem as problem:
        hint = "To throw the demo's data away and begin anew: python3 run.py reset"
        raise Problem(f"{problem}\n\n{hint}") from None
    say(f"{what}: {time.monotonic() - started:.1f} s")


def manage(arguments: list[str]) -> int:
    """Run manage.py on the demo's data, with the services up while it runs."""
    (DATA / "demo").mkdir(mode=0o755, exist_ok=True)
    services = Services(PROJECT, "demo", VENV)
    were_up = services.are_up()
    try:
        services.up()
        environ = demo_environ(services.environ(), int(os.environ.get("PORT") or 8000))
        command = [PYTHON, "manage.py", *arguments]
        return subprocess.run(command, cwd=PROJECT, env=environ).returncode
    finally:
        if not were_up:
            services.down()


# What the processes are told


def demo_environ(services_environ: dict[str, str], port: int) -> dict[str, str]:
    """Return what the demo's processes get; the caller's own values win."""
    host = os.environ.get("HOST", "127.0.0.1")
    values = {
        **made_secrets(),
        **services_environ,
        "DJANGO_SETTINGS_MODULE": "commissions_saas.settings",
        "DEMO": "yes",
        "SITE_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost" if host == "127.0.0.1" else "*",
        "STATIC_FROM_SOURCE": "yes",
        "LOG_FORMAT": "text",
        "MAIL_URL": f"file://{DATA / 'demo' / 'mail'}",
        "MEDIA_FOLDER": str(DATA / "demo" / "media"),
        "DEMO_FOLDER": str(DATA / "demo"),
        "CLOCK_ANCHOR": clock_anchor(),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return {**os.environ, **{k: os.environ.get(k) or v for k, v in values.items()}}


def clock_anchor() -> str:
    """Continue the demo's time from where it was when the demo stopped."""
    reached = STARTS_AT
    with contextlib.suppress(OSError):
        reached = max(reached, CLOCK_FILE.read_text().strip())
    return f"{reached}@{int(time.time())}"


def save_clock(anchor: str, ahead: int = 0) -> None:
    """Note the time reached; a bit ahead while running, so that it never goes back."""
    moment, _, real = anchor.partition("@")
    passed = timedelta(seconds=int(time.time()) - int(real) + ahead)
    unfinished = CLOCK_FILE.with_suffix(".new")
    unfinished.write_text((datetime.fromisoformat(moment) + passed).isoformat() + "\n")
    unfinished.replace(CLOCK_FILE)
