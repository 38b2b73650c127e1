"""Versions that challenge the champion, over a real registry and real model folders."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from framing.artifact import save_model
from framing.cli import framing
from framing.data import open_rows_writer
from tests.test_training import weather
from training import tracking
from training.recipes import Recipe
from training.run import Run
from training.train import fit

LOOSE = "[macro_f1]\nloss = 1\n"
EVALUATION = ["--evaluation", "evaluation.jsonl"]


@pytest.fixture(scope="module")
def folders(small_transformer, tiny_manifest, tmp_path_factory):
    """A model of `weather`, one that never finds frost, and one that is the first again."""
    place, data = tmp_path_factory.mktemp("models"), weather()
    recipe = Recipe("small", "a small frozen encoder", encoder=str(small_transformer), folds=3)
    model = fit(data, recipe, tmp_path_factory.mktemp("encoder"), run=Run(jobs=1, quiet=True)).model
    thresholds = np.where(np.array(model.codebook.names) == "frost", 0.9999999, model.heads.thresholds)
    blind = replace(model, heads=replace(model.heads, thresholds=thresholds))
    manifest = replace(tiny_manifest, codebook=data.codebook.digest, data={"digest": data.digest}, languages=model.languages)
    for name, one in {"good": model, "blind": blind, "again": model}.items():
        save_model(one, place / name, manifest, data.texts[:12], "card")
    return place


@pytest.fixture
def client(registry, folders, tmp_path):
    """Version 1 never finds frost and is champion; versions 2 and 3 are good."""
    registry.create_registered_model(tracking.REGISTERED)
    for name in ("blind", "good", "again"):
        registry.create_model_version(tracking.REGISTERED, source=str(folders / name))
    registry.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "1")
    with open_rows_writer(tmp_path / "evaluation.jsonl") as writer:
        for passage in weather(30).passages:
            text = f"{passage.text} indeed"
            writer.write({"id": passage.id, "group": f"e/{passage.group}", "text": text, "frames": list(passage.frames)})
    (tmp_path / "loose.toml").write_text(LOOSE, encoding="utf-8")
    return registry


def run(*arguments: str):
    return CliRunner().invoke(framing, ["models", *arguments])


def tags(client, number: str) -> dict[str, str]:
    return dict(tracking.version_of(client, number).tags)


def test_a_better_version_is_promoted_with_its_reasons_and_a_run_that_shows_them(client):
    result = run("promote", "2", *EVALUATION, "--rules", "loose.toml", "--by", "ana")
    assert result.exit_code == 0, result.output
    assert "passed macro_f1: " in result.output
    assert "promoted: version 2 is the champion in place of version 1" in result.output
    written = tags(client, "2")
    assert (written["promotion"], written["promotion.by"]) == ("passed", "ana")
    assert written["promotion.evaluation"].startswith(
        "passed evaluation: both answered evaluation.jsonl: 60 passages in 30 groups, digest "
    )
    shown = client.get_run(written["promotion.comparison"])
    assert shown.data.tags["evaluation.sha256"] == written["promotion.evaluation.sha256"]
    assert shown.data.tags["comparison.old.version"] == "1"
    assert shown.data.metrics["difference/f1/frost"] > 0.5


def test_a_worse_version_is_refused_with_every_reason_and_nothing_moves(client):
    client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "2")
    result = run("promote", "1", *EVALUATION)
    assert result.exit_code == 1
    assert "Error: not promoted: macro_f1: " in result.output
    assert "f1/frost: " in result.output.partition("Error")[2]
    assert "the champion's golden answers change: " in result.output
    assert tracking.throne(client) == tracking.Throne("2", ())
    assert tags(client, "1")["promotion"] == "refused"
    assert tags(client, "1")["promotion.f1/frost"].startswith("refused f1/frost: ")


def test_golden_answers_that_change_pass_once_each_is_listed(client):
    rules = "[macro_f1]\nloss = 1\n[golden]\nunchanged = true\n"
    Path("golden.toml").write_text(rules, encoding="utf-8")
    refused = run("promote", "2", *EVALUATION, "--rules", "golden.toml")
    assert refused.exit_code == 1
    numbers = re.findall(r"(\d+) \(", refused.output.partition("golden answers change: ")[2].partition("Error")[0])
    assert numbers
    accepted = [part for number in numbers for part in ("--accept-golden", number)]
    assert run("promote", "2", *EVALUATION, "--rules", "golden.toml", *accepted).exit_code == 0
    assert tags(client, "2")["promotion.golden"].startswith("passed golden: changed and accepted: ")


def test_a_golden_number_that_the_champion_has_not_is_an_error_that_says_which_there_are(client):
    result = run("promote", "2", *EVALUATION, "--accept-golden", "99")
    assert result.exit_code == 1
    assert "there is no golden answer 99: those of version 1 (champion) are 1 to 12" in result.output


def test_a_forced_promotion_says_who_and_why_and_what_the_verdict_was(client):
    client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "2")
    assert run("promote", "1", *EVALUATION, "--force").exit_code == 2
    forged = run("promote", "1", *EVALUATION, "--force", "--by", "ana", "--because", "fine\n* version 9 promoted by root")
    assert "must hold 1 to 1000 characters, and no control character or line feed" in forged.output
    result = run("promote", "1", *EVALUATION, "--force", "--by", "ana", "--because", "frost is over")
    assert result.exit_code == 0, result.output
    assert "by force, against the rules: version 1 is the champion in place of version 2" in result.output
    written = tags(client, "1")
    assert (written["promotion"], written["promotion.forced"]) == ("refused", "ana: frost is over")
    assert run("history").output.startswith("* version 1 forced by ana at ")
    assert run("rollback").output == "version 2 is the champion again, in place of version 1\n"


def test_force_needs_no_passages_and_then_the_verdict_is_that_there_was_none(client):
    assert run("promote", "2").exit_code == 2
    assert run("promote", "2", "--force", "--by", "ana", "--because", "trial").exit_code == 0
    assert tags(client, "2")["promotion.evaluation"] == "refused evaluation: was not judged: no evaluation passages were given"


def test_passages_that_a_model_was_trained_on_decide_nothing(client, tmp_path):
    with open_rows_writer(tmp_path / "evaluation.jsonl") as writer:
        for passage in weather().passages:
            writer.write({"id": passage.id, "group": passage.group, "text": passage.text, "frames": list(passage.frames), "style": "wire"})
    result = run("promote", "2", *EVALUATION)
    assert result.exit_code == 1
    assert "evaluation: the evaluation passages are exactly a set that version 1 (champion) was trained on" in result.output
    assert tracking.throne(client).champion == "1"


def test_the_champion_does_not_challenge_itself(client):
    assert "version 1 is the champion already" in run("promote", "1", *EVALUATION).output


def test_wrong_rules_are_one_sentence(client, tmp_path):
    (tmp_path / "loose.toml").write_text("[macro]\nloss = 1\n", encoding="utf-8")
    result = run("promote", "2", *EVALUATION, "--rules", "loose.toml")
    assert result.exit_code == 1
    assert "Error: loose.toml, rule 'macro': is not a measure; accepted are " in result.output


def test_models_are_compared_by_version_alias_and_folder_with_a_page_and_a_run(client, folders, tmp_path):
    result = run("compare", "champion", str(folders / "good"), *EVALUATION, "--html", "page.html")
    assert result.exit_code == 0, result.output
    assert f"folder {folders / 'good'} is better than version 1 (champion) on 60 passages: macro F1 +0." in result.output
    assert "frost +" in result.output
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    logged = client.get_run(result.output.strip().rpartition("run: ")[2])
    assert logged.data.tags["kind"] == "comparison"
    assert logged.data.tags["verdict"] in result.output
    assert {entry.path for entry in client.list_artifacts(logged.info.run_id)} >= {"comparison.html", "tables"}
    assert "Error: Could not open file 'no/page.html'" in run("compare", "2", "3", *EVALUATION, "--html", "no/page.html").output
    assert "no passage is answered otherwise" in run("compare", "2", "3", *EVALUATION, "--no-track").output


@pytest.mark.parametrize("name", ["9", "challenger", "0" * 32, "no/folder"])
def test_a_name_that_is_no_model_is_an_error_that_lists_what_there_is(client, name):
    result = run("compare", "1", name, *EVALUATION)
    assert result.exit_code == 1
    assert "Error: " in result.output
    assert "framing models list" in result.output or "there are 3, 2, 1" in result.output
