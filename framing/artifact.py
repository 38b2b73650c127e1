"""A model folder: saved whole or not at all, and loaded only if every byte of it is what was saved. Nothing in it is a pickle."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from framing.codebook import load_codebook
from framing.encoder import KINDS, SavedEncoder, open_encoder
from framing.errors import CodebookError, EncoderError, MissingExtra, ModelFolderError
from framing.files import disk_refusals, whole_file, whole_folder, write_json
from framing.heads import Array
from framing.model import FramingModel
from framing.prediction import ModelIdentity
from framing.saved_heads import HEADS_FILE, TERMS_FILE, read_heads, write_heads

FORMAT = 5
"""1 knew compiled encoders only, 2 no hidden layer, 3 no heads that read parts, 4 ended sentences at German ordinals."""
MANIFEST_FILE = "manifest.json"
CODEBOOK_FILE = "codebook.json"
GOLDEN_FILE = "golden.json"
CARD_FILE = "README.md"
DEFAULT_FOLDER = Path(__file__).parents[1] / "models" / "default"
"""The shipped model, in a checkout."""
FALLBACK_SUFFIX = "-multilingual"
"""A model folder named like another with this behind it reads for that one the passages in languages that it was not trained on."""
GOLDEN_TOLERANCE = 0.05
"""How far a golden probability may be off: processors round sums of floats in different orders."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manifest:
    """What a model folder says of itself; `files` maps each file's name to its sha256."""

    name: str
    version: str
    created: str
    recipe: Mapping[str, Any]
    encoder: Mapping[str, Any]
    codebook: str
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    versions: Mapping[str, str]
    languages: Sequence[str] = ("en",)
    run: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    """sha256 over the rest of the manifest but `run`, which is known only after the folder was made."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class GoldenAnswer:
    """A text and the probabilities (k,) the model gave for it when it was saved."""

    text: str
    probabilities: tuple[float, ...]


def save_model(model: FramingModel, folder: str | Path, manifest: Manifest, golden: Sequence[str], card: str) -> Manifest:
    """Write `model` to `folder`; what stood there is replaced in one step. A fallback is not part of it.

    `golden` are texts whose answers are kept, for a later load to be held against; a folder without any is not served. Returns the
    manifest as written, with the version, a digest of what decides the answers, and the files' hashes.
    """
    encoder = model.encoder
    if not isinstance(encoder, SavedEncoder):
        raise EncoderError(f"only a model whose encoder is {', '.join(KINDS)} can be saved")
    prepare_place(folder)
    with disk_refusals(partial(ModelFolderError, Path(folder))), whole_folder(folder) as scratch:
        for name in encoder.files:
            (scratch / name).write_bytes((encoder.folder / name).read_bytes())
        write_json(scratch / CODEBOOK_FILE, model.codebook.as_dict())
        write_heads(scratch, model.heads, model.vocabulary)
        deciding = {"encoder": encoder.fingerprint} | {path.name: _sha256(path) for path in sorted(scratch.iterdir())}
        version = hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:12]
        probabilities = _golden_probabilities(model, golden).tolist()
        write_json(scratch / GOLDEN_FILE, [{"text": text, "probabilities": row} for text, row in zip(golden, probabilities, strict=True)])
        (scratch / CARD_FILE).write_text(card, encoding="utf-8")
        files = {path.name: _sha256(path) for path in sorted(scratch.iterdir())}
        described = {"kind": encoder.kind, "fingerprint": encoder.fingerprint, "dimensions": encoder.dimensions}
        written = Manifest(**{**_shallow(manifest), "version": version, "files": files, "encoder": {**manifest.encoder, **described}})
        written = replace(written, digest=_digest(written))
        write_json(scratch / MANIFEST_FILE, asdict(written))
    return written


def write_run(folder: str | Path, run: str) -> None:
    """Note in a saved folder which MLflow run trained it."""
    manifest = read_manifest(folder)
    with whole_file(Path(folder) / MANIFEST_FILE) as beside:
        write_json(beside, asdict(replace(manifest, run=run)))


def prepare_place(folder: str | Path) -> None:
    """Make the folder around `folder`. Raises ModelFolderError if that cannot be written, or if something else than a model stands where
    one is to be written."""
    folder = Path(folder)
    around = Path(os.path.realpath(folder)).parent
    with disk_refusals(partial(ModelFolderError, folder)):
        around.mkdir(parents=True, exist_ok=True)
    if not os.access(around, os.W_OK | os.X_OK):
        raise ModelFolderError(around, "cannot be written to; name another folder for the model")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST_FILE).is_file():
        raise ModelFolderError(folder, "holds something else than a model, which would be lost; name a new or an empty folder")
    if folder.exists() and not folder.is_dir():
        raise ModelFolderError(folder, "is not a folder")


def load_model(folder: str | Path) -> FramingModel:
    """Check and open a model folder. Raises ModelFolderError with the file that is wrong and why."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        codebook = load_codebook(folder / CODEBOOK_FILE)
        encoder = open_encoder(_kind(manifest), folder)
    except (CodebookError, EncoderError) as error:
        raise ModelFolderError(folder, str(error)) from error
    if encoder.fingerprint != manifest.encoder["fingerprint"]:
        raise ModelFolderError(
            folder, f"was made with another version of its {encoder.kind} encoder, which gives other vectors; train it again"
        )
    heads, vocabulary = read_heads(folder, len(codebook.frames), encoder.dimensions)
    identity = ModelIdentity(manifest.name, manifest.version, codebook.digest, manifest.run)
    return FramingModel(codebook, encoder, vocabulary, heads, identity, tuple(manifest.languages))


def with_fallback(model: FramingModel, folder: str | Path, fallback: str | Path | None = None) -> FramingModel:
    """The model of `folder` with the fallback of another folder, or where none is given, of the one beside it that is named after it.

    Nobody asked for the one beside: if it cannot serve, a line is logged and the model stands alone. Raises ModelFolderError, or
    MissingExtra, for a fallback that was given.
    """
    if fallback is not None:
        return replace(model, fallback=_fallback_for(model, Path(fallback)))
    beside = fallback_beside(folder)
    if not (beside / MANIFEST_FILE).is_file():
        return model
    try:
        return replace(model, fallback=_fallback_for(model, beside))
    except MissingExtra as error:
        _log.info("%s is not used: %s", beside, error)
    except ModelFolderError as error:
        _log.warning("%s is not used: %s", beside, error)
    return model


def fallback_beside(folder: str | Path) -> Path:
    """Where the fallback of a model folder is looked for if none is given."""
    return Path(os.path.abspath(folder) + FALLBACK_SUFFIX)  # noqa: PTH100 - a link to a folder keeps its own name


def _fallback_for(model: FramingModel, folder: Path) -> FramingModel:
    try:
        names = load_codebook(folder / CODEBOOK_FILE).names if (folder / CODEBOOK_FILE).is_file() else model.codebook.names
    except CodebookError as error:
        raise ModelFolderError(folder, str(error)) from error
    if names != model.codebook.names:
        raise ModelFolderError(folder, f"labels {', '.join(names)}; the fallback of a model has the same frames in the same order")
    return load_model(folder)


def read_manifest(folder: str | Path) -> Manifest:
    """Read the manifest and hold every file against its hash. Raises ModelFolderError."""
    path = Path(folder) / MANIFEST_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFolderError(path, f"cannot be read ({error.strerror}); a model folder has one") from error
    except ValueError as error:
        raise ModelFolderError(path, f"is not valid JSON: {error}") from error
    written = content.get("format") if isinstance(content, dict) else None
    if not isinstance(written, int) or written < 1:
        raise ModelFolderError(path, "has no format number")
    if written > FORMAT:
        raise ModelFolderError(path, f"has format {written}; this program reads up to {FORMAT}: install a newer one")
    try:
        manifest = Manifest(**content)
    except TypeError as error:
        raise ModelFolderError(path, "lacks an entry, or has one that is not known") from error
    if manifest.digest != _digest(manifest):
        raise ModelFolderError(path, "was altered: its content is not what its digest says")
    _check_files(Path(folder), manifest)
    return manifest


def read_golden(folder: str | Path) -> tuple[GoldenAnswer, ...]:
    """The golden answers of a folder that was checked."""
    entries = json.loads((Path(folder) / GOLDEN_FILE).read_text(encoding="utf-8"))
    return tuple(GoldenAnswer(entry["text"], tuple(entry["probabilities"])) for entry in entries)


def check_golden(model: FramingModel, folder: str | Path) -> None:
    """Raise ModelFolderError unless the loaded model still gives the golden answers of its folder, and there are any."""
    golden = read_golden(folder)
    if not golden:
        raise ModelFolderError(Path(folder) / GOLDEN_FILE, "has no golden answer to check the model by; at least one is needed")
    expected = np.array([answer.probabilities for answer in golden])
    gap = np.abs(_golden_probabilities(model, [answer.text for answer in golden]) - expected)
    if gap.max() > GOLDEN_TOLERANCE:
        row, frame = np.unravel_index(gap.argmax(), gap.shape)
        raise ModelFolderError(
            Path(folder) / GOLDEN_FILE,
            f"golden answer {row + 1} for '{model.codebook.names[frame]}' is off by {gap.max():.3f}, more than {GOLDEN_TOLERANCE}",
        )


def _golden_probabilities(model: FramingModel, texts: Sequence[str]) -> Array:
    """Of the model by itself, and as if all were in its first language: what tells a text's language need not be loaded for it."""
    first = (*model.languages, "en")[0]
    return replace(model, fallback=None).read(texts, [first] * len(texts)).probabilities


def _check_files(folder: Path, manifest: Manifest) -> None:
    kind = _kind(manifest)
    if kind not in KINDS:
        raise ModelFolderError(folder / MANIFEST_FILE, f"has an encoder of the kind '{kind}'; this program knows {', '.join(KINDS)}")
    expected = {*KINDS[kind].files, CODEBOOK_FILE, HEADS_FILE, TERMS_FILE, GOLDEN_FILE, CARD_FILE}
    if not isinstance(manifest.files, dict) or set(manifest.files) != expected:
        raise ModelFolderError(folder / MANIFEST_FILE, f"must list the files {', '.join(sorted(expected))}")
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelFolderError(path, "is missing")
        try:
            found = _sha256(path)
        except OSError as error:
            raise ModelFolderError(path, f"cannot be read ({error.strerror or error})") from error
        if found != digest:
            raise ModelFolderError(path, "was altered: its sha256 is not the one in the manifest")


def _kind(manifest: Manifest) -> str:
    return str(manifest.encoder.get("kind", "compiled"))


def _digest(manifest: Manifest) -> str:
    content = asdict(manifest)
    del content["digest"], content["run"]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _shallow(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in manifest.__dataclass_fields__}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
