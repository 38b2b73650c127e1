"""Labels are kept: appended, never overwritten, never lost, whatever database is behind them."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from sqlalchemy import create_engine, event, insert, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from framing.codebook import Codebook, Frame
from framing.errors import KeyReused, LabelsRefused, MissingExtra, StoreError
from framing.labels import Label, LabelQuery, Once, Origin, open_store
from framing.labels.database import PATIENCE, open_database
from framing.labels.store import LabelStore, open_label_store
from framing.labels.tables import labels as label_table

RAIN = Label("Rain fell.", ("rain",), "anna")


@pytest.fixture
def store(label_place: str) -> Iterator[LabelStore]:
    opened = open_label_store(label_place)
    yield opened
    opened.close()


def ids(store: LabelStore, **asked: object) -> list[int]:
    return [kept.id for kept in store.page(LabelQuery(**asked))]


def next_of(store: LabelStore, label: Label) -> Label:
    """The label as its coder would send it to replace the last one."""
    head = store.heads([label.chain]).get(label.chain)
    return Label(label.text, label.frames, label.coder, label.role, head and head.id)


# --- what is kept ---


def test_a_label_keeps_who_when_which_text_and_which_codebook(store, tiny_codebook):
    before = datetime.now(UTC)
    origin = Origin("d-1", 10, 20, "p-1", "storm", "news", "en")
    (kept,) = store.keep([Label(" Rain\u00a0fell. ", ("frost", "rain", "rain"), "anna", origin=origin)], tiny_codebook)
    assert tuple(store.page(LabelQuery())) == (kept,)
    assert (kept.label.text, kept.label.coder, kept.label.origin) == (" Rain\u00a0fell. ", "anna", origin)
    assert kept.label.frames == ("rain", "frost")  # in the order of the codebook
    assert kept.codebook == tiny_codebook.digest
    assert store.codebooks() == {tiny_codebook.digest: tiny_codebook}
    assert before - timedelta(seconds=1) <= kept.kept_at <= datetime.now(UTC)
    assert kept.kept_at.utcoffset() == timedelta(0)


def test_a_replaced_label_stays_in_the_history_and_only_the_last_one_holds(store, tiny_codebook):
    (first,) = store.keep([RAIN], tiny_codebook)
    (second,) = store.keep([Label("Rain  fell.", (), "anna", replaces=first.id)], tiny_codebook)
    assert ids(store) == [second.id]
    assert ids(store, history=True) == [first.id, second.id]
    assert list(store.current()) == [second]
    assert store.heads([RAIN.chain]) == {RAIN.chain: second}


def test_a_correction_keeps_what_was_known_of_its_text_and_may_say_more(store, tiny_codebook):
    origin = Origin("d-1", 10, 20, "p-1", "storm", "news", "en")
    (first,) = store.keep([replace(RAIN, origin=origin)], tiny_codebook)
    (second,) = store.keep([replace(RAIN, frames=(), replaces=first.id)], tiny_codebook)
    assert second.label.origin == origin
    (third,) = store.keep([replace(RAIN, replaces=second.id, origin=Origin(group="flood"))], tiny_codebook)
    assert third.label.origin == replace(origin, group="flood")


def test_a_withdrawn_label_is_a_row_that_ends_what_holds_until_a_new_one_comes(store, tiny_codebook):
    (first,) = store.keep([RAIN], tiny_codebook)
    (withdrawal,) = store.keep([Label(RAIN.text, (), "anna", replaces=first.id, withdrawn=True)], tiny_codebook)
    assert (ids(store), ids(store, history=True)) == ([], [first.id, withdrawal.id])
    with pytest.raises(LabelsRefused, match="which is withdrawn already"):
        store.keep([Label(RAIN.text, (), "anna", replaces=withdrawal.id, withdrawn=True)], tiny_codebook)
    (again,) = store.keep([Label(RAIN.text, ("frost",), "anna", replaces=withdrawal.id)], tiny_codebook)
    assert ids(store) == [again.id]


def test_coders_and_adjudicators_label_the_same_text_side_by_side(store, tiny_codebook):
    given = [RAIN, Label(RAIN.text, (), "ben"), Label(RAIN.text, ("frost",), "anna", "adjudicator")]
    kept = store.keep(given, tiny_codebook)
    assert [one.label for one in store.current()] == given
    assert len({one.text_digest for one in kept}) == 1


def test_pages_follow_each_other_and_filters_narrow_them(store, tiny_codebook):
    kept = store.keep(
        [Label(f"Text {n}.", ("rain",) if n % 2 else ("frost",), "anna" if n < 4 else "ben") for n in range(7)], tiny_codebook
    )
    seen, after = [], 0
    while after is not None:
        page = store.page(LabelQuery(limit=3, after=after))
        seen += page.labels
        after = page.next
    assert seen == list(kept)
    assert ids(store, coder="ben") == [one.id for one in kept[4:]]
    assert ids(store, frame="rain", coder="anna") == [kept[1].id, kept[3].id]
    assert ids(store, frame="rai_") == []  # no sign of it means any letter
    assert ids(store, since=kept[0].kept_at) == [one.id for one in kept]
    assert ids(store, since=kept[0].kept_at + timedelta(seconds=1)) == []


def test_many_labels_of_one_call_come_back_in_order(store, tiny_codebook):
    given = [Label(f"Text {n}.", (), "anna") for n in range(1200)]
    assert [kept.label for kept in store.keep(given, tiny_codebook)] == given
    assert [kept.label for kept in store.current()] == given
    assert len(store.heads(label.chain for label in given)) == 1200


# --- what is refused ---

REFUSED = {
    "blank text": (Label(" ", ("rain",), "anna"), "text", "must hold more than white space, and neither NUL nor half of a surrogate pair"),
    "NUL": (Label("a\0", ("rain",), "anna"), "text", "must hold more than white space, and neither NUL nor half of a surrogate pair"),
    "unknown frame": (Label("a", ("hail",), "anna"), "frames", "holds a frame that is not in the codebook; accepted are rain, frost"),
    "a coder that commands terminals": (
        Label("a", (), "x\x1b[2J"), "coder", "must be 1 to 200 characters, without white space at its ends, control characters and halves of surrogate pairs",
    ),
    "no coder": (Label("a", (), ""), "coder", "must be 1 to 200 characters, without white space at its ends, control characters and halves of surrogate pairs"),
    "padded group": (
        Label("a", (), "anna", origin=Origin(group=" g")), "group", "must be 1 to 200 characters, without white space at its ends, control characters and halves of surrogate pairs",
    ),
    "language": (Label("a", (), "anna", origin=Origin(language="english")), "language", "must be a code of two letters such as en or de"),
    "half a position": (
        Label("a", (), "anna", origin=Origin("d", 3)), "start", "and end must both be given, with 0 <= start < end",
    ),
    "position in nothing": (
        Label("a", (), "anna", origin=Origin(start=0, end=1)), "document", "is missing: it says what start and end count in",
    ),
    "withdrawn with frames": (Label("a", ("rain",), "anna", replaces=1, withdrawn=True), "frames", "must be empty where a label is withdrawn"),
    "withdrawn of nothing": (Label("a", (), "anna", withdrawn=True), "replaces", "is missing: it says which label is withdrawn"),
    "another's": (
        Label("Rain fell.", (), "ben", replaces=1), "replaces", "names 1, which is no label of this coder in this role on this text",
    ),
    "another text's": (
        Label("a", (), "anna", replaces=1), "replaces", "names 1, which is no label of this coder in this role on this text",
    ),
    "nobody's": (Label("a", (), "anna", replaces=99), "replaces", "names 99, which is no label of this coder in this role on this text"),
}  # fmt: skip


@pytest.mark.parametrize(("label", "field", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_a_label_that_cannot_be_kept_is_refused_with_all_that_came_with_it(tmp_path, tiny_codebook, label, field, problem):
    store = open_label_store(str(tmp_path / "labels.db"))
    store.keep([RAIN], tiny_codebook)
    with pytest.raises(LabelsRefused) as caught:
        store.keep([Label("Good.", (), "anna"), label, Label("", (), "anna")], tiny_codebook)
    first, second = caught.value.labels
    assert (first.number, first.field, first.problem, first.conflict) == (1, field, problem, False)
    assert second.number == 2
    assert ids(store, history=True) == [1]
    store.close()


@pytest.mark.parametrize(
    "label", [Label("a", (), "an\0na"), Label("a", (), "an\ud800na"), Label("a\ud800", (), "anna"), Label("a", (), "anna", replaces=2**40)]
)
def test_what_a_database_cannot_even_be_asked_about_is_refused_like_all_else(store, tiny_codebook, label):
    with pytest.raises(LabelsRefused):
        store.keep([RAIN, label], tiny_codebook)
    assert ids(store) == []


def test_two_labels_of_one_coder_on_one_text_do_not_come_together(store, tiny_codebook):
    with pytest.raises(LabelsRefused, match=r"^label 2: 'text' is a second label of this coder on the text of label 1$"):
        store.keep([RAIN, Label("Rain\nfell.", (), "anna")], tiny_codebook)


def test_a_second_label_must_say_what_it_replaces_and_name_the_last_one(store, tiny_codebook):
    (first,) = store.keep([RAIN], tiny_codebook)
    with pytest.raises(LabelsRefused, match=f"the coder has label {first.id} on this text") as caught:
        store.keep([RAIN], tiny_codebook)
    assert caught.value.conflict
    (second,) = store.keep([next_of(store, RAIN)], tiny_codebook)
    with pytest.raises(LabelsRefused, match=f"has been replaced already; the last one is {second.id}") as caught:
        store.keep([Label(RAIN.text, (), "anna", replaces=first.id)], tiny_codebook)
    assert caught.value.conflict


def test_a_label_made_by_another_codebook_than_the_one_in_use_is_a_conflict(store, tiny_codebook):
    other = Codebook("Weather", (*tiny_codebook.frames, Frame("hail", "Hail", "It hails.")))
    with pytest.raises(LabelsRefused, match="'codebook' is another than the one in use") as caught:
        store.keep([Label("a", (), "anna", codebook=other.digest)], tiny_codebook)
    assert caught.value.conflict
    store.keep([Label("a", (), "anna", codebook=other.digest)], other)


# --- once and no more ---


def test_the_same_key_and_request_is_answered_as_the_first_time_and_counts_once(store, tiny_codebook):
    given = [RAIN, Label("Frost.", ("frost",), "anna")]
    first = store.keep(given, tiny_codebook, Once("key", "body"))
    store.keep([Label("Other.", (), "ben"), next_of(store, RAIN)], tiny_codebook)
    assert store.keep(given, tiny_codebook, Once("key", "body")) == first
    assert len(ids(store, history=True)) == 4


def test_the_same_key_with_another_request_is_refused(store, tiny_codebook):
    store.keep([RAIN], tiny_codebook, Once("key", "body"))
    with pytest.raises(KeyReused):
        store.keep([Label("Other.", (), "ben")], tiny_codebook, Once("key", "other"))
    assert len(ids(store)) == 1


def test_a_refused_request_does_not_use_its_key_up(store, tiny_codebook):
    with pytest.raises(LabelsRefused):
        store.keep([Label("", (), "ben")], tiny_codebook, Once("key", "body"))
    assert len(store.keep([RAIN], tiny_codebook, Once("key", "other"))) == 1


# --- several at once ---


def outcomes(place: str, work: list) -> list[object]:
    """What becomes of calls that start together, each over a store of its own, as replicas have."""
    stores = [open_label_store(place) for _ in work]
    barrier = Barrier(len(work))

    def one(number: int) -> object:
        barrier.wait(30)
        try:
            return work[number](stores[number])
        except LabelsRefused as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        done = list(pool.map(one, range(len(work))))
    for store in stores:
        store.close()
    return done


def test_of_two_who_replace_one_label_at_once_one_is_refused_and_nothing_forks(label_place, tiny_codebook, store):
    (first,) = store.keep([RAIN], tiny_codebook)
    replacement = Label(RAIN.text, ("frost",), "anna", replaces=first.id)
    done = outcomes(label_place, [lambda one: one.keep([replacement], tiny_codebook)] * 6)
    refused = [one for one in done if isinstance(one, LabelsRefused)]
    assert len(refused) == 5
    assert all(one.conflict for one in refused)
    assert len(ids(store, history=True)) == 2


def test_of_many_first_labels_of_one_coder_at_once_one_is_kept(label_place, tiny_codebook, store):
    done = outcomes(label_place, [lambda one: one.keep([RAIN], tiny_codebook)] * 6)
    assert sum(isinstance(one, LabelsRefused) for one in done) == 5
    assert len(ids(store, history=True)) == 1


def test_one_request_sent_many_times_at_once_counts_once(label_place, tiny_codebook, store):
    done = outcomes(label_place, [lambda one: one.keep([RAIN], tiny_codebook, Once("key", "body"))] * 6)
    assert len(set(done)) == 1
    assert len(ids(store, history=True)) == 1


def test_several_may_open_a_store_that_is_not_there_yet(label_place, tiny_codebook):
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_label_store(label_place), range(6)))
    stores[0].keep([RAIN], tiny_codebook)
    assert [len(ids(store)) for store in stores] == [1] * 6
    for store in stores:
        store.close()


class Refusing(sqlite3.Connection):
    """As SQLite does now and then to one of several who open a new file: it refuses the log at once, and takes it a moment later."""

    refusals = 2

    def execute(self, statement, *parameters):
        if "journal_mode" in statement and self.refusals:
            self.refusals -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(statement, *parameters)


def test_a_new_file_that_others_open_at_the_same_moment_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite3.dbapi2, "connect", partial(sqlite3.connect, factory=Refusing))
    open_label_store(str(tmp_path / "labels.db")).close()
    monkeypatch.setattr(Refusing, "refusals", 10**9)
    monkeypatch.setattr("framing.labels.database.PATIENCE", 0.1)
    with pytest.raises(StoreError, match="database is locked"):
        open_label_store(str(tmp_path / "others.db"))


# --- what the database itself holds to ---


def test_the_database_refuses_a_fork_even_from_a_writer_that_checks_nothing(label_place, tiny_codebook, store):
    (first,) = store.keep([RAIN], tiny_codebook)
    row = {
        "text": RAIN.text, "text_digest": first.text_digest, "coder": "anna", "role": "coder", "frames": "", "withdrawn": False,
        "codebook": first.codebook, "kept_at": first.kept_at,
    }  # fmt: skip
    engine = open_database(label_place, create=False).engine
    with engine.begin() as connection:
        connection.execute(insert(label_table), {**row, "replaces": first.id})
    for wrong in ({"replaces": first.id}, {"replaces": None}, {"replaces": first.id + 1, "coder": "ben"}):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(insert(label_table), {**row, **wrong})
    engine.dispose()


def test_what_only_the_database_sees_ends_as_a_conflict_too_and_nothing_is_kept(store, tiny_codebook, monkeypatch):
    (first,) = store.keep([RAIN], tiny_codebook)
    monkeypatch.setattr("framing.labels.store.bad_labels", lambda *_: ())
    for label in (RAIN, Label(RAIN.text, (), "ben", replaces=first.id)):
        with pytest.raises(LabelsRefused, match="was overtaken") as caught:
            store.keep([Label("Good.", (), "anna"), label], tiny_codebook)
        assert caught.value.conflict
    assert ids(store, history=True) == [first.id]


@pytest.mark.parametrize("statement", ["UPDATE label SET frames = ''", "DELETE FROM label"])
def test_the_database_refuses_to_change_or_remove_a_label(label_place, tiny_codebook, store, statement):
    store.keep([RAIN], tiny_codebook)
    engine = open_database(label_place, create=False).engine
    with pytest.raises(DBAPIError, match="never changed or removed"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert len(ids(store)) == 1


def test_a_sqlite_store_writes_ahead_and_waits_for_the_disk(tmp_path):
    database = open_database(str(tmp_path / "labels.db"), create=True)
    with database.reading() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")]
    database.engine.dispose()
    assert found == ["wal", 2, 1]


def test_a_postgresql_store_waits_for_the_disk_and_isolates_alike_whatever_the_servers_settings(postgres):
    place = postgres()
    engine = create_engine(place)
    with engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar()
        for setting in ("synchronous_commit = off", "default_transaction_isolation = 'serializable'"):
            connection.execute(text(f"ALTER DATABASE {name} SET {setting}"))
    engine.dispose()
    database = open_database(place, create=True)
    with database.writing() as connection:
        written = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("synchronous_commit", "transaction_isolation")]
    with database.reading() as connection:
        read = connection.execute(text("SHOW transaction_isolation")).scalar()
    database.engine.dispose()
    assert (written, read) == (["on", "read committed"], "repeatable read")


def test_nobody_waits_for_a_connection_without_end(postgres):
    database = open_database(postgres(), create=True)
    with database.reading() as connection:
        parameters = connection.connection.dbapi_connection.get_dsn_parameters()
    assert int(parameters["connect_timeout"]) <= PATIENCE
    assert database.engine.pool.timeout() <= PATIENCE
    database.engine.dispose()


# --- killed at any moment ---


def killed_at(place: str, codebook: Codebook, statement: int, labels: list[Label]) -> bool:
    """Keep labels in a process that is killed before its nth statement, or before it acknowledges; whether it lived that long."""
    process = os.fork()
    if process == 0:
        store = open_label_store(place, create=False)
        left = [statement]

        @event.listens_for(store._database.engine, "before_cursor_execute")
        def count(*_: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        @event.listens_for(store._database.engine, "commit")
        def before_commit(_: object) -> None:
            if left[0] == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            store.keep(labels, codebook, Once("key", "body"))
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 1)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_a_writer_killed_at_any_statement_leaves_all_of_its_labels_or_none_and_may_try_again(label_place, tiny_codebook):
    labels = [RAIN, Label("Frost.", ("frost",), "anna")]
    open_label_store(label_place).close()
    steps = 0
    for statement in range(1, 30):
        acknowledged = killed_at(label_place, tiny_codebook, statement, labels)
        store = open_label_store(label_place)
        there = len(ids(store, history=True))
        assert there == (2 if acknowledged else 0)
        store.close()
        if acknowledged:
            break
        steps = statement
    assert steps >= 5  # the loop did kill it, at each of its statements
    store = open_label_store(label_place)
    assert len(store.keep(labels, tiny_codebook, Once("key", "body"))) == 2
    assert len(ids(store, history=True)) == 2
    store.close()


# --- opening ---


def test_a_store_that_is_not_there_is_made_only_where_that_is_wanted(tmp_path):
    with pytest.raises(StoreError, match=r"nowhere\.db: there is no such file"):
        open_store(str(tmp_path / "nowhere.db"), create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(StoreError, match=r"labels\.db: unable to open database file"):
        open_store(str(tmp_path / "nowhere" / "labels.db"))


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_text("text,frames\n" * 200)
    with pytest.raises(StoreError, match="file is not a database"):
        open_store(str(tmp_path / "labels.csv"))


@pytest.mark.parametrize(
    "where",
    [
        "mysql://me:secret@host/db",
        "postgresql+nothing://me:secret@host:5432/db",
        "postgresql+asyncpg://me:secret@host/db",
        "postgresql://me:secret@host:port/db",
        "sqlite:///labels.db",
    ],
)
def test_a_database_of_another_kind_is_refused_without_its_password(where):
    with pytest.raises(StoreError, match="accepted are a file, for SQLite, or postgresql") as caught:
        open_store(where)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("where", ["", ":memory:"])
def test_a_store_in_memory_which_would_throw_labels_away_is_refused(where):
    with pytest.raises(StoreError, match=f"label store '{where}': would be gone with the program"):
        open_store(where)


def test_a_table_of_somebody_else_is_left_alone_and_nothing_is_made_beside_it(label_place, tmp_path):
    engine = create_engine(label_place if "://" in label_place else f"sqlite:///{label_place}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE label (price INTEGER)"))
    with pytest.raises(StoreError, match="already exists"):
        open_store(label_place)
    assert inspect(engine).get_table_names() == ["label"]
    engine.dispose()


def test_a_server_that_does_not_answer_is_a_sentence_without_the_password(tmp_path):
    pytest.importorskip("psycopg2", reason="skipped: psycopg2 is not installed")
    for address in (
        f"postgresql+psycopg2://me:secret@/db?host={tmp_path}",
        f"postgresql+psycopg2://me@/db?host={tmp_path}&password=secret",
    ):
        with pytest.raises(StoreError, match="label store postgresql") as caught:
            open_store(address)
        assert "secret" not in str(caught.value)


def test_the_plain_name_of_postgresql_is_taken_too(postgres):
    store = open_store(postgres().replace("+psycopg2", ""))
    assert list(store.current()) == []
    store.close()


def test_a_store_of_a_newer_format_is_refused(label_place):
    open_store(label_place).close()
    engine = open_database(label_place, create=False).engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE label_format SET number = 9"))
    engine.dispose()
    with pytest.raises(StoreError, match="has format 9; this program reads and writes format 1"):
        open_store(label_place)


def test_without_sqlalchemy_it_says_what_to_install(monkeypatch, tmp_path: Path):
    for name in [
        name for name in sys.modules if name.startswith(("framing.labels.store", "framing.labels.database", "framing.labels.tables"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtra, match=r"pip install 'framing\[labels\]'"):
        open_store(str(tmp_path / "labels.db"))
