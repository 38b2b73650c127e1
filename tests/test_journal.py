"""What an interrupted run leaves: kept where that helps, removed where it does not."""

import json
import os
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pytest

from framing.errors import BadRow, DataError
from framing.journal import journal_of, open_journal

ORIGIN = {"input": "1", "model": "2"}


def run(target: Path, entries: list, error: BaseException, forget: bool = False, more: Sequence = ()) -> None:
    with open_journal(target, ORIGIN) as journal:
        list(journal.kept())
        journal.keep(entries)
        journal.keep(more)
        if forget:
            journal.forget()
        raise error


def leave(target: Path, entries: list, error: BaseException, forget: bool = False) -> None:
    """What a run leaves that kept some entries and then failed."""
    with pytest.raises(type(error)):
        run(target, entries, error, forget)


def test_entries_come_back_as_they_were_and_more_go_behind_them(tmp_path):
    leave(tmp_path / "out", [{"p": 0.1 + 0.2, "„": ["\u2028", None]}], KeyboardInterrupt())
    leave(tmp_path / "out", ["two"], KeyboardInterrupt())
    with open_journal(tmp_path / "out", ORIGIN) as journal:
        assert list(journal.kept()) == [{"p": 0.1 + 0.2, "„": ["\u2028", None]}, "two"]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_before_it_looks_at_the_entries_leaves_them(tmp_path):
    leave(tmp_path / "out", ["one"], KeyboardInterrupt())
    with pytest.raises(KeyError), open_journal(tmp_path / "out", ORIGIN):
        raise KeyError
    with open_journal(tmp_path / "out", ORIGIN) as journal:
        assert list(journal.kept()) == ["one"]


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (KeyboardInterrupt(), True),
        (DataError([BadRow("out", None, "cannot be written (No space left on device)")]), True),
        (DataError([BadRow("out", 7, "holds what this format cannot hold")]), False),
    ],
)
def test_a_row_at_fault_leaves_nothing_since_going_on_would_end_the_same_way(tmp_path, error, kept):
    leave(tmp_path / "out", ["one"], error)
    assert (tmp_path / "out.part").exists() == kept


def test_a_run_that_has_nothing_done_or_forgets_it_leaves_nothing(tmp_path):
    leave(tmp_path / "out", [], KeyboardInterrupt())
    leave(tmp_path / "out", ["one"], KeyboardInterrupt(), forget=True)
    assert list(tmp_path.iterdir()) == []


def test_entries_that_are_there_when_keeping_them_is_broken_off_are_gone_on_from(tmp_path, monkeypatch):
    def break_off() -> float:
        raise KeyboardInterrupt

    def keep_one() -> None:
        with open_journal(tmp_path / "out", ORIGIN) as journal:
            monkeypatch.setattr("framing.journal.time.monotonic", break_off)
            journal.keep(["one"])

    with pytest.raises(KeyboardInterrupt):
        keep_one()
    monkeypatch.undo()
    with open_journal(tmp_path / "out", ORIGIN) as journal:
        assert list(journal.kept()) == ["one"]


def test_a_full_disk_is_told_and_costs_only_what_did_not_fit(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        with pytest.raises(DataError, match=r"out\.part: cannot be written \(File too large\)"):
            run(tmp_path / "out", ["one"], DataError([]), more=["x" * 9000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with open_journal(tmp_path / "out", ORIGIN) as journal:
        assert list(journal.kept()) == ["one"]


def test_a_disk_that_is_full_from_the_start_leaves_nothing(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(DataError, match=r"out\.part: cannot be written \(File too large\)"), open_journal(tmp_path / "out", ORIGIN):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fresh", [False, True])
def test_the_half_written_target_of_a_killed_run_is_removed(tmp_path, fresh):
    leave(tmp_path / "out", ["one"], KeyboardInterrupt())
    (tmp_path / "out.part.rows").write_text("half", encoding="utf-8")
    with open_journal(tmp_path / "out", ORIGIN, fresh) as journal:
        assert not journal.unfinished.exists()
        assert list(journal.kept()) == ([] if fresh else ["one"])


def test_a_journal_stands_beside_what_a_link_leads_to(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "there" / "rows")
    assert journal_of(tmp_path / "out") == tmp_path / "there" / "rows.part"


@pytest.mark.parametrize("content", [b"{}\n", b'{"journal": "something"}\n', b"\xff\xfe\n", b"x" * 100_000, b"[" * 100_000])
def test_any_other_file_in_its_place_is_refused(tmp_path, content):
    (tmp_path / "out.part").write_bytes(content)
    with pytest.raises(DataError, match="holds something else; move it"), open_journal(tmp_path / "out", ORIGIN):
        pass
    assert (tmp_path / "out.part").read_bytes() == content


def test_a_journal_of_a_program_that_knew_less_of_the_origin_is_not_gone_on_with(tmp_path):
    (tmp_path / "out.part").write_text(json.dumps({"journal": "framing score", "input": "1"}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="with another model; --fresh"), open_journal(tmp_path / "out", ORIGIN):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no/out\.part: cannot be written"), open_journal(tmp_path / "no" / "out", ORIGIN):
        pass
    long = tmp_path / ("x" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 2))
    with pytest.raises(DataError, match=r"cannot be written \(File name too long\)"), open_journal(long, ORIGIN):
        pass


def test_an_empty_file_holds_nothing_to_lose_and_is_begun_anew(tmp_path):
    (tmp_path / "out.part").touch()  # as a run leaves it that is killed before it writes
    leave(tmp_path / "out", ["one"], KeyboardInterrupt())
    with open_journal(tmp_path / "out", ORIGIN) as journal:
        assert list(journal.kept()) == ["one"]


def test_a_journal_that_is_removed_before_it_is_locked_is_no_longer_the_one_that_counts(tmp_path, monkeypatch):
    ends = [lambda: (tmp_path / "out.part").unlink(), lambda: (tmp_path / "out.part").replace(tmp_path / "moved"), lambda: None]
    monkeypatch.setattr("framing.journal.lock", lambda handle: ends.pop(0)())
    with open_journal(tmp_path / "out", ORIGIN) as journal:
        journal.keep(["one"])
        assert (tmp_path / "out.part").read_text(encoding="utf-8").count("\n") == 2
    assert not ends


def test_of_runs_that_begin_at_one_moment_one_alone_gets_in(tmp_path):
    inside, most = 0, 0
    refused: list[str] = []
    count = Lock()

    def begin(_: int) -> None:
        nonlocal inside, most
        try:
            with open_journal(tmp_path / "out", ORIGIN):
                with count:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.001)
                with count:
                    inside -= 1
        except DataError as error:
            refused.append(str(error))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(200)))
    assert most == 1
    assert refused
    assert all("is being written by another run" in told for told in refused)
