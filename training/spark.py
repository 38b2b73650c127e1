"""Score rows past one machine: Spark runs a model, saved as MLflow registers it, over Parquet. The only door to pyspark."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from framing.artifact import CODEBOOK_FILE, MANIFEST_FILE, load_model, with_fallback
from framing.batch import LABELS, TEXT
from framing.codebook import load_codebook
from framing.encoder import SavedEncoder
from framing.errors import BadRow, DataError, MissingExtra, TrainingError
from framing.files import whole_folder

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructType

ROWS_A_TASK = 5000
"""What is lost with a worker, and so read again: half a minute to a minute of a core."""
SETTINGS = {
    "spark.executorEnv.FRAMING_THREADS": "1",  # one graph and one thread a worker: Spark counts workers, not threads
    "spark.sql.execution.arrow.maxRecordsPerBatch": "256",
    "spark.sql.caseSensitive": "true",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",  # 2 may keep rows of a task that failed
    "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(),
    "spark.log.level": "OFF",  # what a person can act on is in our own errors
}
_COMPLETE = "_SUCCESS"
"""The file that Spark writes beside complete rows."""


def score_on_spark(source: str, target: str, master: str, model: str, fallback: Path | None = None, rows_a_task: int = ROWS_A_TASK) -> int:
    """Write every row of a Parquet file or folder with its labels to the folder `target`, each once, in any order; returns their number.

    `model` is a folder, or a version or an alias in the registry; `fallback` is for a folder only. The columns are those of
    `framing score`, or those that the code gave which a version was registered with. A path without a scheme stands on a file system that
    all workers share, and there `target` appears when it is complete. Raises DataError, MissingExtra, TrainingError for a registry or a
    Spark that cannot be used, ModelFolderError.
    """
    if find_spec("pyspark") is None:
        raise MissingExtra("scoring on Spark", "spark")
    _quiet()
    with _complete_folder(target) as place, _saved(model, fallback) as saved, _session(master) as spark:
        rows = _read(spark, source)
        _check_places(rows.inputFiles(), target)
        count = _check(rows, source)
        tasks = max(-(-count // rows_a_task), min(spark.sparkContext.defaultParallelism, count))
        try:
            _labelled(spark, rows.repartition(tasks), saved).write.parquet(place)
            written = spark.read.parquet(place).count()
        except Exception as error:  # noqa: BLE001 - of Spark's own, of Java's, or of the network's
            raise DataError([BadRow(target, None, f"cannot be written ({_reason(error)})")]) from error
        if written != count:
            problem = f"holds {written} of {count} rows: it must be on a file system that all workers share"
            raise DataError([BadRow(target, None, problem)])
    return count


def _check_places(files: Sequence[str], target: str) -> None:
    """Raise DataError where the target would take the place of one of the files that hold the rows, as Spark found them."""
    if "://" in target:
        return  # Spark itself replaces nothing
    place = Path(target).resolve()
    local = [Path(unquote(parts.path)) for parts in map(urlsplit, files) if parts.scheme == "file"]
    if any(path.resolve().is_relative_to(place) for path in local):
        raise DataError([BadRow(target, None, "holds the rows themselves, which would be lost; write to another folder")])


def _quiet() -> None:
    """Keep what nobody can act on from the terminal: that packages are those of this environment, and newer than Spark knows."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)


@contextmanager
def _session(master: str) -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("framing score").master(master)
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:  # noqa: BLE001 - without Java, or where the master does not answer, of several kinds
        raise TrainingError(f"Spark cannot be used at '{master}': {_reason(error)}") from error
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def _saved(model: str, fallback: Path | None) -> Iterator[Path]:
    """The model as MLflow saves it, in a folder that is there for as long as the block lasts."""
    from training import tracking

    with tempfile.TemporaryDirectory() as scratch:
        if tracking.names_folder(model):
            yield _save(Path(model), fallback, Path(scratch) / "model")
        else:
            if fallback is not None:
                raise TrainingError("--multilingual goes with a model folder; a registered version has no fallback")
            yield _download(model, Path(scratch))


def _download(name: str, place: Path) -> Path:
    from training import tracking

    client = tracking.connect()
    version = tracking.version_of(client, name) if name.isdigit() else tracking.version_by_alias(client, name)
    if version is None:
        problem = f"'{name}' is no folder of a model, and no version or alias of '{tracking.REGISTERED}'; see `framing models list`"
        raise TrainingError(problem)
    return tracking.download(tracking.version_uri(version), place)


def _save(folder: Path, fallback: Path | None, place: Path) -> Path:
    import mlflow

    from training import tracking

    loaded = with_fallback(load_model(folder), folder, fallback)
    beside = loaded.fallback.encoder.folder if loaded.fallback is not None and isinstance(loaded.fallback.encoder, SavedEncoder) else None
    with tracking.asking(f"the model cannot be copied for Spark to {place}"):
        mlflow.pyfunc.save_model(place, pip_requirements=[], **tracking.as_pyfunc(folder, beside))
    return place


def _read(spark: SparkSession, source: str) -> DataFrame:
    try:
        return spark.read.option("mergeSchema", "true").parquet(source)
    except Exception as error:  # noqa: BLE001 - whatever the file system raises
        raise DataError([BadRow(source, None, f"cannot be read as Parquet ({_reason(error)})")]) from error


def _check(rows: DataFrame, source: str) -> int:
    """The number of rows. Raises DataError as `framing score` does, but for rows without text, which have no numbers here."""
    from pyspark.sql import functions

    problems = [f"already has a column '{name}', which scoring adds" for name in LABELS if name in rows.columns]
    kind = dict(rows.dtypes).get(TEXT)
    if kind is None:
        problems.append(f"has no column '{TEXT}'; its columns are {', '.join(rows.columns)}")
    elif kind != "string":
        problems.append(f"'{TEXT}' is not text but {kind}")
    if problems:
        raise DataError([BadRow(source, None, problem) for problem in problems])
    text = functions.col(TEXT)
    empty = text.isNull() | ~text.rlike(r"(?U)\S")
    (count, bad), *_ = rows.agg(functions.count("*"), functions.count_if(empty)).collect()
    if bad or not count:
        raise DataError([BadRow(source, None, f"{bad} of {count} rows have no text" if count else "has no rows")])
    return int(count)


def _labelled(spark: SparkSession, rows: DataFrame, saved: Path) -> DataFrame:
    import mlflow
    from pyspark.sql import functions

    frames = load_codebook(next(saved.rglob(MANIFEST_FILE)).parent / CODEBOOK_FILE).names
    names = _added(saved)
    score = mlflow.pyfunc.spark_udf(spark, str(saved), result_type=_columns(names, frames), env_manager="local")
    found = "labels of this passage"
    labelled = rows.withColumn(found, score(functions.struct(TEXT)))
    return labelled.withColumns({name: labelled[found][name] for name in names}).drop(found)


def _added(saved: Path) -> Sequence[str]:
    """The columns of LABELS that the model gives: a version brings the code it was registered with, which may know fewer."""
    from mlflow.models import Model

    given = Model.load(str(saved)).signature.outputs.input_names()
    return [name for name in LABELS if name in given]


def _columns(names: Sequence[str], frames: Sequence[str]) -> StructType:
    """These columns as `framing score` writes them to Parquet: an object of the frames is a struct."""
    from pyspark.sql import types

    def by_frame(kind: DataType) -> StructType:
        return types.StructType([types.StructField(name, kind) for name in frames])

    text = types.StringType()
    kinds: dict[str, DataType] = {
        "predicted_frames": types.ArrayType(text),
        "probabilities": by_frame(types.DoubleType()),
        "decisions": by_frame(text),
        "predicted_language": text,
        "text_truncated": types.BooleanType(),
        "model": text,
    }
    return types.StructType([types.StructField(name, kinds[name]) for name in names])


@contextmanager
def _complete_folder(target: str) -> Iterator[str]:
    """Where Spark may write: a new folder that takes the place of `target` when the block ends well, or what has a scheme itself."""
    if "://" in target:
        yield target
        return
    folder = Path(target)
    with _writing(target):
        foreign = folder.is_dir() and any(folder.iterdir()) and not (folder / _COMPLETE).is_file()
    if foreign:
        raise DataError([BadRow(target, None, "holds something else than rows that Spark wrote, which would be lost; name another folder")])
    with ExitStack() as stack:
        with _writing(target):
            scratch = stack.enter_context(whole_folder(folder))
            scratch.rmdir()  # Spark writes to folders that it makes itself
        yield str(scratch.absolute())
        with _writing(target):
            stack.close()


@contextmanager
def _writing(target: str) -> Iterator[None]:
    """What the file system says here is of the target."""
    try:
        yield
    except OSError as error:
        raise DataError([BadRow(target, None, f"cannot be written ({error.strerror or error})")]) from error


def _reason(error: Exception) -> str:
    """One line of what Spark, Java and Python say at length: the last that names an error, without the name."""
    java: Any = getattr(error, "java_exception", None)
    said = str(error if java is None else java.getMessage())
    named = re.findall(r"^(?:[\w.]*\.)?\w*(?:Error|Exception): (.+)$", said, re.MULTILINE)
    return str(named[-1] if named else said.strip().partition("\n")[0])
