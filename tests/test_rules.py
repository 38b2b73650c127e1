"""Promotion rules from a file."""

import pytest

from framing.errors import RulesError
from training.rules import Limit, Rules, load_rules


def test_the_rules_that_come_with_the_program_bound_every_loss_and_the_golden_answers():
    rules = load_rules()
    assert {limit.measure for limit in rules.limits} == {"macro_f1", "f1", "brier", "calibration_error"}
    assert rules.golden_unchanged


def test_a_file_of_rules_is_what_it_says(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("[macro_f1]\nloss = 0\n[average_precision]\nloss = 0.1\nconfidence = 0.8\n", encoding="utf-8")
    assert load_rules(path) == Rules((Limit("macro_f1", 0), Limit("average_precision", 0.1, 0.8)), golden_unchanged=False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[macro_f2]\nloss = 0.1", "rule 'macro_f2': is not a measure; accepted are macro_f1, "),
        ("[macro_f1]", "rule 'macro_f1': needs 'loss', a number from 0 to 1; found nothing"),
        ("[macro_f1]\nloss = 3", "rule 'macro_f1': needs 'loss', a number from 0 to 1; found 3"),
        ("[macro_f1]\nloss = nan", "rule 'macro_f1': needs 'loss', a number from 0 to 1; found nan"),
        ("[macro_f1]\nloss = true", "rule 'macro_f1': needs 'loss', a number from 0 to 1; found True"),
        ("[macro_f1]\nloss = 0.1\nconfidence = 90", "rule 'macro_f1': needs 'confidence', a number from 0 to 1; found 90"),
        ("[macro_f1]\nlos = 0.1", "rule 'macro_f1': unknown entry 'los'; accepted are loss and confidence"),
        ("[calibration_error]\nloss = 0.1\nconfidence = 0.9", "rule 'calibration_error': unknown entry 'confidence'; accepted are loss"),
        ("macro_f1 = 0.1", "rule 'macro_f1': must be a table with loss and confidence"),
        (
            "[macro_f1]\nloss = 0\n[golden]\nunchanged = 1",
            "rule 'golden': must be a table with one entry, 'unchanged', that is true or false",
        ),
        ("[golden]\nunchanged = true", ": has no rule about a measure; a table for one or more of macro_f1, "),
        ("[macro_f1", ": is not valid TOML: "),
    ],
)
def test_what_is_wrong_is_said_with_the_file_the_rule_and_what_is_accepted(text, problem, tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulesError) as refused:
        load_rules(path)
    assert str(refused.value).startswith(str(path))
    assert problem in str(refused.value)


def test_a_file_that_is_not_there_or_no_text_is_one_sentence(tmp_path):
    with pytest.raises(RulesError, match="cannot be read"):
        load_rules(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match="is not UTF-8 text"):
        load_rules(tmp_path / "odd.toml")
