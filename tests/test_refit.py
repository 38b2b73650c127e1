"""A quick retraining over a model that is there: all passages where its encoder learned from none, and new labels alone where it did."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from framing.artifact import load_model, read_manifest
from framing.data import Dataset
from framing.errors import TrainingError
from tests.test_training import FOUR, weather
from training.cache import CachedEncoder, TextCache
from training.hidden_units import HiddenUnits
from training.kinds import HAS_SEEN_ALL
from training.learned import learned_from
from training.recipes import Adaptation, Recipe, recipe_named
from training.record import run_figures, run_metrics, run_tables
from training.refit import Champion, digests, lesson_of, open_champion, over, with_lesson_told
from training.run import Run
from training.train import Trained, train
from training.transformer.finetune import FineTuning

REFIT = replace(recipe_named("refit"), folds=3, draws=20)
QUIET = Run(jobs=1, quiet=True)


def rows_of(data: Dataset, start: int, end: int | None = None) -> Dataset:
    return data.subset(range(start, len(data) if end is None else end))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return weather(60)


@pytest.fixture(scope="module")
def frozen(data, small_transformer, tmp_path_factory) -> Champion:
    recipe = Recipe("small", "", encoder=str(small_transformer), vector_strength=3.0, folds=2, draws=20)
    trained = train(rows_of(data, 0, 80), recipe, tmp_path_factory.mktemp("frozen") / "model", run=QUIET, leave_kinds_out=False)
    return open_champion(trained.folder, trained.learned)


@pytest.fixture(scope="module")
def tuned(data, small_transformer, tmp_path_factory) -> Champion:
    budget = FineTuning(epochs=1, least_steps=1)
    recipe = Recipe("tuned", "", encoder=str(small_transformer), folds=2, draws=20, finetuning=budget)
    trained = train(rows_of(data, 0, 80), recipe, tmp_path_factory.mktemp("tuned") / "model", run=QUIET)
    return open_champion(trained.folder, trained.learned)


@pytest.fixture(scope="module")
def over_frozen(data, frozen, tmp_path_factory) -> Trained:
    return train(data, REFIT, tmp_path_factory.mktemp("over-frozen") / "model", run=QUIET, champion=frozen)


@pytest.fixture(scope="module")
def over_tuned(data, tuned, tmp_path_factory) -> Trained:
    return train(data, REFIT, tmp_path_factory.mktemp("over-tuned") / "model", run=QUIET, champion=tuned)


def test_over_an_encoder_that_learned_from_no_label_all_passages_are_learned_and_judged(data, frozen, over_frozen):
    trained, manifest = over_frozen, read_manifest(over_frozen.folder)
    assert len(trained.answers.labels) == len(data)
    assert trained.model.encoder.fingerprint == frozen.encoder.fingerprint
    assert manifest.recipe["over"] == {"version": frozen.manifest.version, "recipe": "small", "taught": False, "run": None}
    assert (manifest.recipe["vector_strength"], manifest.data["new"]) == (3.0, 40)
    assert "new heads were fitted to all 120 passages, 40 of which are new to it" in trained.judged.notes[0]
    assert trained.learned == learned_from(data)


def test_over_an_encoder_that_was_taught_only_new_labels_are_learned_and_judged(data, tuned, over_tuned):
    trained = over_tuned
    assert len(trained.answers.labels) == 40
    assert trained.manifest.data["passages"] == 120
    assert trained.manifest.data["new"] == 40
    assert set(trained.measures) >= {"refit", "champion", "all-positive", "prior"}
    assert "every figure here is on these passages alone" in trained.judged.notes[0]
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert trained.judged.notes[0] in card
    assert "(20 resamples)" in card
    assert load_model(trained.folder).vocabulary.columns == tuned.model.vocabulary.columns
    assert trained.learned == learned_from(data)
    again = open_champion(trained.folder, trained.learned)
    assert again.taught
    with pytest.raises(TrainingError, match="0 of 120 passages, in 0 groups, have labels that are new to the champion"):
        lesson_of(data, again)


@pytest.mark.parametrize("how", ["finetuning", "shortening", "distillation"])
def test_an_encoder_that_learned_from_labels_in_any_way_was_taught(frozen, how):
    assert not frozen.taught
    assert replace(frozen, manifest=replace(frozen.manifest, recipe={**frozen.manifest.recipe, how: {}})).taught


def test_new_heads_have_the_hidden_layer_of_the_champions_recipe(frozen):
    layered = replace(frozen.manifest, recipe={**frozen.manifest.recipe, "hidden": asdict(HiddenUnits(units=7))})
    assert over(REFIT, replace(frozen, manifest=layered)).hidden == HiddenUnits(units=7)
    assert over(REFIT, frozen).hidden is None


def test_what_a_run_is_remembered_by_is_told_of_the_new_passages_alone(over_tuned):
    tables = run_tables(over_tuned.judged, over_tuned.passages)
    assert len(tables["held_out"]["id"]) == 40
    metrics = run_metrics(over_tuned.judged, "refit", FOUR.names)
    assert metrics["f1/rain"] == over_tuned.measures["refit"]["f1/rain"].value
    assert "floor/champion/f1/rain" in metrics


def test_near_copies_may_leave_too_few_groups(data, tuned, tmp_path):
    words = "one two three four five six seven eight nine ten"
    copies = tuple(replace(data.passages[0], id=str(at), group=str(at), text=f"{words} {at}") for at in range(5))
    with pytest.raises(TrainingError, match="the new labels stand in 1 groups, those of near copies counted as one; at least 3 are needed"):
        train(Dataset(FOUR, copies), REFIT, tmp_path / "model", run=QUIET, champion=tuned)


def test_new_labels_in_another_language_do_not_teach_the_encoder_that_language(data, tuned, tmp_path):
    german = Dataset(FOUR, tuple(replace(one, language="de") for one in rows_of(data, 80).passages))
    assert train(german, REFIT, tmp_path / "model", run=QUIET, champion=tuned).model.languages == tuned.model.languages == ("en",)


def test_a_frame_that_no_new_label_names_is_no_error(data, tuned, tmp_path):
    new = rows_of(data, 80)
    silent = Dataset(FOUR, tuple(replace(one, frames=tuple(name for name in one.frames if name != "rain")) for one in new.passages))
    trained = train(silent, REFIT, tmp_path / "model", run=QUIET, champion=tuned)
    assert trained.measures["refit"]["average_precision/rain"].value is None
    assert trained.measures["refit"]["f1/frost"].value is not None
    assert set(run_figures(trained.judged, FOUR.names)) == {"precision_recall", "reliability", "risk_coverage", "shares"}
    assert set(trained.measures) == {"refit", "champion", "all-positive", "prior"}


def test_a_correction_is_a_new_label_and_the_report_says_that_its_text_was_learned(data, tuned):
    flipped = tuple(replace(one, frames=() if one.frames else ("rain",)) for one in data.passages[:10])
    lesson = lesson_of(Dataset(FOUR, (*flipped, *data.passages[10:80])), tuned)
    assert lesson.new == len(lesson.passages) == 10
    assert lesson.notes[1:] == (
        "Of 10 of them it had learned the text with other labels.",
        "10 of them stand in groups that it has learned from, which flatters.",
    )


def test_files_say_what_a_champion_has_learned_from_if_they_hold_what_its_manifest_tells(data, tuned):
    alone = replace(tuned, learned=None)
    assert with_lesson_told(alone, None) is alone
    assert with_lesson_told(alone, rows_of(data, 0, 80)).learned == tuned.learned
    with pytest.raises(
        TrainingError, match=r"--trained-on names other passages than those that .* was trained on: 79 \(rain .* tells of 80 \(rain "
    ):
        with_lesson_told(alone, rows_of(data, 0, 79))
    with pytest.raises(TrainingError, match="tells what the champion .* has learned from; leave --trained-on out"):
        with_lesson_told(tuned, rows_of(data, 0, 80))


@pytest.mark.parametrize("asked", [True, None])
def test_kinds_cannot_be_left_out_of_an_encoder_that_has_seen_them_all(data, tuned, tmp_path, asked):
    trained = train(data, REFIT, tmp_path / "model", run=QUIET, champion=tuned, leave_kinds_out=asked)
    assert trained.judged.kinds is HAS_SEEN_ALL


@pytest.mark.parametrize("champion", ["frozen", "tuned"])
def test_a_cache_changes_no_bit_of_a_model(data, champion, request, tmp_path):
    before, plain = request.getfixturevalue(champion), request.getfixturevalue(f"over_{champion}")
    run = replace(QUIET, texts=TextCache(tmp_path / "cache"))
    CachedEncoder(before.encoder, run.texts).encode(data.texts)
    cached = train(data, REFIT, tmp_path / "model", run=run, champion=before)
    assert cached.manifest.version == plain.manifest.version
    assert np.array_equal(cached.answers.probabilities, plain.answers.probabilities)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"learned": None}, "has learned from passages, and nobody knows which; name their files with --trained-on"),
        ({}, "4 of 84 passages, in 2 groups, have labels that are new to the champion"),
    ],
)
def test_what_cannot_be_told_or_judged_is_refused(data, tuned, change, problem):
    with pytest.raises(TrainingError, match=problem):
        lesson_of(rows_of(data, 0, 84), replace(tuned, **change))


def test_other_frames_need_new_heads_which_a_taught_encoder_cannot_give(data, tuned, tiny_codebook):
    other = Dataset(tiny_codebook, tuple(replace(one, frames=()) for one in data.passages))
    with pytest.raises(TrainingError, match="labels rain, frost, contract, talks; heads for other frames need a recipe that trains anew"):
        lesson_of(other, tuned)


def test_without_a_champion_the_recipe_says_that_it_needs_one(data, tmp_path):
    with pytest.raises(TrainingError, match="recipe 'refit' starts from a model that is there"):
        train(data, REFIT, tmp_path / "model", run=QUIET)


def test_the_recipe_is_quick_by_its_data():
    assert isinstance(recipe_named("refit").adaptation, Adaptation)
    assert not recipe_named("refit").learns_encoder


@pytest.mark.parametrize("hidden", [{"units": 8}, asdict(HiddenUnits()) | {"dropout": 0.5}, 8])
def test_a_hidden_layer_of_which_more_or_less_is_told_than_can_be_made_is_refused(frozen, hidden):
    manifest = replace(frozen.manifest, recipe={**frozen.manifest.recipe, "hidden": hidden})
    with pytest.raises(TrainingError, match=r"its manifest tells .*; wanted are batch_size, learning_rate, least_passages"):
        over(REFIT, replace(frozen, manifest=manifest))


@pytest.mark.parametrize("parts", [True, False])
def test_a_hidden_layer_that_is_told_whole_is_made_again(frozen, parts):
    hidden = HiddenUnits(units=8, parts=parts)
    manifest = replace(frozen.manifest, recipe={**frozen.manifest.recipe, "hidden": asdict(hidden)})
    assert over(REFIT, replace(frozen, manifest=manifest)).hidden == hidden


def test_a_hidden_layer_from_before_heads_read_parts_is_made_again_without_them(frozen):
    told = asdict(HiddenUnits(units=8))
    del told["parts"]
    manifest = replace(frozen.manifest, format=3, recipe={**frozen.manifest.recipe, "hidden": told})
    assert over(REFIT, replace(frozen, manifest=manifest)).hidden == HiddenUnits(units=8, parts=False)


def test_new_labels_whose_texts_the_model_would_not_answer_count_as_unsure(data, tuned, tmp_path):
    words = [
        "der",
        "Minister",
        "sagte",
        "am",
        "Dienstag",
        "dass",
        "die",
        "Gespräche",
        "über",
        "das",
        "Abkommen",
        "noch",
        "lange",
        "nicht",
        "zu",
        "Ende",
        "seien",
        "und",
        "die",
        "Lage",
        "ernst",
        "bleibe",
    ]
    passages = rows_of(data, 80).passages
    foreign = tuple(
        replace(one, text=f"{' '.join(np.random.default_rng(at).permutation(words))} {one.text}") for at, one in enumerate(passages)
    )
    trained = train(Dataset(FOUR, foreign), REFIT, tmp_path / "model", run=QUIET, champion=tuned)
    assert [trained.measures[who]["coverage"].value for who in ("refit", "champion")] == [0, 0]
    assert any(note.startswith("40 passages read as languages that the model does not answer") for note in trained.judged.notes)


def test_a_model_tells_all_that_has_taught_its_encoder(data, tuned, tmp_path):
    trained = train(rows_of(data, 80), REFIT, tmp_path / "model", run=QUIET, champion=tuned)
    assert digests(trained.manifest) == [rows_of(data, 80).digest, *digests(tuned.manifest)]
    assert f"Over the model {tuned.manifest.version} (`" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
