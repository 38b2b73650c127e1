"""The table of recipes by one command."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from benchmarks import recipes
from benchmarks.recipes import Row, cells, megabytes, passages_a_second, read_rows, thinned
from framing.data import Dataset, LabelledPassage
from framing.errors import DataError
from training.intervals import Figure
from training.recipes import Recipe

FIGURES = {"macro_f1": Figure(0.9, 0.88, 0.92), "mean_average_precision": Figure(0.95, 0.94, 0.96)}


def row(name: str, seconds: float | None = 61.6) -> Row:
    return Row(name, "v1", 3296, FIGURES, (FIGURES,) * len(recipes.EVALUATION), seconds, 1234.5, 24.96)


def test_a_line_shows_figures_with_their_intervals_seconds_speed_and_size():
    assert cells(row("frozen")) == [
        "`frozen`", "3,296", "0.900 [0.880, 0.920]", "0.950 [0.940, 0.960]", "0.900 [0.880, 0.920]", "0.950 [0.940, 0.960]",
        "0.900 [0.880, 0.920]", "0.950 [0.940, 0.960]", "0.900 [0.880, 0.920]", "0.950 [0.940, 0.960]", "62", "1,234", "25.0",
    ]  # fmt: skip
    assert len(cells(row("frozen"))) == len(recipes.HEADER)
    assert cells(row("finetuned", None))[-3] == "-"


def test_size_is_that_of_all_files_below_the_folder(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(b"x" * 1_000_000)
    (tmp_path / "inner" / "b").write_bytes(b"x" * 500_000)
    assert megabytes(tmp_path) == 1.5


def test_speed_is_taken_on_texts_from_all_over_the_data(tiny_model, monkeypatch):
    scored = []
    monkeypatch.setattr(type(tiny_model), "score", lambda _, texts: scored.append(list(texts)))
    assert passages_a_second(tiny_model, [str(at) for at in range(1000)], rounds=2) > 0
    assert [len(texts) for texts in scored] == [10, 200, 200]
    assert scored[1][-1] == "995"


def test_thinned_data_keeps_whole_groups(tiny_codebook):
    data = Dataset(tiny_codebook, tuple(LabelledPassage(str(at), str(at), (), f"g{at // 2}") for at in range(12)))
    assert thinned(data, 3).groups == ["g0", "g0", "g3", "g3"]
    assert thinned(data, 1).digest == data.digest


@pytest.fixture
def run(monkeypatch, tmp_path, small_transformer):
    """The command over two recipes, one of which has no encoder to be found, on a small part of the seeds."""
    made = Recipe("small", "", encoder=str(small_transformer), folds=2), Recipe("lost", "", encoder=str(tmp_path / "nowhere"), folds=2)
    monkeypatch.setattr(recipes, "RECIPES", made)

    def invoke(*arguments: str):
        given = ["--no-track", "--every", "30", "--folder", str(tmp_path / "models"), "--out", str(tmp_path / "out.jsonl"), *arguments]
        return CliRunner().invoke(recipes.command, given)

    return invoke


def test_every_recipe_is_trained_saved_and_told_and_one_that_cannot_be_is_skipped_by_name(run, tmp_path):
    result = run()
    assert result.exit_code == 0, result.output
    assert "skipped: recipe lost: encoder" in result.output
    assert result.output.splitlines()[-1].startswith("| `small` | ")
    assert (tmp_path / "models" / "small" / "manifest.json").is_file()
    (known,) = read_rows(tmp_path / "out.jsonl")
    assert known.cross_validated["macro_f1"].low <= known.cross_validated["macro_f1"].value
    assert run("--table").output.splitlines()[-1] == result.output.splitlines()[-1]


def test_of_several_lines_of_a_recipe_the_last_counts_and_one_that_is_none_is_refused(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("".join(json.dumps(asdict(line)) + "\n" for line in (row("a", 1), row("b", 2), row("a", 3))))
    assert [(line.recipe, line.training_seconds) for line in read_rows(out)] == [("a", 3), ("b", 2)]
    assert read_rows(out)[0].evaluated == (FIGURES,) * len(recipes.EVALUATION)
    out.write_text("[]\n")
    with pytest.raises(DataError, match="row 1: is not a line of this table"):
        read_rows(out)


def test_a_recipe_with_no_data_of_its_own_is_trained_on_the_seeds_and_sealed_passages_are_refused(monkeypatch):
    codebook = recipes.load_codebook(recipes.SEEDS / "codebook.toml")
    monkeypatch.setattr(recipes, "OWN_DATA", {"greedy": ("passages.jsonl", "challenge.jsonl")})
    assert len(recipes.own_data(Recipe("frozen", ""), codebook)) == len(recipes.load_dataset([recipes.SEEDS / "passages.jsonl"], codebook))
    with pytest.raises(DataError, match="has sealed passages"):
        recipes.own_data(Recipe("greedy", ""), codebook)
