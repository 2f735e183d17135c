#!/usr/bin/env python3
"""The newcomer's door: the demo, the tests and the checks; standard library only.

    python3 run.py                 start the demo; Ctrl-C stops it; PORT chooses the port
    python3 run.py test [ARGS]     run every test, or what the arguments for pytest say
    python3 run.py check           format, lint, types, contracts, migrations and tests
    python3 run.py plan_check FILE…   check plan files and run their examples
    python3 run.py manage …        Django's manage.py on the demo's data
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
DATA = PROJECT / ".data"
LOGS = DATA / "logs"
VENV = PROJECT / ".venv"
PYTHON = str(VENV / "bin" / "python")
LOCK = PROJECT / "requirements.lock"
DEMO_STARTS = "2026-11-24T16:42:00+00:00"
CLOCK_FILE = DATA / "demo" / "clock"
CLOCK_SAVED_EVERY = 15  # seconds


class Problem(Exception):
    """Something that the person at the keyboard can mend; the text says how."""


# The environment


def ensure_environment() -> None:
    """Install exactly what the lock names, unless that is done already."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    marker = VENV / ".lock-sha256"
    with locked("install.lock"):
        if marker.exists() and marker.read_text().strip() == wanted:
            return
        say("Installing the packages of requirements.lock; this happens once …")
        started = time.monotonic()
        marker.unlink(missing_ok=True)
        if not (VENV / "bin" / "python").exists():
            make_environment()
        command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--no-input", "--require-hashes", "-r", str(LOCK)]
        run_logged(command, "install", dict(os.environ))
        marker.write_text(wanted + "\n")
        say(f"Installed in {time.monotonic() - started:.0f} s.")


def make_environment() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Problem(
            "This Python cannot make environments. On Debian and Ubuntu:\n"
            f"    apt-get install -y python3-venv   (or python{version}-venv)"
        ) from None
    run_logged(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        "install",
        dict(os.environ),
    )


# Settings of the demo and of the tests


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
    reached = DEMO_STARTS
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


# The demo


def demo() -> int:
    """Start everything, keep it running, and stop it in order."""
    from commissions_saas.demo.services import Services

    (DATA / "demo").mkdir(mode=0o755, exist_ok=True)
    with only_one_demo():
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


def prepare(environ: dict[str, str], marker: Path) -> None:
    """Migrate where the code has changed, and load the demo group where it is missing."""
    changed = hashlib.sha256(environ["DATABASE_URL"].encode())
    for file in sorted(PROJECT.glob("*/*/migrations/*.py")):
        changed.update(file.read_bytes())
    before = marker.read_text().strip() if marker.exists() else ""
    if before != changed.hexdigest():
        manage(environ, "Making the tables", "migrate_schemas", "--shared")
        manage(environ, "Making the template of a business", "make_template")
        if before:
            manage(environ, "Migrating the businesses", "migrate_schemas", "--tenant")
    manage(environ, "Loading the demo group", "demo_load")
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(changed.hexdigest() + "\n")


def run_demo(environ: dict[str, str], port: int, begun: float) -> None:
    children = demo_children(environ, port)
    for child in children:
        child.stop_leftover()
    try:
        for child in children:
            child.start()
        wait_for_web(port, children)
        say(f"\nReady after {time.monotonic() - begun:.0f} s:  http://localhost:{port}\n")
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


def demo_children(environ: dict[str, str], port: int) -> list:  # type: ignore[type-arg]
    from commissions_saas.demo.processes import Child

    celery = [PYTHON, "-m", "celery", "-A", "commissions_saas.celery"]
    host = os.environ.get("HOST", "127.0.0.1")
    web = [PYTHON, "-m", "gunicorn", "-c", "python:commissions_saas.gunicorn"]
    commands = {
        "close": [PYTHON, "manage.py", "demo_close"],
        "web": [*web, "--bind", f"{host}:{port}"],
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"]
        + ["--without-gossip", "--without-mingle", "--hostname", "demo@%h"],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--pidfile="]
        + ["--schedule", str(DATA / "demo" / "beat")],
    }
    pool = {"web": {"DATABASE_POOL": os.environ.get("DATABASE_POOL", "8")}}
    return [
        Child(name, command, {**environ, **pool.get(name, {})}, DATA)
        for name, command in commands.items()
    ]


def look_after(children: list, anchor: str) -> None:  # type: ignore[type-arg]
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


def wait_for_web(port: int, children: list) -> None:  # type: ignore[type-arg]
    end = time.monotonic() + 120
    while time.monotonic() < end:
        web = next(child for child in children if child.name == "web")
        if web.process.poll() is not None:
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
    for port in [int(wanted)] if wanted else range(8000, 8020):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((os.environ.get("HOST", "127.0.0.1"), port))
                return port
    raise Problem(f"Port {wanted or '8000'} is taken. Try: PORT=8100 python3 run.py")


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


def manage(environ: dict[str, str], what: str, *command: str) -> None:
    started = time.monotonic()
    run_logged([PYTHON, "manage.py", *command], "setup", environ)
    say(f"{what}: {time.monotonic() - started:.1f} s")


# Tests and checks


def test(arguments: list[str]) -> int:
    """Run every test, browser tests included."""
    named = [word for word in arguments if not word.startswith("-")]
    if not named or any("browser" in word for word in named):
        ensure_chromium()
    parallel = [] if "-n" in arguments else ["-n", "2"]
    command = [PYTHON, "-m", "pytest", *parallel, *arguments]
    return subprocess.run(command, cwd=PROJECT).returncode


def ensure_chromium() -> None:
    """Find a Chromium for the browser tests, install one, or say how."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if shutil.which(name):
            return
    if playwright_has_one():
        return
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if os.getuid() == 0 and shutil.which("apt-get"):
        say("Installing Chromium for the browser tests …")
        with contextlib.suppress(Problem):
            run_logged(["apt-get", "update"], "chromium", environ)
            install = ["apt-get", "install", "-y", "--no-install-recommends"]
            run_logged([*install, "chromium"], "chromium", environ)
            return
    say("Fetching Playwright's Chromium for the browser tests …")
    with contextlib.suppress(Problem):
        run_logged([PYTHON, "-m", "playwright", "install", "chromium"], "chromium", environ)
    if not playwright_has_one():
        raise Problem(
            "The browser tests need Chromium, and it could not be installed. As root on"
            "\nDebian: apt-get install -y chromium; elsewhere: .venv/bin/playwright install"
            f" --with-deps chromium.\nSee {LOGS / 'chromium.log'}"
        )


def playwright_has_one() -> bool:
    asks = (
        "from playwright.sync_api import sync_playwright as s\n"
        "with s() as p: b = p.chromium.launch(args=['--no-sandbox']); b.close()"
    )
    done = subprocess.run([PYTHON, "-c", asks], capture_output=True)
    return done.returncode == 0


def check() -> int:
    """Run what must hold before a change lands; report everything that does not."""
    from commissions_saas.demo.services import Services

    server = {
        **made_secrets(),
        "SITE_URL": "https://commissions.example.com",
        "MAIL_URL": "smtp://user:password@mail.example.com:587",
        "DATABASE_URL": "postgresql://nobody@localhost/none",
        "REDIS_URL": "redis://localhost/0",
    }
    static = {**os.environ, **server}
    tools = VENV / "bin"
    commands: dict[str, tuple[list[str], dict[str, str]]] = {
        "format": ([str(tools / "ruff"), "format", "--check", "-q", "."], static),
        "lint": ([str(tools / "ruff"), "check", "-q", "."], static),
        "contracts": ([str(tools / "lint-imports")], static),
        "types": ([PYTHON, "-m", "mypy", "."], static),
        "deployment": (
            [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            static,
        ),
    }
    failed = [name for name, (words, env) in commands.items() if not ok(name, words, env)]
    services = Services(PROJECT, "check", VENV, durable=False)
    try:
        services.up()
        words = [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]
        if not ok("migrations", words, {**static, **services.environ()}):
            failed.append("migrations")
    finally:
        services.down()
    if test([]) != 0:
        failed.append("tests")
    say(f"Failed: {', '.join(failed)}" if failed else "Everything holds.")
    return 1 if failed else 0


def ok(name: str, command: list[str], environ: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    say(f"{name}: {verdict} ({time.monotonic() - started:.0f} s)")
    if done.returncode != 0:
        say(done.stdout + done.stderr)
    return done.returncode == 0


# Other commands


def plan_check(arguments: list[str]) -> int:
    """Check plan files; nothing is asked of a database."""
    nowhere = {
        **made_secrets(),
        "DATABASE_URL": "postgresql://nobody@localhost/none",
        "REDIS_URL": "redis://localhost/0",
    }
    command = [PYTHON, str(PROJECT / "manage.py"), "plan_check", *arguments]
    return subprocess.run(command, env={**os.environ, **nowhere}).returncode


def manage_command(arguments: list[str]) -> int:
    """Run manage.py on the demo's data, with the services up while it runs."""
    from commissions_saas.demo.services import Services

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


# Small helpers


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
    return "\n".join(text.splitlines()[-25:])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    with (DATA / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> int:
    if sys.version_info < (3, 11):
        say("This needs Python 3.11 or newer.")
        return 2
    command, arguments = (sys.argv[1:2] or ["demo"])[0], sys.argv[2:]
    commands = {
        "demo": demo,
        "test": lambda: test(arguments),
        "check": check,
        "plan_check": lambda: plan_check(arguments),
        "manage": lambda: manage_command(arguments),
    }
    if command not in commands:
        say(__doc__ or "")
        return 0 if command in ("help", "-h", "--help") else 2
    sys.path.insert(0, str(PROJECT))
    try:
        for folder in (DATA, LOGS):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        ensure_environment()
        return commands[command]()
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        # Also the launcher's own problems; anything else is a fault and stays loud.
        if type(problem).__name__ not in ("Problem", "ServicesProblem"):
            raise
        say(f"\n{problem}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
