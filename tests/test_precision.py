"""One encoder run in several ways: the same vectors but for precision, and a table of speeds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import precision
from benchmarks.precision import EXACT, HEADER, SETUPS, SHIPPED, Measured, Setup, Source, compiled, measure, open_all, report
from framing.encoder import CompiledEncoder

TEXTS = ["rain fell all day", "frost", "two presidents signed a contract for gas", "the long passage"]
INSTALLED = [setup for setup in SETUPS if setup.runtime != "openvino"]


@pytest.fixture(scope="module")
def source(small_transformer, tmp_path_factory) -> Source:
    return compiled(str(small_transformer), tmp_path_factory.mktemp("precisions"))


@pytest.mark.parametrize(
    "setup",
    INSTALLED,
    ids=lambda setup: "-".join(map(str, (setup.runtime, setup.precision, setup.side_by_side, setup.threads, setup.together))),
)
def test_every_way_gives_the_vectors_of_float32_but_for_its_precision(source, setup):
    ((_, encode),) = open_all(source, [setup])
    exact = CompiledEncoder(source.folders["float32"], threads=1).encode(TEXTS).vectors
    cosines = (encode(TEXTS) * exact).sum(axis=1)
    assert cosines.min() > (0.9999 if setup.precision == "float32" else 0.97)
    assert cosines.max() < 1.01


def test_the_way_that_is_called_shipped_gives_the_vectors_that_are_shipped(source):
    ((_, encode),) = open_all(source, [SHIPPED])
    assert encode(TEXTS).tobytes() == CompiledEncoder(source.folders["int8"]).encode(TEXTS).vectors.tobytes()


def test_a_runtime_that_is_not_installed_is_told_once_and_left_out(source, monkeypatch, capsys):
    def missing(*_: object) -> None:
        raise ImportError

    monkeypatch.setattr(precision, "RUNTIMES", {**precision.RUNTIMES, "openvino": missing})
    opened = [setup for setup, _ in open_all(source, [EXACT, Setup("openvino", "bfloat16"), Setup("openvino", "bfloat16", 2)])]
    assert opened == [EXACT]
    assert capsys.readouterr().err == "skipped: openvino is not installed\n"


def test_ways_take_turns_and_are_compared_with_float32():
    calls = []

    def way(name: str, vector: list[float]):
        def encode(texts):
            calls.append((name, len(texts)))
            return np.array([vector] * len(texts), np.float32)

        return encode

    exact, shipped = measure({EXACT: way("exact", [1, 0]), SHIPPED: way("shipped", [0.6, 0.8])}, TEXTS * 5, rounds=2)
    assert calls == [("exact", 10), ("shipped", 10), ("exact", 20), ("shipped", 20), ("shipped", 20), ("exact", 20)]
    assert (exact.cosines.min(), shipped.cosines.max()) == (1, pytest.approx(0.6))


def test_a_line_has_the_ratio_to_the_shipped_way_within_each_round():
    shipped = Measured(SHIPPED, (100.0, 200.0, 100.0), np.array([0.99, 0.97], np.float32))
    other = Measured(EXACT, (50.0, 60.0, 40.0), np.ones(2, np.float32))
    lines = report([shipped, other]).splitlines()
    assert lines[0] == "| " + " | ".join(HEADER) + " |"
    assert lines[-2].startswith("| onnxruntime | int8 | 2 | 1 | 1 | 100 [100, 200] | 1.00 [1.00, 1.00] | 0.9800 | 0.9700 |")
    assert lines[-1].startswith("| onnxruntime | float32 | 1 | 1 | 1 | 50 [40, 60] | 0.40 [0.30, 0.50] | 1.0000 | 1.0000 |")
