"""Embedded PostgreSQL and Valkey for the demo and the tests; standard library only.

The servers listen on unix sockets in a folder of mode 0700 and nowhere else. PostgreSQL
refuses to run as root, so root runs it as an existing account without privileges.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from commissions_saas.demo.binaries import (
    ROOT_HOME,
    Binaries,
    ServicesProblem,
    choose_account,
)
from commissions_saas.demo.processes import (
    can_connect,
    command_of,
    processes_in,
    read_pid,
    stop_process,
    wait_until,
)

DATABASE = "commissions"
LONGEST_SOCKET_FOLDER = 80  # a socket's whole path must stay under 104 bytes on macOS
START_SECONDS = 60


class Services:
    """One PostgreSQL and one Valkey with their data, named after what they serve."""

    def __init__(
        self, project: Path, name: str, environment: Path, *, durable: bool = True
    ) -> None:
        self.project = project
        self.name = name
        self.durable = durable
        self.account = choose_account()
        self.binaries = Binaries(environment, self.account)
        self.data = project / ".data"
        self.logs = self.data / "logs"
        for folder in (self.data, self.logs):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        digest = hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:12]
        self.home = self._home(digest)
        self.run_folder = self._run_folder(digest)
        self.postgres_data = self.home / "postgres"
        self.valkey_data = self.home / "valkey"

    def _home(self, digest: str) -> Path:
        """Keep the data in the project, unless the account cannot come that far."""
        if not self.account.is_other or self.account.can("-x", self.data):
            return self.data / self.name
        return ROOT_HOME / digest / self.name

    def _run_folder(self, digest: str) -> Path:
        """Choose a short path that means the same in every kind of address."""
        folder = self.home / "run"
        is_plain = re.fullmatch(r"[A-Za-z0-9._/-]+", str(folder))
        if is_plain and len(str(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        # Its owner and mode are checked before it is used.
        name = f"commissions-saas-{self.account.uid}-{digest}-{self.name}"
        return Path("/tmp") / name  # noqa: S108

    # What others use

    def environ(self) -> dict[str, str]:
        """Say where the servers are, leaving out what the caller brings himself."""
        values = {}
        if not os.environ.get("DATABASE_URL"):
            values["DATABASE_URL"] = (
                f"postgresql://{DATABASE}@/{DATABASE}?host={self.run_folder}"
            )
        if not os.environ.get("REDIS_URL"):
            values["REDIS_URL"] = f"unix://{self.valkey_socket}?db=0"
        return values

    def up(self, given: Mapping[str, str] = os.environ) -> None:
        """Start what is not running; what the caller brings himself is left alone."""
        with self.lock():
            self._prepare_folders()
            if not given.get("REDIS_URL"):
                self._start_valkey()
            if not given.get("DATABASE_URL"):
                self._start_postgres()

    def down(self) -> None:
        """Stop both servers, keeping their data."""
        with self.lock():
            for pid_file, stop in (
                (self.postgres_data / "postmaster.pid", signal.SIGINT),
                (self.run_folder / "valkey.pid", signal.SIGTERM),
            ):
                pid = read_pid(pid_file)
                if pid and self._is_ours(pid):
                    stop_process(pid, stop)

    def are_up(self) -> bool:
        """Say whether the database of these services runs now."""
        pid = read_pid(self.postgres_data / "postmaster.pid")
        return bool(pid) and self._is_ours(pid)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process at a time start or stop these services."""
        with (self.data / f"{self.name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @property
    def postgres_socket(self) -> Path:
        return self.run_folder / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return self.run_folder / "valkey.sock"

    # How it is done

    def _prepare_folders(self) -> None:
        if self.home.is_relative_to(ROOT_HOME):
            ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
            self.home.parent.mkdir(mode=0o755, exist_ok=True)
            note = (
                f"The data of {self.project} is in {self.home}, since the account that"
            )
            note += " runs PostgreSQL cannot come here.\n"
            (self.data / f"{self.name}-is-elsewhere.txt").write_text(note)
        self.home.mkdir(mode=0o755, parents=True, exist_ok=True)
        for folder in (self.run_folder, self.postgres_data, self.valkey_data):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid not in (
                self.account.uid,
                os.getuid(),
            ):
                raise ServicesProblem(
                    f"{folder} belongs to somebody else; remove it and start again."
                )
            if self.account.is_other:
                os.chown(folder, self.account.uid, self.account.gid)
            folder.chmod(0o700)

    def _start_postgres(self) -> None:
        pid_file = self.postgres_data / "postmaster.pid"
        pid = read_pid(pid_file)
        if pid and self._is_ours(pid):
            self._wait_for_postgres(None)
            return
        self._forget_dead_postgres(pid_file)
        binaries = self.binaries.postgres()
        if not (self.postgres_data / "PG_VERSION").exists():
            self._create_cluster(binaries)
        process = self._spawn(
            [str(binaries / "postgres"), "-D", str(self.postgres_data)]
            + [part for setting in self._settings() for part in ("-c", setting)],
            self.logs / f"{self.name}-postgres.log",
        )
        self._wait_for_postgres(process)
        self._create_database(binaries)

    def _forget_dead_postgres(self, pid_file: Path) -> None:
        # A killed postmaster's backends leave by themselves; a new one must wait.
        wait_until(lambda: not processes_in(self.postgres_data), 10)
        for stale in (
            pid_file,
            self.postgres_socket,
            self.run_folder / ".s.PGSQL.5432.lock",
        ):
            stale.unlink(missing_ok=True)

    def _create_cluster(self, binaries: Path) -> None:
        version = self.account.run([str(binaries / "postgres"), "--version"]).stdout
        major = int(re.findall(r"[0-9]+", version)[0])
        locale = ["--locale=C.UTF-8"]
        if major >= 17:
            locale = [
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ]
        self.account.run(
            [
                str(binaries / "initdb"),
                f"--pgdata={self.postgres_data}",
                f"--username={DATABASE}",
                "--auth=trust",  # the folder of the socket is the lock
                "--encoding=UTF8",
                "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
                *locale,
            ]
        )

    def _settings(self) -> list[str]:
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.run_folder}",
            "unix_socket_permissions=0700",
            "max_connections=200",
            "max_locks_per_transaction=512",
            "shared_buffers=128MB",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off",
        ]
        if not self.durable:
            settings += [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "autovacuum=off",
                "max_wal_size=4GB",
            ]
        return settings

    def _wait_for_postgres(self, process: subprocess.Popen[bytes] | None) -> None:
        def ready() -> bool:
            if process is not None and process.poll() is not None:
                raise ServicesProblem(
                    "PostgreSQL did not start; see "
                    f"{self.logs / f'{self.name}-postgres.log'}"
                )
            try:
                lines = (self.postgres_data / "postmaster.pid").read_text().split("\n")
            except OSError:
                return False
            is_ready = len(lines) > 7 and lines[7].strip() == "ready"
            return is_ready and can_connect(self.postgres_socket)

        if not wait_until(ready, START_SECONDS):
            raise ServicesProblem("PostgreSQL did not become ready in time.")

    def _create_database(self, binaries: Path) -> None:
        marker = self.home / "database-created"
        if marker.exists():
            return
        done = self.account.run(
            [
                str(binaries / "createdb"),
                f"--host={self.run_folder}",
                f"--username={DATABASE}",
                "--maintenance-db=postgres",
                DATABASE,
            ],
            check=False,
        )
        if done.returncode != 0 and "already exists" not in done.stderr:
            raise ServicesProblem(f"createdb failed: {done.stderr.strip()[-800:]}")
        marker.touch()

    def _start_valkey(self) -> None:
        pid_file = self.run_folder / "valkey.pid"
        pid = read_pid(pid_file)
        if pid and self._is_ours(pid) and can_connect(self.valkey_socket):
            return
        for stale in (pid_file, self.valkey_socket):
            stale.unlink(missing_ok=True)
        keep = ["60", "1"] if self.durable else [""]
        process = self._spawn(
            [
                str(self.binaries.valkey()),
                *("--port", "0"),
                *("--unixsocket", str(self.valkey_socket)),
                *("--unixsocketperm", "700"),
                *("--dir", str(self.valkey_data)),
                *("--save", *keep),
                *("--daemonize", "no"),
                *("--databases", "64"),
            ],
            self.logs / f"{self.name}-valkey.log",
        )
        pid_file.write_text(f"{process.pid}\n")

        def ready() -> bool:
            if process.poll() is not None:
                raise ServicesProblem(
                    f"Valkey did not start; see {self.logs / f'{self.name}-valkey.log'}"
                )
            return can_connect(self.valkey_socket)

        if not wait_until(ready, START_SECONDS):
            raise ServicesProblem("Valkey did not become ready in time.")

    def _spawn(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a server in a session of its own, so that Ctrl-C does not reach it."""
        with log.open("ab") as output:
            started: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                cwd=self.postgres_data if "-D" in command else self.valkey_data,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self.account.popen_options(),  # type: ignore[call-overload]
            )
        return started

    def _is_ours(self, pid: int) -> bool:
        """A pid may be a zombie's, or meanwhile another program's."""
        words = command_of(pid)
        return str(self.postgres_data) in words or str(self.valkey_socket) in words
