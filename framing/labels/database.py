"""The database behind a label store: SQLite or PostgreSQL, opened so that what was committed is on the disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from framing.errors import StoreError
from framing.labels.label import AT_ONCE
from framing.labels.tables import FORMAT, formats, metadata

ACCEPTED = "accepted are a file, for SQLite, or postgresql+psycopg2://USER@HOST/DATABASE"
PATIENCE = 20
"""Seconds that a writer waits for the one before, and anybody for a connection."""
_LOCK = 0x6672616D696E67
"""Of PostgreSQL's advisory locks, the one for those who write labels."""
_WRITING = "framing_writing"
_DRIVERS = {"postgresql": "postgresql+psycopg2", "postgresql+psycopg2": "postgresql+psycopg2"}
"""Which driver stands behind the bare name depends on the version of SQLAlchemy; here it is always the same."""


@dataclass(frozen=True)
class Database:
    """An open database with the tables of a label store; `name` is for people, without a password."""

    name: str
    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store. Raises StoreError for whatever the database refuses."""
        with _refusals_named(self.name), self._connection("REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction with no other writer beside it, on the disk when the block has ended well.

        One writer at a time makes ids grow in the order of the commits, so that whoever reads on from an id misses nothing.
        A writer must see what the one before it has committed, so each of its statements looks anew.
        """
        with _refusals_named(self.name), self._connection("READ COMMITTED", **{_WRITING: True}) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit = on"))  # whatever the server's own setting is
                connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            yield connection

    def _connection(self, isolation: str, **options: Any) -> Connection:
        """A connection; SQLite has one isolation only, which is stricter than both."""
        if self.engine.dialect.name == "postgresql":
            options["isolation_level"] = isolation
        return self.engine.connect().execution_options(**options)


def open_database(where: str, create: bool) -> Database:
    """Open the database, and make its tables if they are not there yet. Raises StoreError."""
    url = _url(where)
    name = make_url(where).set(query={}).render_as_string(hide_password=True) if "://" in where else where
    if url.drivername == "sqlite" and not create and not Path(where).is_file():
        raise StoreError(name, "there is no such file")
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=AT_ONCE, max_overflow=0, pool_timeout=PATIENCE)
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    database = Database(name, engine)
    try:
        _prepare(database, create)
    except StoreError:
        engine.dispose()
        raise
    return database


def _url(where: str) -> URL:
    if where in ("", ":memory:"):  # SQLite would take either for a store in memory
        raise StoreError(f"'{where}'", f"would be gone with the program, and every label in it; {ACCEPTED}")
    if "://" not in where:
        return URL.create("sqlite", database=where)
    shown = f"{where.partition('://')[0]}://..."
    try:
        url = make_url(where)
    except (ArgumentError, ValueError) as error:
        raise StoreError(shown, f"is no address of a database; {ACCEPTED}") from error
    if url.drivername not in _DRIVERS:
        raise StoreError(shown, f"is a database or a driver of another kind; {ACCEPTED}")
    patient = url if "connect_timeout" in url.query else url.update_query_dict({"connect_timeout": str(PATIENCE)})
    return patient.set(drivername=_DRIVERS[url.drivername])


def _prepare(database: Database, create: bool) -> None:
    """Make the tables, or check that they are of the format that is known here."""
    with database.reading() as connection:
        there = inspect(connection).has_table(formats.name)
    if not there:
        if not create:
            raise StoreError(database.name, "holds no labels")
        with database.writing() as connection:
            if not inspect(connection).has_table(formats.name):  # two may start at the same time
                metadata.create_all(connection, checkfirst=False)  # a table of the same name is somebody else's
                connection.execute(formats.insert().values(number=FORMAT))
    with database.reading() as connection:
        number = connection.execute(select(formats.c.number)).scalar()
    if number != FORMAT:
        raise StoreError(database.name, f"has format {number}; this program reads and writes format {FORMAT}")


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver guesses
    for pragma in (f"busy_timeout = {PATIENCE * 1000}", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    _log_ahead(connection)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and the writer work side by side. Of several who open a new store at once SQLite refuses some, and waits for none."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITING) else "BEGIN")


@contextmanager
def _refusals_named(name: str) -> Iterator[None]:
    """Only the first line of what the database says: the next ones may hold what was sent."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(name, str(error.orig).partition("\n")[0]) from error
    except PoolTimeout as error:
        raise StoreError(name, "is too busy") from error
