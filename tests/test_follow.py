"""A folder that follows the registry, against real MLflow servers: on SQLite, and on PostgreSQL with S3."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from framing.artifact import HEADS_FILE, check_golden, load_model, read_manifest
from framing.cli import framing
from framing.errors import TrainingError
from framing.following import following_file, read_following
from framing.row_writer import open_rows_writer
from tests.conftest import ROOT
from tests.registry import Registry, make_champion, register
from tests.tiny_folder import save_tiny
from training import tracking
from training.follow import Follower, follow_once, open_follower

PATIENCE = 60
"""Seconds; only a broken test waits as long."""


@pytest.fixture
def one_and_two(registry, tmp_path) -> tuple[str, str]:
    """Two registered versions; nobody is champion."""
    return tuple(register_tiny(tmp_path, name, lean) for name, lean in (("one", 0.0), ("two", -1.0)))


def register_tiny(folder: Path, name: str, lean: float) -> str:
    save_tiny(folder / name, lean)
    return register(folder / name)


def version_in(folder: Path) -> str:
    """The version in a folder that is sound."""
    model = load_model(folder)
    check_golden(model, folder)
    return model.identity.version


def stay_up(follower: Follower) -> None:
    """As `renew`, where nothing should go wrong."""
    assert follower.renew().problem is None


def test_a_folder_goes_from_champion_to_champion_and_back_and_keeps_the_one_before(one_and_two, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    one, two = one_and_two
    make_champion(one)
    with open_follower(tmp_path / "live") as follower:
        stay_up(follower)
        assert version_in(tmp_path / "live") == read_manifest(tmp_path / "one").version
        make_champion(two)
        stay_up(follower)
        stay_up(follower)
        assert version_in(tmp_path / "live") == read_manifest(tmp_path / "two").version
        make_champion(one)
        stay_up(follower)
        assert version_in(tmp_path / "live") == read_manifest(tmp_path / "one").version
        make_champion(register_tiny(tmp_path, "three", 1.0))
        stay_up(follower)
    assert version_in(tmp_path / "live") == read_manifest(tmp_path / "three").version
    assert sorted(path.name.partition("-")[0] for path in (tmp_path / "live.versions").iterdir()) == ["1", "3"]
    said = [record.getMessage().rpartition("live ")[2] for record in caplog.records if record.name == "training.follow"]
    assert said == ["holds version 1", "holds version 2", "holds version 1", "holds version 3"]
