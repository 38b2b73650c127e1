"""The shipped model beside the shipped multilingual one, as a reader of other languages meets them. Texts are in no seed file."""

import json

import pytest
from click.testing import CliRunner

from framing.artifact import DEFAULT_FOLDER, check_golden, load_model, read_manifest, with_fallback
from framing.cli import framing
from framing.data import load_dataset
from tests.conftest import ROOT

FOLDER = DEFAULT_FOLDER.with_name("default-multilingual")
PEACE, ALLIANCE, ENERGY = "peace_mediator", "anti_western_alliance", "energy_deal"


@pytest.fixture(scope="module")
def model(default_model):
    return with_fallback(default_model, DEFAULT_FOLDER)


@pytest.mark.parametrize(
    ("language", "text", "frames"),
    [
        ("de", "Der türkische Präsident bot an, zwischen Kiew und Moskau zu vermitteln und Gespräche über eine Waffenruhe auszurichten.", {PEACE}),
        ("es", "Los dos presidentes prometieron resistir juntos a las sanciones de Estados Unidos y formar un frente común contra la OTAN.", {ALLIANCE}),
        ("fr", "Le groupe russe livrera chaque année dix milliards de mètres cubes de gaz à la Chine par un nouveau gazoduc.", {ENERGY}),
        ("ru", "Президент осмотрел выставку народных ремёсел, а затем вместе с гостем посадил дерево в парке резиденции.", set()),
        ("zh", "两国元首在会谈中承诺共同抵制美国的霸权和西方的制裁，并称两国关系是对北约的制衡。", {ALLIANCE}),
    ],
)  # fmt: skip
def test_plain_passages_in_other_languages_are_read_by_the_multilingual_model(model, language, text, frames):
    answer = model.score([text])[0]
    assert (answer.language, set(answer.present)) == (language, frames)
    assert answer.model == str(model.fallback.identity)
    assert answer.warnings == ()


def test_english_is_answered_by_the_default_to_the_last_bit_as_without_the_fallback(model, default_model, seed_texts):
    assert model.score(seed_texts[:10]) == default_model.score(seed_texts[:10])


def test_a_language_it_was_not_trained_on_is_unsure(model):
    answer = model.score(["Kiinan presidentti tarjoutui maanantaina Moskovassa välittämään rauhaa sotivien osapuolten välillä."])[0]
    assert {frame.decision for frame in answer.frames} == {"unsure"}
    assert "reads as fi" in answer.warnings[0]


def test_the_folder_keeps_its_golden_answers_and_names_its_training_data(default_model):
    check_golden(load_model(FOLDER), FOLDER)
    seeds = load_dataset([ROOT / "seeds" / name for name in ("passages.jsonl", "multilingual.jsonl")], default_model.codebook)
    assert read_manifest(FOLDER).data["digest"] == seeds.digest
    assert set(read_manifest(FOLDER).languages) == {"de", "en", "es", "fr", "it", "pt", "ru", "zh"}


@pytest.mark.parametrize(
    ("text", "readers"),
    [
        ("Ein Bote aus Ankara brachte beiden Seiten den Entwurf einer Waffenruhe.", "{default} with {other}"),
        ("An envoy from Ankara brought both sides the draft of a ceasefire.", "{default}"),
    ],
)
def test_an_evaluation_reads_passages_as_they_are_answered_and_names_the_models_that_read_any(model, tmp_path, text, readers):
    rows = [{"id": f"t-{row}", "text": f"{text} {row}", "frames": [PEACE] if row % 2 else []} for row in range(4)]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    ran = CliRunner().invoke(framing, ["evaluate", "--data", str(tmp_path / "labels.jsonl")])
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith(readers.format(default=model.identity, other=model.fallback.identity) + " on labels.jsonl: 4 passages")
