"""The tables of a label store. The database itself refuses to change a label, and to let two labels replace the same one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.types import TypeDecorator

FORMAT = 1
"""Of the tables as they stand here; a store of another number is refused."""

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC, also where the database (SQLite) knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


formats = Table("label_format", metadata, Column("number", Integer, primary_key=True, autoincrement=False))

codebooks = Table(
    "codebook",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", Text, nullable=False),
)

labels = Table(
    "label",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("text_digest", String(64), nullable=False),
    Column("coder", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("frames", Text, nullable=False),  # ;a;b; or nothing, so that one frame is found by ;a;
    Column("withdrawn", Boolean, nullable=False),
    Column("replaces", Integer),
    Column("document", Text),
    Column("start", Integer),
    Column("end", Integer),
    Column("passage", Text),
    Column("group", Text),
    Column("style", Text),
    Column("language", String(2)),
    Column("codebook", String(64), ForeignKey("codebook.digest"), nullable=False),
    Column("kept_at", UtcTime, nullable=False, index=True),
    UniqueConstraint("replaces", name="one_replacement"),
    UniqueConstraint("id", "text_digest", "coder", "role", name="label_of_chain"),
    ForeignKeyConstraint(
        ("replaces", "text_digest", "coder", "role"),
        ("label.id", "label.text_digest", "label.coder", "label.role"),
        name="replaces_within_chain",
    ),
    CheckConstraint("role IN ('coder', 'adjudicator')", name="known_role"),
    CheckConstraint("NOT withdrawn OR (frames = '' AND replaces IS NOT NULL)", name="withdrawn_is_empty"),
)
_FIRST = labels.c.replaces.is_(None)
Index("one_first_label", labels.c.text_digest, labels.c.coder, labels.c.role, unique=True, sqlite_where=_FIRST, postgresql_where=_FIRST)

requests = Table(
    "label_request",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("first", Integer, ForeignKey("label.id"), nullable=False),  # nobody else writes meanwhile: all between are its own
    Column("last", Integer, ForeignKey("label.id"), nullable=False),
    Column("kept_at", UtcTime, nullable=False),
)

states = Table(
    "label_state",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("last", Integer, nullable=False),
    Column("codebook", String(64), ForeignKey("codebook.digest")),
    Column("taken_at", UtcTime, nullable=False),
)
"""Came later than the others: a store without it gets it when its first state is taken."""

_NEVER = "a label is never changed or removed: add one that replaces it"
_TRIGGERS = {
    "sqlite": (
        f"CREATE TRIGGER label_not_changed BEFORE UPDATE ON label BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END",
        f"CREATE TRIGGER label_not_removed BEFORE DELETE ON label BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END",
    ),
    "postgresql": (
        f"CREATE FUNCTION label_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_NEVER}'; END $$",
        "CREATE TRIGGER label_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON label EXECUTE FUNCTION label_is_kept()",
    ),
}
for _dialect, _statements in _TRIGGERS.items():
    for _statement in _statements:
        event.listen(labels, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
