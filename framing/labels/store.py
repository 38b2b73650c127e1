"""The label store over a database: append, page through, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, exists, func, inspect, select, tuple_
from sqlalchemy.exc import IntegrityError

from framing.codebook import Codebook, parse_codebook
from framing.errors import BadLabel, KeyReused, LabelsRefused
from framing.labels.checks import bad_labels, wrong_field
from framing.labels.database import Database, open_database
from framing.labels.label import (
    MAX_PAGE,
    Chain,
    KeptLabel,
    Label,
    LabelPage,
    LabelQuery,
    LabelState,
    Once,
    Origin,
    first_known,
    text_digest,
)
from framing.labels.tables import codebooks, labels, requests, states

T = TypeVar("T")

_ASKED_AT_ONCE = 500
"""Values in one statement; databases have a limit."""
_PLACES = ("document", "start", "end", "group", "style", "language")
"""Columns that bear the names of an Origin's fields."""
_LATER = labels.alias("later")
_HOLDS = ~exists().where(_LATER.c.replaces == labels.c.id)
"""Whether no label replaces this one."""


def open_label_store(where: str, create: bool = True) -> LabelStore:
    """What `framing.labels.open_store` opens."""
    return LabelStore(open_database(where, create))


class LabelStore:
    """The labels in one database; what each method promises stands in `framing.labels.Labels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, labels: Sequence[Label], codebook: Codebook, once: Once | None = None) -> tuple[KeptLabel, ...]:
        if not labels:
            return ()
        with self._database.writing() as connection:
            before = once and _kept_before(connection, once)
            if before:
                return before
            sound = [label for label in labels if wrong_field(label, codebook) is None]
            heads, replaced = _heads(connection, {label.chain for label in sound}), _replaced(connection, sound)
            bad = tuple(bad_labels(labels, codebook, heads, replaced))
            if bad:
                raise LabelsRefused(bad)
            kept = _append(connection, [_with_origin(label, replaced) for label in labels], codebook)
            if once:
                _remember(connection, once, kept)
        return kept

    def page(self, asked: LabelQuery) -> LabelPage:
        limit = min(asked.limit, MAX_PAGE)
        query = select(labels).where(labels.c.id > asked.after, *_conditions(asked)).order_by(labels.c.id).limit(limit + 1)
        with self._database.reading() as connection:
            found = tuple(_kept(row) for row in connection.execute(query))
        return LabelPage(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def current(self, until: int | None = None) -> Iterator[KeptLabel]:
        query = select(labels).where(*_held(until), ~labels.c.withdrawn).order_by(labels.c.id)
        with self._database.reading() as connection:
            yield from (_kept(row) for row in connection.execution_options(yield_per=MAX_PAGE).execute(query))

    def last(self) -> int:
        with self._database.reading() as connection:
            return connection.execute(select(func.max(labels.c.id))).scalar() or 0

    def take(self, digest: str, last: int, codebook: str | None) -> LabelState:
        with self._database.writing() as connection:
            states.create(connection, checkfirst=True)
            query = select(states).where(states.c.digest == digest)
            if connection.execute(query).first() is None:
                connection.execute(states.insert().values(digest=digest, last=last, codebook=codebook, taken_at=datetime.now(UTC)))
            return LabelState(**connection.execute(query).one()._mapping)

    def states(self) -> Sequence[LabelState]:
        with self._database.reading() as connection:
            if not inspect(connection).has_table(states.name):
                return ()
            rows = connection.execute(select(states).order_by(states.c.taken_at)).all()
        return tuple(LabelState(**row._mapping) for row in rows)

    def heads(self, chains: Iterable[Chain]) -> Mapping[Chain, KeptLabel]:
        with self._database.reading() as connection:
            return _heads(connection, set(chains))

    def codebooks(self) -> Mapping[str, Codebook]:
        with self._database.reading() as connection:
            rows = connection.execute(select(codebooks)).all()
        return {row.digest: parse_codebook(json.loads(row.content), f"codebook {row.digest[:12]} of the label store") for row in rows}

    def close(self) -> None:
        self._database.engine.dispose()


def _held(until: int | None) -> Iterator[ColumnElement[bool]]:
    """Whether a label holds, or held when label `until` was the last."""
    if until is None:
        yield _HOLDS
        return
    yield labels.c.id <= until
    yield ~exists().where(_LATER.c.replaces == labels.c.id, _LATER.c.id <= until)


def _conditions(asked: LabelQuery) -> Iterator[ColumnElement[bool]]:
    if asked.coder is not None:
        yield labels.c.coder == asked.coder
    if asked.frame is not None:
        yield labels.c.frames.contains(f";{asked.frame};", autoescape=True)
    if asked.since is not None:
        yield labels.c.kept_at >= asked.since
    if not asked.history:
        yield _HOLDS
        yield ~labels.c.withdrawn


def _kept_before(connection: Connection, once: Once) -> tuple[KeptLabel, ...]:
    """What was kept for a request of this key. Raises KeyReused if it was another request."""
    request = connection.execute(select(requests).where(requests.c.key == once.key)).one_or_none()
    if request is None:
        return ()
    if request.body_digest != once.body_digest:
        raise KeyReused
    rows = connection.execute(select(labels).where(labels.c.id.between(request.first, request.last)).order_by(labels.c.id))
    return tuple(_kept(row) for row in rows)


def _remember(connection: Connection, once: Once, kept: Sequence[KeptLabel]) -> None:
    values = {"key": once.key, "body_digest": once.body_digest, "first": kept[0].id, "last": kept[-1].id, "kept_at": kept[0].kept_at}
    connection.execute(requests.insert().values(values))


def _heads(connection: Connection, chains: set[Chain]) -> dict[Chain, KeptLabel]:
    key = tuple_(labels.c.text_digest, labels.c.coder, labels.c.role)
    found: dict[Chain, KeptLabel] = {}
    for some in _pieces(sorted(chains)):
        rows = connection.execute(select(labels).where(key.in_(some), _HOLDS))
        found.update((kept.chain, kept) for kept in map(_kept, rows))
    return found


def _replaced(connection: Connection, given: Sequence[Label]) -> dict[int, KeptLabel]:
    wanted = sorted({label.replaces for label in given if label.replaces is not None})
    rows = (row for some in _pieces(wanted) for row in connection.execute(select(labels).where(labels.c.id.in_(some))))
    return {kept.id: kept for kept in map(_kept, rows)}


def _with_origin(label: Label, replaced: Mapping[int, KeptLabel]) -> Label:
    """The label with what it does not tell of its text as the label said that it replaces."""
    if label.replaces is None:
        return label
    return replace(label, origin=first_known([label.origin, replaced[label.replaces].label.origin]))


def _append(connection: Connection, given: Sequence[Label], codebook: Codebook) -> tuple[KeptLabel, ...]:
    if not connection.execute(select(codebooks.c.digest).where(codebooks.c.digest == codebook.digest)).first():
        content = json.dumps(codebook.as_dict(), ensure_ascii=False)
        connection.execute(codebooks.insert().values(digest=codebook.digest, content=content))
    now = datetime.now(UTC)
    rows = [_columns(label, codebook, now) for label in given]
    insert = labels.insert().returning(*labels.c, sort_by_parameter_order=True)
    try:
        return tuple(_kept(row) for row in connection.execute(insert, rows))
    except IntegrityError as error:
        # The database has the last word: its constraints hold even against a writer that does not wait its turn.
        problem = "was overtaken: another label of the same coder on this text, or on one sent with it, was kept at the same moment"
        raise LabelsRefused([BadLabel(0, problem, "replaces", conflict=True)]) from error


def _columns(label: Label, codebook: Codebook, now: datetime) -> dict[str, Any]:
    origin = label.origin
    frames = [name for name in codebook.names if name in label.frames]
    return {
        "text": label.text,
        "text_digest": text_digest(label.text),
        "coder": label.coder,
        "role": label.role,
        "frames": f";{';'.join(frames)};" if frames else "",
        "withdrawn": label.withdrawn,
        "replaces": label.replaces,
        "passage": origin.id,
        "codebook": codebook.digest,
        "kept_at": now,
        **{name: getattr(origin, name) for name in _PLACES},
    }


def _kept(row: Row[Any]) -> KeptLabel:
    values = row._mapping
    origin = Origin(id=values["passage"], **{name: values[name] for name in _PLACES})
    frames = tuple(name for name in values["frames"].split(";") if name)
    label = Label(values["text"], frames, values["coder"], values["role"], values["replaces"], values["withdrawn"], origin)
    return KeptLabel(values["id"], label, values["text_digest"], values["codebook"], values["kept_at"])


def _pieces(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _ASKED_AT_ONCE] for start in range(0, len(values), _ASKED_AT_ONCE))
