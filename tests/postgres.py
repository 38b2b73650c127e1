"""A PostgreSQL server of the tests' own: a data folder and a socket in a temporary folder, no port, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY_ELSE = ("-c", "listen_addresses=", "-c", "fsync=off")


def server_programs() -> Path | None:
    """The folder of initdb and postgres, of the newest version; Debian keeps it out of the path."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(found) if (folder / "postgres").exists()), None)


@contextmanager
def running_server(programs: Path) -> Iterator[str]:
    """Yields the address of its database `postgres`. The server refuses root: root starts it as the user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="framing-pg-", dir="/tmp"))  # a socket's path must be short
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    as_user = {"user": user, "extra_groups": [], "cwd": folder} if os.geteuid() == 0 else {"cwd": folder}
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "tests", "--no-sync"], check=True, **quiet, **as_user)
    options = ["-o", " ".join((*_NOBODY_ELSE, "-k", str(folder)))]
    try:
        subprocess.run([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", *options, "start"], check=True, **quiet, **as_user)
        yield f"postgresql+psycopg2://tests@/postgres?host={folder}"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False, **quiet, **as_user)
        shutil.rmtree(folder, ignore_errors=True)
