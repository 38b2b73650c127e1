"""The model that answers now, as where a quick retraining starts: its encoder, its heads, and what it has learned from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from framing.artifact import Manifest, load_model, read_manifest
from framing.data import Dataset
from framing.encoder import SavedEncoder
from framing.errors import TrainingError
from framing.model import FramingModel
from training.adapt import FEWEST_GROUPS
from training.hidden_units import HiddenUnits
from training.learned import Learned, learned_from
from training.recipes import Recipe


@dataclass(frozen=True)
class Champion:
    """A model to start from. `learned` is None where nobody knows what it has learned from."""

    model: FramingModel
    encoder: SavedEncoder
    manifest: Manifest
    learned: Learned | None = None

    @property
    def taught(self) -> bool:
        """Whether its encoder, or the one that it was started from, has itself learned from labelled passages."""
        made = self.manifest.recipe
        learned = any(made.get(how) is not None for how in ("finetuning", "shortening", "distillation"))
        return learned or bool(made.get("over", {}).get("taught"))

    @property
    def origin(self) -> dict[str, Any]:
        """What the manifest of a model that was started from it says of it; `learned`, the digests of data sets that taught its encoder."""
        made = self.manifest
        said = {"version": made.version, "recipe": str(made.recipe["name"]), "taught": self.taught, "run": made.run}
        return {**said, "learned": digests(made)} if self.taught else said


def digests(manifest: Manifest) -> list[str]:
    """Of the data sets that a model has learned from, those included that taught the models it was started from."""
    own = manifest.data.get("digest")
    return [*([own] if own else []), *manifest.recipe.get("over", {}).get("learned", ())]


def open_champion(folder: Path, learned: Learned | None = None) -> Champion:
    """The model of a folder. Raises ModelFolderError."""
    model = load_model(folder)
    assert isinstance(model.encoder, SavedEncoder)
    return Champion(model, model.encoder, read_manifest(folder), learned)


def with_lesson_told(champion: Champion, told: Dataset | None) -> Champion:
    """The champion with what files say it has learned from. Raises TrainingError where a run says that already, and for other passages
    than those of its manifest; one that was itself started from a model has learned from more than these, and is taken at their word."""
    if told is None:
        return champion
    made = champion.manifest
    if champion.learned is not None:
        raise TrainingError(f"run {made.run} tells what the champion {made.version} has learned from; leave --trained-on out")
    known = (made.data["passages"], made.data["frames"])
    if told.codebook.names != champion.model.codebook.names:
        known = (known[0], _counts(told)[1])  # frames that it did not know cannot be counted
    if "over" not in made.recipe and _counts(told) != known:
        raise TrainingError(
            f"--trained-on names other passages than those that {made.version} was trained on: {_counted(_counts(told))}, where its "
            f"manifest tells of {_counted(known)}"
        )
    return replace(champion, learned=learned_from(told))


def _counts(dataset: Dataset) -> tuple[int, dict[str, int]]:
    """What can be held against a manifest: its digest is also over styles and coders, which another file of the same labels may lack."""
    return len(dataset), dict(zip(dataset.codebook.names, dataset.labels.sum(axis=0).tolist(), strict=True))


def _counted(counts: tuple[int, dict[str, int]]) -> str:
    return f"{counts[0]} ({', '.join(f'{name} {count}' for name, count in counts[1].items())})"


def over(recipe: Recipe, champion: Champion) -> Recipe:
    """The recipe with the features, the regularisation and the hidden layer of the champion's.

    Raises TrainingError where that has a hidden layer of which more or less is told than this program can make.
    """
    made, own = champion.manifest.recipe, asdict(recipe)
    known = {name: made.get(name, own[name]) for name in ("encoder", "terms", "vector_strength", "term_strength")}
    return replace(recipe, **known, hidden=_hidden_units(champion.manifest))


def _hidden_units(manifest: Manifest) -> HiddenUnits | None:
    said: Any = manifest.recipe.get("hidden")
    if not said:
        return None
    if isinstance(said, dict):
        said = {"parts": False, **said}  # older ones do not tell, and read none
    known = {field.name for field in fields(HiddenUnits)}
    if not isinstance(said, dict) or set(said) != known:
        told = ", ".join(sorted(said)) if isinstance(said, dict) else repr(said)
        raise TrainingError(
            f"of the hidden units of the champion {manifest.version} its manifest tells {told}; wanted are {', '.join(sorted(known))}: "
            "train anew by another recipe, or with the version of framing that made it"
        )
    return HiddenUnits(**said)


@dataclass(frozen=True)
class Lesson:
    """What is learned and judged: passages, and the sentences that say why these, and how many are new to the champion."""

    passages: Dataset
    learned: Learned
    """What the model will have learned from in the end."""
    notes: tuple[str, ...] = ()
    new: int | None = None


def lesson_of(dataset: Dataset, champion: Champion | None) -> Lesson:
    """All passages; over a champion whose encoder has learned from passages, those with labels that are new to it.

    Raises TrainingError where these cannot be told, or are too few.
    """
    here = learned_from(dataset)
    if champion is None:
        return Lesson(dataset, here)
    who = f"the champion {champion.manifest.version} ({champion.manifest.recipe['name']})"
    if not champion.taught:
        new = None if champion.learned is None else len(champion.learned.new_in(dataset).passages)
        told = "" if new is None else f", {new} of which are new to it"
        why = f"The encoder of {who} has not learned from labels, so that its vectors flatter no passage"
        return Lesson(dataset, here, (f"{why}: new heads were fitted to all {len(dataset)} passages{told}.",), new)
    return _new_lesson(dataset, champion, who)


def _new_lesson(dataset: Dataset, champion: Champion, who: str) -> Lesson:
    if champion.learned is None:
        raise TrainingError(
            f"the encoder of {who} has learned from passages, and nobody knows which; name their files with --trained-on, "
            "so that figures are taken on others"
        )
    if dataset.codebook.names != champion.model.codebook.names:
        frames = ", ".join(champion.model.codebook.names)
        raise TrainingError(f"{who} labels {frames}; heads for other frames need a recipe that trains anew, such as frozen")
    found = champion.learned.new_in(dataset)
    groups = len(set(found.passages.groups))
    if groups < FEWEST_GROUPS:
        raise TrainingError(
            f"{len(found.passages)} of {len(dataset)} passages, in {groups} groups, have labels that are new to {who}; "
            f"heads are moved by new labels only, and judged over groups of them: at least {FEWEST_GROUPS} are needed"
        )
    notes = [
        f"The encoder of {who} was itself taught by labelled passages, and on these any heads look better than they are. So its heads "
        f"were moved by the {len(found.passages)} labels that are new to it, and every figure here is on these passages alone."
    ]
    if found.corrected:
        notes.append(f"Of {found.corrected} of them it had learned the text with other labels.")
    if found.beside:
        notes.append(f"{found.beside} of them stand in groups that it has learned from, which flatters.")
    return Lesson(found.passages, champion.learned | learned_from(dataset), tuple(notes), len(found.passages))
