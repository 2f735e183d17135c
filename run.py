#!/usr/bin/env python3
"""The newcomer's door: the demo, the tests and the checks; standard library only.

python3 run.py                 start the demo; Ctrl-C stops it; PORT chooses the port
python3 run.py test [ARGS]     run every test, or what the arguments for pytest say
python3 run.py check [static]  format, lint, types, contracts, migrations (and tests)
python3 run.py plan_check FILE…   check plan files and run their examples
python3 run.py formula_check   check formulas that come as JSON on standard input
python3 run.py bench [--quick] [--json]  measure the speed, in a database of its own
python3 run.py reset           throw the demo's data away
python3 run.py manage …        Django's manage.py on the demo's data
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

if sys.version_info < (3, 11):  # noqa: UP036 - said before a newer word is read
    sys.exit("This needs Python 3.11 or newer.")

from commissions_saas.demo import running
from commissions_saas.demo.binaries import ServicesProblem
from commissions_saas.demo.services import Services
from commissions_saas.demo.shell import (
    DATA,
    LOGS,
    PROJECT,
    PYTHON,
    VENV,
    Problem,
    locked,
    made_secrets,
    run_logged,
    say,
)

LOCK = PROJECT / "requirements.lock"


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


# Tests and checks


def test(arguments: list[str]) -> int:
    """Run every test, browser tests included."""
    named = [word for word in arguments if not word.startswith("-")]
    if not named or any("browser" in word for word in named):
        ensure_chromium()
    # Each process takes neighbouring tests, which share what is made for a whole file.
    parallel = [] if "-n" in arguments else ["-n", "2", "--dist", "worksteal"]
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
        run_logged(
            [PYTHON, "-m", "playwright", "install", "chromium"], "chromium", environ
        )
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


def check(arguments: list[str]) -> int:
    """Run what must hold before a change lands; report everything that does not."""
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
    failed = [
        name for name, (words, env) in commands.items() if not ok(name, words, env)
    ]
    services = Services(PROJECT, "check", VENV, durable=False)
    try:
        services.up()
        words = [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]
        if not ok("migrations", words, {**static, **services.environ()}):
            failed.append("migrations")
    finally:
        services.down()
    if arguments != ["static"] and test([]) != 0:
        failed.append("tests")
    say(f"Failed: {', '.join(failed)}" if failed else "Everything holds.")
    return 1 if failed else 0


def ok(name: str, command: list[str], environ: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=PROJECT, env=environ, capture_output=True, text=True
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    say(f"{name}: {verdict} ({time.monotonic() - started:.0f} s)")
    if done.returncode != 0:
        say(done.stdout + done.stderr)
    return done.returncode == 0


# Other commands


def without_database(name: str, arguments: list[str]) -> int:
    """Run a command that asks nothing of a database, such as a check of plan files."""
    command = [PYTHON, str(PROJECT / "manage.py"), name, *arguments]
    return subprocess.run(command).returncode


def bench(arguments: list[str]) -> int:
    """Measure the speed on an embedded server that serves nobody else."""
    services = Services(PROJECT, "bench", VENV, durable=False)
    here = {
        **made_secrets(),
        "DJANGO_SETTINGS_MODULE": "commissions_saas.settings",
        "SITE_URL": "http://localhost:8000",
        "ALLOWED_HOSTS": "localhost",
        "STATIC_FROM_SOURCE": "yes",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "text",
    }
    try:
        services.up()
        environ = {**os.environ, **here, **services.environ()}
        command = [PYTHON, "-m", "commissions_saas.bench", *arguments]
        return subprocess.run(command, cwd=PROJECT, env=environ).returncode
    finally:
        services.down()


def main() -> int:
    command, arguments = (sys.argv[1:2] or ["demo"])[0], sys.argv[2:]
    commands: dict[str, Callable[[], int]] = {
        "demo": running.demo,
        "test": lambda: test(arguments),
        "check": lambda: check(arguments),
        "plan_check": lambda: without_database("plan_check", arguments),
        "formula_check": lambda: without_database("formula_check", arguments),
        "bench": lambda: bench(arguments),
        "reset": running.reset,
        "manage": lambda: running.manage(arguments),
    }
    if command not in commands:
        say(__doc__ or "")
        return 0 if command in ("help", "-h", "--help") else 2
    try:
        for folder in (DATA, LOGS):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        ensure_environment()
        return commands[command]()
    except KeyboardInterrupt:
        return 130
    except (Problem, ServicesProblem) as problem:
        say(f"\n{problem}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
