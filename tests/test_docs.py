"""What the documents say is what happens."""

import re
import shlex

import pytest
from click.testing import CliRunner

from framing.api.app import create_app
from framing.api.settings import Settings
from framing.cli import COMMANDS, framing
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROBABILITY = re.compile(r"\b[01]\.\d\d\b")


def sessions() -> list[tuple[str, str]]:
    """Each `$ command` of the README's console blocks, and the output below it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    return found


def test_there_is_a_session_to_hold_the_readme_to():
    assert any(command.startswith("framing predict") for command, _ in sessions())


@pytest.mark.parametrize(("command", "shown"), [pair for pair in sessions() if pair[0].startswith("framing")])
def test_a_session_in_the_readme_gives_the_output_it_shows(command, shown, monkeypatch):
    """Probabilities may differ by .03: processors round in different orders."""
    monkeypatch.chdir(ROOT)
    result = CliRunner(env={"COLUMNS": "100"}).invoke(framing, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    assert PROBABILITY.sub("0.00", result.output.strip()) == PROBABILITY.sub("0.00", shown)
    pairs = zip(PROBABILITY.findall(result.output), PROBABILITY.findall(shown), strict=True)
    assert all(abs(float(one) - float(other)) <= 0.03 for one, other in pairs)


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
def test_every_command_is_in_the_readme(name):
    assert f"framing {name}" in README


def test_every_endpoint_and_setting_is_in_the_readme():
    paths = create_app(None, Settings()).openapi()["paths"]
    assert [path for path in paths if path not in README] == []
    assert [name for name in Settings.model_fields if f"FRAMING_{name.upper()}" not in README] == []


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items())
def test_every_setting_stands_in_the_table_with_its_default(name, field):
    table = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    special = {"model": "`models/default` of the checkout", "multilingual": "`NAME-multilingual` beside the model `NAME`, if it is there"}
    default = special.get(name, "none" if field.default is None else f"`{field.default}`")
    assert f"| `FRAMING_{name.upper()}` | {default} | {field.description} |" in table


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", "seeds/README.md", "models/README.md", "benchmarks/README.md", "docs/operating.md", "docs/scale.md"],
)
def test_every_link_to_a_file_leads_to_one(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


@pytest.mark.parametrize("target", ["run", "test", "train", "mlflow", "check", "bench"])
def test_every_target_of_the_makefile_that_users_know_is_there(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
