"""From labelled passages to a judged model folder, with a real transformer a thousand times smaller than the shipped one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import KFold

from framing.artifact import check_golden, load_model, read_manifest
from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage
from framing.errors import ModelFolderError, TrainingError
from training import copies, terms
from training.commands.training import look_ahead
from training.folds import check_trainable
from training.halves import check_apart
from training.heldout import held_out
from training.hidden_units import HiddenUnits
from training.metrics import f1, value
from training.recipes import RECIPES, Recipe, recipe_named
from training.run import Run
from training.train import train, trained_languages
from training.transformer.build import build_encoder
from training.transformer.distil import Distillation
from training.transformer.finetune import FineTuning, finetune
from training.transformer.shorten import Shortening

FOUR = Codebook("Sky", tuple(Frame(name, name.title(), f"About {name}.") for name in ("rain", "frost", "contract", "talks")))
FILLER = ["the", "a", "fell", "all", "day", "two", "presidents", "offered", "to", "host", "word", "one", "three", "long", "passage"]


def weather(groups: int = 60, twins: int = 2) -> Dataset:
    """A few passages a group; a passage carries a frame when its word is in it."""
    generator = np.random.default_rng(0)
    passages = []
    for group in range(groups):
        for twin in range(twins):
            frames = tuple(name for name in FOUR.names if generator.random() < 0.35)
            words = [*generator.choice(FILLER, 6), *frames, f"x{group}", f"y{twin}"]
            generator.shuffle(words)
            passages.append(LabelledPassage(f"p{group}-{twin}", " ".join(words), frames, f"g{group}", "wire", None, None))
    return Dataset(FOUR, tuple(passages))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return weather()


@pytest.fixture(scope="module")
def recipe(small_transformer) -> Recipe:
    return Recipe("small", "a small frozen encoder", encoder=str(small_transformer), folds=3)


@pytest.fixture(scope="module")
def trained(data, recipe, tmp_path_factory):
    return train(data, recipe, tmp_path_factory.mktemp("trained") / "model", run=Run(jobs=2, quiet=True))


def test_a_codebook_of_other_frames_trains_with_no_change(trained):
    assert trained.model.codebook.names == ("rain", "frost", "contract", "talks")
    assert trained.model.score(["talks and talks about talks"])[0].present == ("talks",)


def test_the_model_beats_every_floor_it_should_and_the_floors_are_there(trained):
    assert set(trained.measures) == {"small", "all-positive", "prior", "TF-IDF + logistic regression"}
    ours = trained.measures["small"]["macro_f1"]
    assert ours.low > trained.measures["all-positive"]["macro_f1"].high
    assert ours.low > trained.measures["prior"]["macro_f1"].high


def test_figures_in_the_manifest_are_those_of_the_held_out_answers(trained):
    written = read_manifest(trained.folder).metrics["small"]
    assert written["f1/rain"]["value"] == pytest.approx(value(f1, trained.answers)[0])


def test_the_folder_says_what_it_was_made_of(trained, data):
    manifest = read_manifest(trained.folder)
    assert manifest.data["digest"] == data.digest
    assert (manifest.data["passages"], manifest.data["groups"]) == (120, 60)
    assert manifest.encoder["fingerprint"] == trained.model.encoder.fingerprint
    assert manifest.recipe["seed"] == 0
    check_golden(load_model(trained.folder), trained.folder)


def test_the_card_holds_the_figures_and_the_failures(trained):
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert str(trained.measures["small"]["macro_f1"]) in card
    assert "## When not to use it" in card
    assert "Held-out passages it was surest about and wrong" in card


def test_the_card_goes_from_how_good_it_is_over_whether_it_holds_to_where_it_fails(trained):
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    order = [
        "Near copies", "## How good it is", "calibration error", "## Does it hold", "Contrast pairs", "at other shares", "Slices",
        "among the surest part", "Leaving kinds out", "## Where it fails", "## When not to use it",
    ]  # fmt: skip
    places = [card.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


def test_near_copies_across_groups_are_in_no_two_folds_and_the_data_keep_their_digest(data, recipe, tmp_path, monkeypatch):
    dealt: list[list[str]] = []

    def watched(dataset, *rest):
        dealt.append(dataset.groups)
        return held_out(dataset, *rest)

    monkeypatch.setattr("training.train.held_out", watched)
    copied = replace(data.passages[0], id="copy", group="elsewhere", text=data.passages[0].text + " indeed")
    both = Dataset(FOUR, (*data.passages, copied))
    result = train(both, recipe, tmp_path / "model", run=Run(jobs=2, quiet=True), leave_kinds_out=False)
    assert [(pair.first, pair.second) for pair in result.judged.copies.pairs] == [("p0-0", "copy")]
    assert result.manifest.data["digest"] == both.digest
    assert both.groups[0] != both.groups[-1]
    assert dealt[0][0] == dealt[0][-1]
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "p0-0 and copy" in card
    assert "`framing train --leave-kinds-out` does" in card


def test_the_same_seed_gives_the_same_model(data, recipe, trained, tmp_path):
    again = train(data, recipe, tmp_path / "again", run=Run(jobs=1, quiet=True))
    assert again.manifest.version == trained.manifest.version
    assert json.loads((tmp_path / "again" / "golden.json").read_text()) == json.loads((trained.folder / "golden.json").read_text())


def test_a_passage_is_never_scored_by_heads_that_saw_its_group(recipe, compiled_encoder, monkeypatch):
    """Labels that follow the group alone cannot be guessed for a group that is held out."""
    data = weather(groups=40, twins=5)
    generator = np.random.default_rng(1)
    side = {group: bool(generator.random() < 0.5) for group in dict.fromkeys(data.groups)}
    one = Codebook("One", FOUR.frames[:1])
    passages = tuple(replace(passage, frames=("rain",) if side[passage.group] else ()) for passage in data.passages)
    unfair = Dataset(one, passages)
    unseen = held_out(unfair, recipe, compiled_encoder.encode(unfair.texts).vectors, run=Run(jobs=1))
    right = (sum(unseen.blocks)[:, 0] > 0) == unfair.labels[:, 0]
    assert right.mean() < 0.65

    monkeypatch.setattr(
        "training.heldout.split_groups", lambda groups, folds, _: list(KFold(folds, shuffle=True, random_state=0).split(groups))
    )
    leaking = held_out(unfair, recipe, compiled_encoder.encode(unfair.texts).vectors, run=Run(jobs=1))
    assert ((sum(leaking.blocks)[:, 0] > 0) == unfair.labels[:, 0]).mean() > 0.75


def test_a_recipe_that_fine_tunes_does_so_in_every_fold_on_its_own_passages_alone(data, small_transformer, tmp_path, monkeypatch):
    tuned_on: list[set[str]] = []

    def watched(model, texts, *rest):
        tuned_on.append(set(texts))
        finetune(model, texts, *rest)

    monkeypatch.setattr("training.transformer.build.finetune", watched)
    tuned = Recipe("tuned", "small", encoder=str(small_transformer), terms=False, folds=2, finetuning=FineTuning(epochs=1, least_steps=1))
    result = train(data, tuned, tmp_path / "tuned", run=Run(quiet=True))
    assert [len(texts) for texts in tuned_on] == [120, 60, 60]
    assert not tuned_on[1] & tuned_on[2]
    assert result.model.vocabulary is None
    assert result.answers.probabilities.shape == (120, 4)
    assert result.manifest.recipe["finetuning"]["epochs"] == 1


def test_a_fine_tuned_transformer_is_kept_for_recipes_that_share_it(data, small_transformer, tmp_path, monkeypatch):
    times: list[int] = []

    def counted(model, texts, *rest):
        times.append(len(texts))
        finetune(model, texts, *rest)

    monkeypatch.setattr("training.transformer.build.finetune", counted)
    tuned = Recipe("tuned", "small", encoder=str(small_transformer), terms=False, folds=2, finetuning=FineTuning(epochs=1, least_steps=1))
    first = train(data, tuned, tmp_path / "first", run=Run(quiet=True, cache=tmp_path / "cache"))
    again = train(data, tuned, tmp_path / "again", run=Run(quiet=True, cache=tmp_path / "cache"))
    static = replace(tuned, name="static", distillation=Distillation(dimensions=8, epochs=1))
    distilled = train(data, static, tmp_path / "static", run=Run(quiet=True, cache=tmp_path / "cache"))
    assert times == [120, 60, 60]
    assert again.manifest.version == first.manifest.version
    assert distilled.manifest.encoder["kind"] == "static"
    assert load_model(tmp_path / "static").encoder.dimensions == 8
    train(data, tuned, tmp_path / "other", run=Run(seed=1, quiet=True, cache=tmp_path / "cache"))
    assert len(times) == 6


def test_words_and_copies_that_were_looked_for_ahead_are_not_looked_for_again(data, small_transformer, tmp_path):
    for kept in (copies._pairs, terms._counted):
        kept.cache_clear()
    look_ahead(data)
    recipe = Recipe("small", "small", encoder=str(small_transformer), folds=2)
    train(data, recipe, tmp_path / "model", run=Run(jobs=1, quiet=True), leave_kinds_out=False)
    assert [kept.cache_info().misses for kept in (copies._pairs, terms._counted)] == [1, 1]


def test_a_cut_transformer_is_kept_beside_the_whole_one_it_learned_from(data, small_transformer, tmp_path):
    once = FineTuning(epochs=1, least_steps=1)
    compact = Recipe("compact", "small", encoder=str(small_transformer), finetuning=once, shortening=Shortening(1, teaching=once))
    run = Run(quiet=True, cache=tmp_path / "cache")
    first, again, whole = (
        build_encoder(data, recipe, tmp_path / name, run)
        for name, recipe in (("first", compact), ("again", compact), ("whole", replace(compact, shortening=None)))
    )
    assert len(list((tmp_path / "cache").iterdir())) == 2
    assert first.fingerprint == again.fingerprint != whole.fingerprint
    sizes = [(tmp_path / name / "encoder.onnx").stat().st_size for name in ("first", "whole")]
    assert sizes[0] < sizes[1]


def test_a_recipe_that_smooths_compiles_other_weights_for_the_same_vectors(data, small_transformer, tmp_path):
    rough = Recipe("rough", "small", encoder=str(small_transformer))
    one, other = (build_encoder(data, recipe, tmp_path / recipe.name) for recipe in (rough, replace(rough, name="smooth", smoothing=True)))
    assert one.fingerprint != other.fingerprint
    assert ((one.encode(data.texts[:8]).vectors * other.encode(data.texts[:8]).vectors).sum(axis=1) > 0.99).all()


def test_a_frame_in_too_few_groups_is_refused_by_name(data):
    rare = tuple(replace(passage, frames=("rain",) if row == 0 else ()) for row, passage in enumerate(data.passages))
    with pytest.raises(TrainingError, match="frame 'rain' stands in 1 groups and is missing in 60; training needs at least 3 of each"):
        check_trainable(Dataset(FOUR, rare), 3)


def test_a_hidden_layer_is_taught_by_as_many_passages_as_it_needs_and_left_out_with_fewer(data, recipe, tmp_path):
    units = HiddenUnits(units=4, networks=1, steps=5, least_passages=len(data))
    layered = train(data, replace(recipe, hidden=units), tmp_path / "layered", run=Run(quiet=True), leave_kinds_out=False)
    assert load_model(layered.folder).heads.layer.weights.shape == (4, layered.model.encoder.dimensions)
    assert layered.manifest.recipe["hidden"]["units"] == 4
    more = replace(units, least_passages=len(data) + 1)
    linear = train(data, replace(recipe, hidden=more), tmp_path / "linear", run=Run(quiet=True), leave_kinds_out=False)
    assert linear.model.heads.layer is None
    assert linear.manifest.recipe["hidden"]["least_passages"] == len(data) + 1  # as asked for, so that more passages may teach it
    assert f"The heads are linear and read passages whole: a hidden layer is taught by {len(data) + 1} passages" in linear.judged.notes[0]
    assert layered.judged.notes == ()
    assert (load_model(layered.folder).heads.parts, linear.model.heads.parts) == (True, False)
    card = (linear.folder / "README.md").read_text(encoding="utf-8")
    assert "Grouped cross-validation over the training passages" in card
    assert linear.judged.notes[0] in card


def test_an_unknown_recipe_is_an_error_that_lists_the_recipes():
    with pytest.raises(TrainingError, match="there is no recipe 'huge'; accepted are " + ", ".join(recipe.name for recipe in RECIPES)):
        recipe_named("huge")


def test_two_folds_do_where_half_of_the_passages_teach_an_encoder_enough():
    assert [recipe_named("compact").over_passages(passages).folds for passages in (9_999, 10_000)] == [3, 2]
    assert recipe_named("frozen").over_passages(10_000).folds == 5


def test_languages_are_those_the_passages_are_in(data):
    german = replace(data.passages[0], text="Der Präsident sprach am Montag in Berlin lange über das Wetter und den Regen.", frames=())
    half = Dataset(FOUR, tuple(replace(german, id=str(row)) for row in range(60)) + data.passages[:60])
    assert trained_languages(half) == ("de", "en")
    assert trained_languages(data) == ("en",)


def test_a_language_that_thirty_passages_name_counts_however_many_others_there_are():
    many = weather(groups=400)
    named = tuple(replace(passage, language="fr" if row < 30 else "nl" if row < 59 else None) for row, passage in enumerate(many.passages))
    assert trained_languages(Dataset(FOUR, named)) == ("en", "fr")


def test_a_folder_that_holds_something_else_is_never_replaced(data, recipe, tmp_path):
    (tmp_path / "labels.csv").write_text("precious")
    with pytest.raises(ModelFolderError, match="holds something else than a model, which would be lost"):
        train(data, recipe, tmp_path, run=Run(quiet=True))
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_evaluation_passages_that_were_trained_on_are_refused(data):
    with pytest.raises(TrainingError, match="2 texts and 1 groups of the evaluation passages stand in the training data too"):
        check_apart(data, data.subset([0, 1]))
