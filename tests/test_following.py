"""The file in which `framing models follow` tells of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from framing.following import Following, following_file, read_following, write_following


def test_what_was_written_is_read_also_where_the_folder_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "version").mkdir()
    (tmp_path / "live").symlink_to("version")
    said = Following("12", "2026-11-26T15:40:00+00:00", "MLflow is down – again")
    write_following(tmp_path / "live", said)
    assert following_file(tmp_path / "live") == tmp_path / "live.following.json"
    assert read_following(tmp_path / "live") == said


def test_nobody_follows_where_there_is_no_file(tmp_path: Path) -> None:
    assert read_following(tmp_path / "live") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"champion": "1", "weather": "rain"}', "7", "\xff", '{"champion": 12}'])
def test_a_file_that_is_none_of_ours_counts_as_none(tmp_path: Path, content: str) -> None:
    following_file(tmp_path / "live").write_text(content, encoding="latin-1")
    assert read_following(tmp_path / "live") is None
