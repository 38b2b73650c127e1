"""What a run is remembered by, without MLflow."""

from dataclasses import replace

import pytest

from framing.data import Dataset
from tests.test_kinds import WORDS_ONLY, of_kinds, without_vectors
from tests.test_training import weather
from training.copies import find_copies
from training.heldout import held_out
from training.judgement import judgement
from training.kinds import NOT_ASKED
from training.record import run_figures, run_metrics, run_tables
from training.run import Run


@pytest.fixture(scope="module")
def data() -> Dataset:
    plain = of_kinds()
    copied = replace(plain.passages[40], id="k2-copy", group="other", text=plain.passages[40].text + " indeed")
    styled = tuple(replace(one, style="wire/agency (first)") for one in (*plain.passages, copied))
    return Dataset(plain.codebook, styled)


@pytest.fixture(scope="module")
def judged(data):
    copies = find_copies(data, 3)
    apart, vectors = copies.regrouped(data), without_vectors(data)
    return judgement(apart, WORDS_ONLY, held_out(apart, WORDS_ONLY, vectors, run=Run(jobs=1)), vectors, copies, run=Run(jobs=1))


@pytest.fixture(scope="module")
def metrics(judged, data) -> dict[str, float]:
    return run_metrics(judged, "words", data.codebook.names)


@pytest.mark.parametrize(
    "name",
    ["macro_f1", "kinds_out/macro_f1", "contrast/ranked", "contrast/decided", "share/0.05/f1/rain", "risk_at_coverage/0.5",
     "slice/frame/rain/micro_f1", "slice/length/under 30 words/micro_f1", "slice/language/en/micro_f1", "kinds_out/kind/k1/micro_f1"],
)  # fmt: skip
def test_every_figure_is_a_metric_with_its_interval(metrics, name):
    assert metrics[f"{name}/low"] <= metrics[name] <= metrics[f"{name}/high"]


def test_near_copies_and_pairs_are_counted(metrics, judged):
    assert metrics["copies/pairs"] == len(judged.copies.pairs) == 1
    assert metrics["copies/joined"] == 1
    assert metrics["contrast/pairs"] == judged.robustness.contrast.pairs > 0


def test_names_hold_only_what_mlflow_takes(metrics):
    from mlflow.utils.validation import _validate_metric_name

    assert "slice/style/wire_agency _first_/micro_f1" in metrics
    for name in metrics:
        _validate_metric_name(name)


def test_tables_have_a_column_for_every_measure_and_as_many_rows_everywhere(judged, data):
    tables = run_tables(judged, data)
    assert set(tables) == {"held_out", "errors", "slices", "shares", "risk_coverage", "kinds_out", "near_copies"}
    assert {len({len(column) for column in table.values()}) for table in tables.values()} == {1}
    assert {"by", "name", "passages", "labels", "micro_f1/value", "micro_f1/low", "micro_f1/high"} == set(tables["slices"])
    assert len(tables["shares"]["frame"]) == 4 * 4
    assert tables["near_copies"]["second"] == ["k2-copy"]


def test_what_was_not_measured_is_left_out(judged, data):
    less = replace(judged, kinds=NOT_ASKED, copies=find_copies(weather(), 3))
    assert not [name for name in run_metrics(less, "words", data.codebook.names) if name.startswith("kinds_out")]
    assert not {"kinds_out", "near_copies"} & set(run_tables(less, data))


def test_figures_hold_a_line_for_every_frame_and_the_band_as_it_is(judged, data):
    figures = run_figures(judged, data.codebook.names)
    assert set(figures) == {"precision_recall", "reliability", "risk_coverage", "shares"}
    assert len(figures["shares"].axes[0].lines) == 2 * 4
    curve, band = figures["risk_coverage"].axes[0].lines
    assert list(curve.get_xdata())[-1] == 1
    assert band.get_xdata()[0] == pytest.approx(judged.measures["words"]["coverage"].value)
    assert band.get_ydata()[0] == pytest.approx(judged.measures["words"]["risk"].value)
