"""The benchmark on the Gun Violence Frame Corpus, with two folds of a corpus made here in its shape."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from benchmarks.gvfc import __main__ as gvfc
from benchmarks.gvfc.corpus import load_fold, read_codebook
from benchmarks.trials import read_results
from tests.conftest import SHARED
from tests.test_trials import Knowing, Refusing

CORPUS = SHARED / "benchmarks" / "gvfc"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "gvfc"
    folder.mkdir()
    for fold in range(2):
        train = [{"text": f"headline {fold} {at}", "labels": [("politics", "economy")[at % 2]]} for at in range(6)]
        test = [{"text": f"headline {fold} 0", "labels": ["politics"]}, {"text": f"new {fold}", "labels": ["economy", "politics"]}]
        for part, rows in (("train", train), ("test", test)):
            (folder / f"en_fold{fold}_{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def knowing(monkeypatch):
    monkeypatch.setattr(gvfc, "contenders", lambda *_: [Knowing(), Refusing()])


def test_a_fold_is_read_as_it_is_published_with_frames_in_the_codebooks_order(folder):
    codebook = read_codebook(folder)
    train, test = load_fold(folder, 1, codebook)
    assert codebook.names == ("economy", "politics")
    assert (len(train), len(test)) == (6, 2)
    assert test.labels.tolist() == [[False, True], [True, True]]
    assert set(train.groups) & set(test.groups) == {"headline 1 0"}


def test_results_come_fold_by_fold_and_the_table_says_how_decisions_are_made(folder, knowing, tmp_path):
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(gvfc.command, ["--data", str(folder), "--folds", "2", "--out", str(out)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "fold 0: 6 train and 2 test headlines; 1 texts stand in both"
    assert lines[1].startswith("GVFC, fold 0, draw 0, knowing: macro F1 1.000")
    assert lines[3].startswith("fold 1: ")
    assert "a frame is found from its threshold up" in result.output
    assert "| knowing | 1.000 (1.000 to 1.000) |" in result.output
    assert "2 of 2 refused: too few" in result.output
    assert len(read_results(out)) == 4


def test_one_fold_may_be_run_and_the_table_joins_it_with_what_was_there(folder, knowing, tmp_path):
    out = tmp_path / "out.jsonl"
    for fold in ("1", "0"):
        result = CliRunner().invoke(gvfc.command, ["--data", str(folder), "--fold", fold, "--out", str(out)])
    assert "fold 1:" not in result.output
    assert "| 2 | seed 0, 6 passages |" in result.output
    alone = CliRunner().invoke(gvfc.command, ["--table", "--out", str(out)])
    assert alone.output.strip() == result.output[result.output.index("Decisions:") :].strip()


@pytest.mark.parametrize("flag", ["--table", "--resume"])
def test_what_reads_earlier_results_needs_their_file(folder, flag):
    refused = CliRunner().invoke(gvfc.command, ["--data", str(folder), flag])
    assert refused.exit_code == 2
    assert "--table and --resume need --out, the file with the results" in refused.output


def test_the_folder_of_the_results_is_made(folder, knowing, tmp_path):
    out = tmp_path / "new" / "runs" / "out.jsonl"
    CliRunner().invoke(gvfc.command, ["--data", str(folder), "--fold", "0", "--out", str(out)])
    assert len(read_results(out)) == 2


def test_a_corpus_that_is_not_there_is_said_to_be_skipped(tmp_path):
    result = CliRunner().invoke(gvfc.command, ["--data", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert f"skipped: the corpus is not at {tmp_path / 'nowhere'}" in result.output


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"skipped: the corpus is not at {CORPUS}")
def test_the_published_folds_have_nine_frames_and_six_repeated_texts():
    codebook = read_codebook(CORPUS)
    folds = [load_fold(CORPUS, fold, codebook) for fold in range(5)]
    assert len(codebook.names) == 9
    assert sum(len(test) for _, test in folds) == 1300
    assert sum(len(set(train.groups) & set(test.groups)) for train, test in folds) == 6
