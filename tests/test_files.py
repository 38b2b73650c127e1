"""Files and folders are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framing.files import lock, point_link, stamp_of, whole_file, whole_folder


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def break_off(path: Path, error: type[BaseException]) -> None:
    with whole_file(path) as beside:
        beside.write_text("half")
        raise error


def break_off_folder(path: Path, error: type[BaseException]) -> None:
    with whole_folder(path) as beside:
        (beside / "new.txt").write_text("half")
        raise error


def test_a_file_appears_when_the_block_ends_and_not_before(tmp_path: Path) -> None:
    with whole_file(tmp_path / "out.txt") as beside:
        beside.write_text("new")
        assert not (tmp_path / "out.txt").exists()
        assert beside.parent == tmp_path
    assert (tmp_path / "out.txt").read_text() == "new"
    assert names_in(tmp_path) == ["out.txt"]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("old")
    with pytest.raises(ZeroDivisionError):
        break_off(tmp_path / "out.txt", ZeroDivisionError)
    assert (tmp_path / "out.txt").read_text() == "old"
    assert names_in(tmp_path) == ["out.txt"]


def test_an_interrupt_from_the_keyboard_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        break_off(tmp_path / "out.txt", KeyboardInterrupt)
    assert names_in(tmp_path) == []


def test_a_killed_process_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("old")
    program = (
        "import os, signal\n"
        "from framing.files import whole_file\n"
        "with whole_file('out.txt') as beside:\n"
        "    beside.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "out.txt").read_text() == "old"


def test_a_new_file_has_the_permissions_of_any_new_file_and_a_replaced_one_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").touch()
    with whole_file(tmp_path / "new.txt"):
        pass
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode
    (tmp_path / "new.txt").chmod(0o640)
    with whole_file(tmp_path / "new.txt"):
        pass
    assert (tmp_path / "new.txt").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "elsewhere" / "real.txt")
    with whole_file(tmp_path / "link.txt") as beside:
        beside.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "elsewhere" / "real.txt").read_text() == "new"


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    with whole_file(tmp_path / ("n" * 255)) as beside:
        beside.write_text("new")
    assert names_in(tmp_path) == ["n" * 255]


def test_what_is_not_a_file_is_never_replaced_by_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileExistsError, match="folder is there, but not as a file"), whole_file(tmp_path / "folder"):
        pass
    with pytest.raises(FileExistsError, match="/dev/null is there, but not as a file"), whole_file("/dev/null"):
        pass
    assert names_in(tmp_path) == ["folder"]


def test_a_missing_folder_is_known_before_the_work_begins(tmp_path: Path) -> None:
    worked = False
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "missing" / "out.txt"):
        worked = True
    assert not worked


def test_a_folder_appears_with_all_that_is_in_it(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "model") as beside:
        (beside / "inner").mkdir()
        (beside / "inner" / "a.txt").write_text("a")
        (beside / "dangling").symlink_to("nowhere")
        assert not (tmp_path / "model").exists()
    assert (tmp_path / "model" / "inner" / "a.txt").read_text() == "a"
    assert names_in(tmp_path) == ["model"]


def test_a_folder_is_replaced_and_not_merged(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    with whole_folder(tmp_path / "model") as beside:
        (beside / "new.txt").write_text("new")
    assert names_in(tmp_path / "model") == ["new.txt"]
    assert names_in(tmp_path) == ["model"]


def test_a_folder_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    with pytest.raises(ZeroDivisionError):
        break_off_folder(tmp_path / "model", ZeroDivisionError)
    assert names_in(tmp_path / "model") == ["old.txt"]
    assert names_in(tmp_path) == ["model"]


def test_the_old_folder_comes_back_if_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "model") as beside:
        beside.rmdir()  # as if somebody cleaned up in the meantime
    assert names_in(tmp_path / "model") == ["old.txt"]
    assert names_in(tmp_path) == ["model"]


def test_an_old_folder_that_may_not_be_removed_does_not_undo_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").touch()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.unlink", lambda path, **_: refuse(path))
    with whole_folder(tmp_path / "model") as scratch:
        (scratch / "new.txt").touch()
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["new.txt"]


def test_a_folder_is_known_by_its_files_whatever_links_stand_beside_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one", encoding="utf-8")
    (tmp_path / ".#a.txt").symlink_to("nowhere")
    before = stamp_of(tmp_path)
    (tmp_path / "a.txt").write_text("other", encoding="utf-8")
    assert stamp_of(tmp_path) != before
    assert stamp_of(tmp_path) == stamp_of(tmp_path)


def test_a_file_is_never_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("a file")
    with pytest.raises(NotADirectoryError, match="model is there, but not as a folder"), whole_folder(tmp_path / "model"):
        pass
    assert (tmp_path / "model").read_text() == "a file"


def test_a_link_leads_from_one_folder_to_the_next_and_also_where_both_were_moved(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "there" / name).mkdir(parents=True)
        (tmp_path / "there" / name / "name.txt").write_text(name)
        point_link(tmp_path / "there" / "now", tmp_path / "there" / name)
        assert (tmp_path / "there" / "now" / "name.txt").read_text() == name
    assert names_in(tmp_path / "there") == ["now", "one", "two"]
    shutil.move(tmp_path / "there", tmp_path / "moved")
    assert (tmp_path / "moved" / "now" / "name.txt").read_text() == "two"


def test_a_reader_never_finds_a_link_missing_while_it_is_moved_to_and_fro(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name.txt").write_text(name)
    point_link(tmp_path / "now", tmp_path / "one")
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(lambda: [point_link(tmp_path / "now", tmp_path / name) for name in ("two", "one") * 100])
        found = set()
        while not moving.done():
            found.add((tmp_path / "now" / "name.txt").read_text())
        moving.result()
    assert found <= {"one", "two"}


def test_a_folder_is_never_replaced_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "other").mkdir()
    with pytest.raises(FileExistsError, match="model is there, but not as a link"):
        point_link(tmp_path / "model", tmp_path / "other")
    assert names_in(tmp_path) == ["model", "other"]


def test_what_is_locked_is_refused_to_others_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with (tmp_path / "kept").open() as first, (tmp_path / "kept").open() as second:
        lock(first.fileno())
        with pytest.raises(BlockingIOError):
            lock(second.fileno())
        first.close()
        lock(second.fileno())


def test_where_the_system_has_no_locks_nobody_is_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    (tmp_path / "kept").touch()
    with (tmp_path / "kept").open() as first, (tmp_path / "kept").open() as second:
        lock(first.fileno())
        lock(second.fileno())
        monkeypatch.undo()
        lock(second.fileno())  # which a lock of the first would refuse
        with pytest.raises(BlockingIOError):
            lock(first.fileno())
