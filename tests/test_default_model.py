"""The shipped model, as its users meet it. Texts here are invented and stand in no seed file."""

import numpy as np
import pytest

from framing.artifact import DEFAULT_FOLDER, check_golden, read_manifest
from tests.conftest import ROOT

PEACE, ALLIANCE, ENERGY = "peace_mediator", "anti_western_alliance", "energy_deal"


def present(model, text: str) -> set[str]:
    return set(model.score([text])[0].present)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("Brazil's foreign minister offered on Friday to host a first meeting of the two armies' envoys and to draft a text for a truce.", {PEACE}),
        ("The two presidents vowed to resist American pressure together and called their partnership a counterweight to NATO.", {ALLIANCE}),
        ("The state company will buy ten cargoes of liquefied natural gas a year from Qatar under a contract signed in Doha on Monday.", {ENERGY}),
        ("The president and his guest watched a folk dance, toasted their long friendship and planted a tree in the palace garden.", set()),
        ("Artillery fire went on through the night east of the river; the regional governor reported three wounded and two burnt houses.", set()),
        ("Household electricity bills will rise by four per cent in January, the regulator said, because the grid has to be repaired.", set()),
        (
            "Beijing presented its plan for a ceasefire in Ukraine while the two sides agreed on the price of gas from a new Siberian pipeline.",
            {PEACE, ENERGY},
        ),
    ],
)  # fmt: skip
def test_plain_passages_carry_what_a_reader_of_the_codebook_would_say(default_model, text, frames):
    assert present(default_model, text) == frames


@pytest.mark.parametrize(
    ("with_frame", "without", "frame"),
    [
        (
            "In Moscow the two leaders promised to stand together against sanctions and American hegemony before they went to dinner.",
            "In Moscow the two leaders promised to build a bridge together and to open more schools before they went to dinner.",
            ALLIANCE,
        ),
        (
            "Ankara offered to carry messages between Kyiv and Moscow and to host talks on a ceasefire.",
            "Ankara opened a new consulate and offered scholarships to students from Kyiv and Moscow.",
            PEACE,
        ),
        (
            "The delegations talked about a new pipeline that would bring gas across the border from 2030.",
            "The delegations talked about a new railway that would bring tourists across the border from 2030.",
            ENERGY,
        ),
    ],
)  # fmt: skip
def test_the_same_event_is_told_apart_by_how_it_is_presented(default_model, with_frame, without, frame):
    assert frame in present(default_model, with_frame)
    assert frame not in present(default_model, without)


@pytest.mark.parametrize("swap", [("Ankara", "Brasília"), ("Friday", "Tuesday"), ("foreign minister", "president")])
def test_names_and_days_do_not_change_the_frames(default_model, swap):
    text = "Ankara's foreign minister offered on Friday to mediate between the two sides and to host talks on a ceasefire."
    assert present(default_model, text.replace(*swap)) == present(default_model, text) == {PEACE}


def test_a_doubted_mediator_still_carries_the_frame(default_model):
    assert PEACE in present(default_model, "Hardly anyone in Kyiv believes that Beijing could be an honest broker between the two sides.")


def test_text_about_nothing_of_the_kind_is_confidently_without_frames(default_model):
    answer = default_model.score(["The bakery on the corner sells plum cake on Saturdays, and the queue reaches to the church."])[0]
    assert [frame.decision for frame in answer.frames] == ["absent"] * 3


def test_evidence_is_the_sentence_that_a_reader_would_mark(default_model):
    text = (
        "The visitors arrived in the afternoon and were driven to the guest house by the lake. "
        "Over dinner the hosts agreed to sell them twenty cargoes of crude oil a year. "
        "The next morning was kept free for a walk in the old town."
    )
    passage = default_model.predict(text).passages[0]
    carried = {frame.frame: [sentence.text for sentence in frame.evidence] for frame in passage.frames if frame.decision == "present"}
    assert carried == {ENERGY: ["Over dinner the hosts agreed to sell them twenty cargoes of crude oil a year."]}


def test_another_language_is_never_a_confident_guess(default_model):
    text = "Der chinesische Präsident bot am Montag in Moskau an, zwischen den Kriegsparteien zu vermitteln und Gespräche auszurichten."
    answer = default_model.score([text])[0]
    assert (answer.language, {frame.decision for frame in answer.frames}) == ("de", {"unsure"})


def test_the_folder_is_what_its_card_says(default_model):
    manifest = read_manifest(DEFAULT_FOLDER)
    check_golden(default_model, DEFAULT_FOLDER)
    card = (DEFAULT_FOLDER / "README.md").read_text(encoding="utf-8")
    figure = manifest.metrics[manifest.recipe["name"]]["macro_f1"]
    assert f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]" in card
    assert (DEFAULT_FOLDER / "encoder.onnx").stat().st_size < 25_000_000


def test_it_was_trained_on_the_seeds_that_are_here(default_model):
    from framing.data import load_dataset

    seeds = load_dataset([ROOT / "seeds" / "passages.jsonl"], default_model.codebook)
    assert read_manifest(DEFAULT_FOLDER).data["digest"] == seeds.digest


def test_the_compiled_encoder_decides_as_its_parts_do_one_at_a_time(default_model, seed_texts):
    together = default_model.read(seed_texts).probabilities
    alone = np.vstack([default_model.read([text]).probabilities for text in seed_texts])
    assert np.array_equal(together, alone)


def test_the_real_articles_for_tuning_read_as_their_coders_read_them(default_model, articles):
    from benchmarks.articles import read_articles
    from tests.conftest import SHARED

    lines = list(read_articles(default_model, SHARED / "articles", "tune"))
    right = [line for line in lines if set(line.answer.present) == set(line.coded.frames)]
    assert len(lines) == 46
    assert len(right) / len(lines) > 0.8
    assert not [line for line in lines if not line.coded.furniture and line.answer.left_out]
