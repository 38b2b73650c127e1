"""`framing labels`: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.cli import framing
from framing.codebook import Codebook
from framing.data import load_dataset

LABELLED = """\
text,frames,coder
Rain fell.,rain,anna
Rain fell.,rain,ben
Frost came.,rain;frost,anna
Frost came.,frost,ben
Nothing.,,anna
Nothing.,,ben
"""


@pytest.fixture
def codebook(tmp_path: Path, tiny_codebook: Codebook) -> Path:
    path = tmp_path / "codebook.json"
    path.write_text(json.dumps(tiny_codebook.as_dict()), encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path):
    """Call `framing labels` with a store that FRAMING_LABELS names."""

    def call(*arguments: object, **environment: str) -> Result:
        env = {"FRAMING_LABELS": str(tmp_path / "labels.db"), **environment}
        return CliRunner(env=env).invoke(framing, ["labels", *map(str, arguments)], prog_name="framing")

    return call


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(LABELLED, encoding="utf-8")
    return path


def done(result: Result) -> str:
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def test_labels_go_in_and_come_out_in_another_format(run, rows, codebook, tmp_path, tiny_codebook):
    assert done(run("import", rows, "--codebook", codebook)) == "6 new, 0 replaced, 0 as before\n"
    assert done(run("import", rows, "--codebook", codebook)) == "0 new, 0 replaced, 6 as before\n"
    target = tmp_path / "out.jsonl"
    assert done(run("export", target)) == f"6 labels in {target}\n"
    assert len(load_dataset([target], tiny_codebook)) == 6
    assert done(run("export", target, "--settled")) == f"2 labels in {target}; 1 texts are not settled\n"


def test_an_import_says_of_how_many_rows_only_the_origin_is_another(run, rows, codebook):
    run("import", rows, "--codebook", codebook)
    rows.write_text("text,frames,coder,style\nRain fell.,rain,anna,news\n", encoding="utf-8")
    counts = "0 new, 0 replaced, 0 as before\n1 with the frames of before but another group, style or language: "
    assert done(run("import", rows, "--codebook", codebook)) == f"{counts}left as they were; --replace takes these over\n"
    assert done(run("import", rows, "--codebook", codebook, "--replace")) == f"{counts}replaced too\n"
    assert done(run("import", rows, "--codebook", codebook)) == "0 new, 0 replaced, 1 as before\n"


def test_the_codebook_is_the_models_where_none_is_given(run, rows, codebook, tmp_path):
    codebook.rename(tmp_path / "codebook.json")
    assert done(run("import", rows, "--model", tmp_path)).startswith("6 new")
    assert "manifest" not in run("import", rows, "--model", tmp_path / "nowhere").stderr


def test_a_refused_import_names_the_rows_and_keeps_nothing(run, rows, codebook):
    rows.write_text("text,frames\nRain.,rain\nHail.,hail\n", encoding="utf-8")
    result = run("import", rows, "--codebook", codebook, "--coder", "anna")
    assert result.exit_code == 1
    assert result.stderr == f"Error: {rows}, row 3: unknown frame 'hail'; accepted are rain, frost\n"
    assert "the store holds no labels" in run("agreement").stderr


def test_reading_from_a_store_that_is_not_there_makes_none(run, tmp_path):
    for arguments in (["export", tmp_path / "out.csv"], ["agreement"], ["disagreements"]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == f"Error: label store {tmp_path / 'labels.db'}: there is no such file\n"
    assert list(tmp_path.iterdir()) == []


def test_without_a_store_it_says_how_to_name_one(run):
    result = run("agreement", FRAMING_LABELS="")
    assert result.exit_code == 2
    assert "Missing option '--labels' (env var: 'FRAMING_LABELS')" in result.stderr


def test_agreement_is_a_table_and_every_figure_as_json(run, rows, codebook):
    run("import", rows, "--codebook", codebook)
    assert (
        done(run("agreement"))
        == """\
3 texts labelled by two or more of anna, ben; they differ on 1

               alpha   agree   labels
whole answer   0.615     67%        4
rain           0.444     67%        3
frost          1.000    100%        2

Krippendorff (2018) asks for an alpha of 0.800, and for tentative conclusions at least 0.667.
"""
    )
    figures = json.loads(done(run("agreement", "--json")))
    assert (figures["texts"], figures["disputed"]) == (3, 1)
    assert figures["frames"]["rain"]["alpha"] == pytest.approx(4 / 9)


def test_a_disagreement_is_settled_by_an_import_that_leaves_the_coders_labels_alone(run, rows, codebook, tmp_path, tiny_codebook):
    run("import", rows, "--codebook", codebook)
    (line,) = done(run("disagreements")).splitlines()
    waiting = json.loads(line)
    assert (waiting["text"], waiting["disputed"]) == ("Frost came.", ["rain"])
    assert waiting["answers"] == {"anna": ["rain", "frost"], "ben": ["frost"]}
    before = json.loads(done(run("agreement", "--json")))
    decision = tmp_path / "decided.jsonl"
    decision.write_text(json.dumps({**waiting, "frames": ["frost"], "coder": "dora"}), encoding="utf-8")
    assert done(run("import", decision, "--codebook", codebook, "--role", "adjudicator")).startswith("1 new")
    assert done(run("disagreements")) == ""
    assert json.loads(done(run("agreement", "--json"))) == before
    target = tmp_path / "all.csv"
    told = "what adjudicators have said of 1 texts is not among them: --settled goes by it"
    assert done(run("export", target)) == f"6 labels in {target}\n{told}\n"
    target = tmp_path / "settled.csv"
    assert done(run("export", target, "--settled")) == f"3 labels in {target}\n"
    settled = {passage.text: (passage.coder, passage.frames) for passage in load_dataset([target], tiny_codebook).passages}
    assert settled["Frost came."] == ("dora", ("frost",))


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    path = tmp_path / "pool.csv"
    path.write_text("text,id\nSky.,s\nRain fell.,r\nSome rain with words of other things beside it.,u\n", encoding="utf-8")
    return path


@pytest.fixture
def tiny(monkeypatch, tiny_model) -> None:
    monkeypatch.setattr("framing.artifact.load_model", lambda _: tiny_model)


def test_the_next_texts_are_lines_that_a_coder_fills_in_and_imports(run, tiny, pool, codebook, tmp_path):
    lines = done(run("next", "--pool", pool, "--count", 2, FRAMING_LABELS="")).splitlines()
    first = json.loads(lines[0])
    assert (len(lines), first["id"], first["why"]["frame"]) == (2, "u", "rain")
    filled = tmp_path / "filled.jsonl"
    filled.write_text(json.dumps({**first, "frames": ["rain"], "coder": "anna"}), encoding="utf-8")
    assert done(run("import", filled, "--codebook", codebook)).startswith("1 new")
    assert [json.loads(line)["id"] for line in done(run("next", "--pool", pool)).splitlines()] == ["r", "s"]


def test_the_next_texts_can_go_to_a_file_and_none_are_left_when_all_have_labels(run, tiny, pool, codebook, rows, tmp_path):
    out = tmp_path / "next.csv"
    assert done(run("next", "--pool", pool, "--out", out, FRAMING_LABELS="")) == f"3 texts in {out}, of 3 without a label\n"
    assert out.read_text(encoding="utf-8").startswith("id,group,text,style,language,why\nu,,Some rain")
    run("import", rows, "--codebook", codebook)
    pool.write_text("text\nRain fell.\n", encoding="utf-8")
    assert done(run("next", "--pool", pool)) == ""


def test_the_next_texts_never_take_the_place_of_their_pool(run, tiny, pool):
    before = pool.read_bytes()
    problem = run("next", "--pool", pool, "--out", pool, FRAMING_LABELS="").stderr
    assert "is the pool itself, whose other texts would be lost; write to another file" in problem
    assert pool.read_bytes() == before


def test_a_store_that_is_named_but_not_there_is_no_reason_to_show_every_text(run, tiny, pool):
    assert "there is no such file" in run("next", "--pool", pool).stderr
