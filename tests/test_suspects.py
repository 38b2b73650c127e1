"""Likely label errors: what a model that has not seen a passage is sure of, against what a coder said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("cleanlab", reason="skipped: cleanlab is not installed")

from framing.cli import framing
from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage, load_dataset
from framing.errors import TrainingError
from framing.labels import Label
from framing.labels.exchange import labelled_passages
from tests.conftest import WordEncoder
from tests.test_agreement import current
from training.recipes import Recipe
from training.suspects import find_suspects, unseen_probabilities

WRONG = {"p-7": ("frost",), "p-20": (), "p-41": ("rain", "frost")}
"""Passages with another label than their words say."""


@pytest.fixture
def dataset(tiny_codebook: Codebook) -> Dataset:
    """Passages that say their frames in so many words, and three labels that do not."""
    generator = np.random.default_rng(0)
    passages = []
    for number in range(120):
        said = [("rain",), ("frost",), (), ("rain", "frost")][number % 4]
        words = [*said, *generator.choice(["town", "road", "field", "night", "day", "north", "hill", "lake"], 5)]
        frames = WRONG.get(f"p-{number}", said)
        passages.append(LabelledPassage(f"p-{number}", f"{' '.join(words)} x{number}", frames, f"g-{number}", coder="anna"))
    return Dataset(tiny_codebook, tuple(passages))


@pytest.fixture
def words_for_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.suspects.build_encoder", lambda *_: WordEncoder())


def test_labels_that_were_put_wrong_are_the_suspects(dataset, words_for_vectors):
    probabilities = unseen_probabilities(dataset, Recipe("words", "as they are"))
    found = list(find_suspects(dataset, probabilities))
    assert {suspect.passage.id for suspect in found[:3]} == set(WRONG)
    first = {suspect.passage.id: suspect.doubtful[0] for suspect in found}
    for number in WRONG:
        doubt, text = first[number], next(passage.text for passage in dataset.passages if passage.id == number)
        assert doubt.given is (doubt.frame not in text)
        assert (doubt.probability < 0.5) is doubt.given
    assert [suspect.quality for suspect in found] == sorted(suspect.quality for suspect in found)


def test_labels_that_agree_with_the_probabilities_are_not_suspected(dataset):
    assert list(find_suspects(dataset, np.where(dataset.labels, 0.95, 0.05))) == []


def test_a_passage_with_two_doubtful_frames_names_the_more_doubtful_first(dataset):
    probabilities = np.where(dataset.labels, 0.95, 0.05)
    probabilities[0] = np.where(dataset.labels[0], [0.04, 0.01], [0.96, 0.99])
    (found,) = find_suspects(dataset, probabilities)
    assert found.passage.id == "p-0"
    assert [one.frame for one in found.doubtful] == ["frost", "rain"]


def test_a_near_copy_in_another_group_does_not_vouch_for_a_label(dataset, words_for_vectors, monkeypatch):
    """Both copies carry the same wrong label; each is judged by models that have seen neither."""
    seen = {}

    def spy(apart: Dataset, *_: object) -> object:
        seen["groups"] = apart.groups
        raise InterruptedError

    long = "of a night on the road to the town by the lake below the hill"
    twins = [replace(dataset.passages[at], text=f"{long} number {at}") for at in (0, 1)]
    monkeypatch.setattr("training.suspects.held_out", spy)
    with pytest.raises(InterruptedError):
        unseen_probabilities(Dataset(dataset.codebook, (*twins, *dataset.passages[2:])), Recipe("words", "as they are"))
    assert seen["groups"][0] == seen["groups"][1]


def test_too_few_labels_are_refused_with_the_reason(dataset, words_for_vectors):
    with pytest.raises(TrainingError, match="training needs at least 5 of each"):
        unseen_probabilities(dataset.subset(range(8)), Recipe("words", "as they are"))


def test_of_a_store_every_coders_label_counts_unless_an_adjudicator_has_decided(tiny_codebook):
    labels = current(
        tiny_codebook,
        Label("One.", ("rain",), "anna"), Label("One.", (), "ben"),
        Label("Two.", ("rain",), "anna"), Label("Two.", ("frost",), "dora", "adjudicator"),
    )  # fmt: skip
    passages = list(labelled_passages(labels))
    assert [(passage.text, passage.coder, passage.frames) for passage in passages] == [
        ("One.", "anna", ("rain",)), ("One.", "ben", ()), ("Two.", "dora", ("frost",)),
    ]  # fmt: skip
    assert passages[0].group == passages[1].group != passages[2].group


# --- the command ---


@pytest.fixture
def files(tmp_path: Path, dataset: Dataset) -> tuple[Path, Path]:
    """Labelled passages, and their codebook."""
    data, codebook = tmp_path / "labels.jsonl", tmp_path / "codebook.json"
    rows = ({"id": own.id, "group": own.group, "text": own.text, "frames": own.frames, "coder": own.coder} for own in dataset.passages)
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    codebook.write_text(json.dumps(dataset.codebook.as_dict()), encoding="utf-8")
    return data, codebook


def run(*arguments: object, **environment: str):
    return CliRunner(env={"FRAMING_LABELS": "", **environment}).invoke(framing, ["labels", *map(str, arguments)], prog_name="framing")


def test_suspects_are_lines_that_can_be_put_right_and_imported(files, words_for_vectors, tmp_path, dataset):
    data, codebook = files
    result = run("suspects", "--data", data, "--codebook", codebook)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["id"] for row in rows[:3]} == set(WRONG)
    assert rows[0]["doubtful"][0].keys() == {"frame", "given", "probability"}
    corrected = tmp_path / "corrected.jsonl"
    corrected.write_text(json.dumps({**rows[0], "frames": ["rain"]}), encoding="utf-8")
    assert load_dataset([corrected], dataset.codebook).passages[0].frames == ("rain",)


def test_the_labels_of_a_store_are_read_where_no_file_is_named(files, words_for_vectors, tmp_path):
    pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")
    data, codebook = files
    place = str(tmp_path / "labels.db")
    assert run("import", data, "--codebook", codebook, FRAMING_LABELS=place).exit_code == 0
    by_store, by_file = run("suspects", FRAMING_LABELS=place), run("suspects", "--data", data, "--codebook", codebook)
    assert by_store.stdout
    assert by_store.stdout == by_file.stdout


def test_a_suspect_that_an_adjudicator_decided_is_put_right_in_that_role(files, words_for_vectors, tmp_path):
    pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")
    data, codebook = files
    place = str(tmp_path / "labels.db")
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    wrong = next(row for row in rows if row["id"] == "p-7")
    decided = tmp_path / "decided.jsonl"
    decided.write_text(json.dumps({**wrong, "coder": "carla"}), encoding="utf-8")
    assert run("import", data, "--codebook", codebook, FRAMING_LABELS=place).exit_code == 0
    assert run("import", decided, "--codebook", codebook, "--role", "adjudicator", FRAMING_LABELS=place).exit_code == 0
    lines = map(json.loads, run("suspects", FRAMING_LABELS=place).stdout.splitlines())
    suspect = next(line for line in lines if line["id"] == "p-7")
    decided.write_text(json.dumps({**suspect, "frames": []}), encoding="utf-8")
    assert run("import", decided, "--replace", "--codebook", codebook, FRAMING_LABELS=place).stdout == "0 new, 1 replaced, 0 as before\n"


def test_near_copies_that_leave_a_frame_too_few_groups_are_an_error_that_says_so(tiny_codebook, words_for_vectors):
    stock = "rain fell on the road to the town by the lake below the hill in the north all day long"
    passages = [
        LabelledPassage(f"p-{row}", stock + f" {row}" if row < 6 else f"frost {row} on field {row * 7}" if row % 2 else f"day {row}",
                        ("rain",) if row < 6 else ("frost",) if row % 2 else (), f"g-{row}") for row in range(60)
    ]  # fmt: skip
    with pytest.raises(TrainingError, match="frame 'rain' stands in 1 groups"):
        unseen_probabilities(Dataset(tiny_codebook, tuple(passages)), Recipe("words", "as they are"))


def test_without_labels_it_says_how_to_name_some():
    result = run("suspects")
    assert result.exit_code == 2
    assert "name the labels: --data FILE, or --labels (FRAMING_LABELS) and the label store" in result.stderr


def test_sealed_passages_are_not_read(tmp_path, files):
    data = tmp_path / "sealed.jsonl"
    data.write_text(json.dumps({"text": "Rain.", "frames": ["rain"], "half": "sealed"}), encoding="utf-8")
    result = run("suspects", "--data", data, "--codebook", files[1])
    assert (result.exit_code, "has sealed passages" in result.stderr) == (1, True)


def test_a_codebook_of_one_frame_has_suspects_too(dataset, words_for_vectors):
    one = Codebook(dataset.codebook.title, dataset.codebook.frames[:1])
    passages = tuple(replace(passage, frames=tuple(frame for frame in passage.frames if frame == "rain")) for passage in dataset.passages)
    alone = Dataset(one, passages)
    found = list(find_suspects(alone, unseen_probabilities(alone, Recipe("words", "as they are"))))
    assert {suspect.passage.id for suspect in found[:3]} == set(WRONG)  # all three say otherwise of rain


def test_a_suspect_of_an_adjudicator_says_so_in_a_file_as_well(files, words_for_vectors):
    data, codebook = files
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    data.write_text("\n".join(json.dumps({**row, "role": "adjudicator"} if row["id"] == "p-7" else row) for row in rows), encoding="utf-8")
    found = {
        row["id"]: row.get("role") for row in map(json.loads, run("suspects", "--data", data, "--codebook", codebook).stdout.splitlines())
    }
    assert {number: found[number] for number in WRONG} == {"p-7": "adjudicator", "p-20": None, "p-41": None}
