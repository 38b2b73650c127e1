"""Rows scored on Spark: each once whatever dies, with the answers of `framing score`, and errors in a sentence."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pyarrow
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from framing.artifact import load_model
from framing.batch import score_file
from framing.cli import framing as command_line
from framing.errors import DataError, ModelFolderError, TrainingError
from tests.tiny_folder import save_tiny
from training import spark
from training.tracking import as_pyfunc

MISSING = next((name for name, there in (("pyspark", find_spec("pyspark")), ("Java", shutil.which("java"))) if not there), None)
on_spark = pytest.mark.skipif(MISSING is not None, reason=f"skipped: {MISSING} is not installed")
TEXTS = ["Rain fell all day.", "Frost.", "Rain and frost.", "Nothing new."]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_tiny(folder, lean=-1.0)
    return folder


def write(path: Path, **columns: list) -> str:
    parquet.write_table(pyarrow.table(columns), path)
    return str(path)


def numbered(path: Path, rows: int) -> str:
    return write(path, id=list(range(rows)), text=[f"{TEXTS[n % 4]} {n}" for n in range(rows)])


def rows_of(folder: Path) -> list[dict]:
    """All rows of a file or a folder of files, by id."""
    return sorted(parquet.read_table(folder).to_pylist(), key=lambda row: row["id"])


def executors() -> list[int]:
    """The Spark executors that this process started, by process id."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    entries = [(int(pid), int(parent), args) for pid, parent, args in (line.split(None, 2) for line in listed)]
    ours = {os.getpid()}
    while more := {pid for pid, parent, _ in entries if parent in ours} - ours:
        ours |= more
    return [pid for pid, _, args in entries if pid in ours and "CoarseGrainedExecutorBackend" in args and "java" in args.split()[0]]


@on_spark
def test_every_row_of_a_folder_comes_once_with_the_columns_and_answers_of_framing_score(model, tmp_path):
    (tmp_path / "in").mkdir()
    for part in range(2):
        columns = {
            "id": [3 * part + n for n in range(3)],
            "text": TEXTS[part : part + 3],
            "Text": [None, "x", ""],
            "a.b`c": [[], [1], None],
        }
        source = write(tmp_path / "in" / f"{part}.parquet", **columns)
        score_file(load_model(model), source, tmp_path / f"{part}.parquet")
    earlier = tmp_path / "out"
    earlier.mkdir()
    for name in ("_SUCCESS", "part-0.parquet"):
        (earlier / name).write_bytes(b"of another day")

    assert spark.score_on_spark(str(tmp_path / "in"), str(tmp_path / "out"), "local[2]", str(model)) == 6

    assert rows_of(tmp_path / "out") == [row for part in range(2) for row in rows_of(tmp_path / f"{part}.parquet")]
    assert parquet.read_table(tmp_path / "out").schema.names == parquet.read_schema(tmp_path / "1.parquet").names
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "0.parquet", "1.parquet"}


@on_spark
def test_no_row_is_lost_or_doubled_when_an_executor_is_killed_half_way(model, tmp_path):
    source, target = numbered(tmp_path / "in.parquet", 240), tmp_path / "out"
    counted: list[int] = []
    scoring = threading.Thread(
        target=lambda: counted.append(spark.score_on_spark(source, str(target), "local-cluster[2,1,1024]", str(model), rows_a_task=20))
    )
    scoring.start()
    while len(done := list(tmp_path.glob(".writing-*/_temporary/0/task_*"))) < 2 and scoring.is_alive():
        time.sleep(0.02)
    (victim, _) = executors()
    os.kill(victim, signal.SIGKILL)
    assert len(done) < 12  # tasks in all
    scoring.join(120)

    assert counted == [240]
    assert victim not in executors()
    score_file(load_model(model), source, tmp_path / "alone.parquet")
    assert rows_of(target) == rows_of(tmp_path / "alone.parquet")


@on_spark
def test_a_folder_that_holds_anything_else_is_not_replaced(model, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(DataError, match="mine: holds something else than rows that Spark wrote"):
        spark.score_on_spark("in.parquet", str(tmp_path / "mine"), "local[1]", str(model))
    assert (tmp_path / "mine" / "letters.txt").exists()


@on_spark
@pytest.mark.parametrize("source", ["{}", "file://{}", "file:{}", "{}*"])
def test_rows_are_never_replaced_by_their_own_labels_however_they_are_named(model, tmp_path, source):
    rows = tmp_path / "rows"
    rows.mkdir()
    numbered(rows / "part.parquet", 2)
    (rows / "_SUCCESS").touch()
    with pytest.raises(DataError, match="rows: holds the rows themselves, which would be lost; write to another folder"):
        spark.score_on_spark(source.format(rows), str(rows), "local[1]", str(model))
    assert (rows / "part.parquet").is_file()


@on_spark
def test_rows_that_cannot_be_scored_are_told_in_one_line(tmp_path):
    problems = [
        ({"body": ["Rain."]}, "has no column 'text'; its columns are body"),
        ({"text": [1]}, "'text' is not text but bigint"),
        ({"text": ["Rain."], "model": ["mine"]}, "already has a column 'model', which scoring adds"),
        ({"text": ["Rain.", None, " \u00a0\n"]}, "2 of 3 rows have no text"),
        ({"text": pyarrow.array([], "string")}, "has no rows"),
        (None, r"cannot be read as Parquet \(.*does not exist.*\)"),
    ]
    with spark._session("local[1]") as session:
        for number, (columns, problem) in enumerate(problems):
            path = tmp_path / f"{number}.parquet"
            source = str(path) if columns is None else write(path, **columns)
            with pytest.raises(DataError, match=rf"^\S+parquet: {problem}$"):
                spark._check(spark._read(session, source), source)


@on_spark
def test_what_a_worker_refuses_is_told_in_one_line(model, tmp_path):
    source = write(tmp_path / "in.parquet", text=["Rain.", "\x1c"])  # empty for Python, not for Java
    with pytest.raises(DataError, match=r"out: cannot be written \(1 of \d rows hold no text, the first at position \d\)$"):
        spark.score_on_spark(source, str(tmp_path / "out"), "local[1]", str(model))
    assert not (tmp_path / "out").exists()


@on_spark
def test_a_master_that_is_none_is_told_in_one_line(model, tmp_path):
    with pytest.raises(TrainingError, match=r"^Spark cannot be used at 'nonsense': .*nonsense.*$") as error:
        spark.score_on_spark(numbered(tmp_path / "in.parquet", 1), str(tmp_path / "out"), "nonsense", str(model))
    assert "\n" not in str(error.value)


@on_spark
def test_a_model_folder_is_checked_before_any_work(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelFolderError, match=r"manifest\.json: cannot be read"):
        spark.score_on_spark(numbered(tmp_path / "in.parquet", 1), str(tmp_path / "out"), "local[1]", str(tmp_path / "model"))


@on_spark
def test_the_champion_scores_where_no_model_is_named(model, tmp_path, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.delenv("FRAMING_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)
    arguments = ["score", numbered(tmp_path / "in.parquet", 8), str(tmp_path / "out"), "--spark", "local[1]"]

    before = CliRunner().invoke(command_line, arguments)
    assert before.exit_code == 1
    assert "'champion' is no folder of a model, and no version or alias of 'framing'; see `framing models list`" in before.output

    logged = mlflow.pyfunc.log_model(name="model", pip_requirements=[], **as_pyfunc(model))
    version = mlflow.register_model(logged.model_uri, "framing")
    mlflow.MlflowClient().set_registered_model_alias("framing", "champion", version.version)
    after = CliRunner().invoke(command_line, arguments)
    assert after.exit_code == 0, after.output
    assert [row["predicted_frames"] for row in rows_of(tmp_path / "out")] == [["rain"], ["frost"], ["rain", "frost"], []] * 2


@on_spark
@pytest.mark.filterwarnings("ignore:.*An input example was not provided", "ignore:PySpark does not yet fully support pandas")
def test_a_version_of_a_program_that_gave_fewer_columns_gives_those(model, tmp_path):
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    before = ModelSignature(Schema([ColSpec("string", "text")]), Schema([ColSpec("string", "model")]))
    mlflow.pyfunc.save_model(tmp_path / "saved", pip_requirements=[], **{**as_pyfunc(model), "signature": before})
    with spark._session("local[1]") as session:
        rows = spark._read(session, write(tmp_path / "in.parquet", text=["Rain."]))
        (row,) = spark._labelled(session, rows, tmp_path / "saved").collect()
    assert row.asDict().keys() == {"text", "model"}


def test_what_fails_meanwhile_is_not_told_of_the_target(tmp_path):
    with pytest.raises(OSError, match="No space left") as error, spark._complete_folder(str(tmp_path / "out")):
        raise OSError(errno.ENOSPC, "No space left")
    assert not isinstance(error.value, DataError)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written_is_told_with_the_reason(tmp_path):
    (tmp_path / "file").touch()
    for target, reason in (
        (tmp_path / "file", "file is there, but not as a folder"),
        (tmp_path / "none" / "out", "No such file or directory"),
    ):
        with pytest.raises(DataError, match=rf"{target}: cannot be written \(.*{reason}\)$"), spark._complete_folder(str(target)):
            pass


@pytest.fixture
def version(registry, tmp_path) -> str:
    """A version whose files are gone, and which the alias `champion` points at; another one is where no server is."""
    registry.create_registered_model("framing")
    number = registry.create_model_version("framing", source=f"file://{tmp_path}/gone").version
    registry.set_registered_model_alias("framing", "champion", number)
    registry.create_model_version("framing", source="mlflow-artifacts:/gone")
    return str(number)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("champion", "^models:/framing/1 holds no model of framing, or its files are gone: there is no manifest.json in it$"),
        ("2", "^the files of models:/framing/2 cannot be fetched: .*[^:]$"),
        ("7", "^there is no version 7 of 'framing'; see `framing models list`$"),
    ],
)
def test_what_is_wrong_with_a_version_is_told(version, tmp_path, name, problem):
    with pytest.raises(TrainingError, match=problem):
        spark._download(name, tmp_path)


def test_a_registry_that_fails_is_not_said_to_lack_an_alias(version, tmp_path):
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("DROP TABLE registered_model_aliases")
    with pytest.raises(TrainingError, match=r"^the registry cannot tell of the alias 'champion': .*no such table"):
        spark._download("champion", tmp_path)


def test_without_pyspark_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    result = CliRunner().invoke(command_line, ["score", "in.parquet", "out", "--spark", "local[1]"])
    assert result.exit_code == 1
    assert "scoring on Spark needs packages that are not installed: pip install 'framing[spark]' from the checkout" in result.output


def test_where_training_is_not_installed_at_all_it_says_the_same(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = CliRunner().invoke(command_line, ["score", "in.parquet", "out", "--spark", "local[1]"])
    assert result.exit_code == 1
    assert "scoring on Spark needs packages that are not installed: pip install 'framing[spark]' from the checkout" in result.output


def test_fresh_does_not_go_with_spark():
    result = CliRunner().invoke(command_line, ["score", "in.parquet", "out", "--spark", "local[1]", "--fresh"])
    assert result.exit_code == 2
    assert "--fresh does not go with --spark" in result.output
