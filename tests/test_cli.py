"""The command line: what it prints where, how it ends, and what it leaves unloaded."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import pickle
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from framing import artifact
from framing.cli import COMMANDS, CommandTable, Entry, LazyCommand, framing
from framing.commands.display import document_lines
from framing.prediction import DocumentAnswer, Evidence, FrameAnswer, ModelIdentity, PassageAnswer, ProfileEntry
from tests.tiny_framing import SlowEncoder

ROOT = Path(__file__).parent.parent
ARTICLE = """\
Rain, rain, rain fell. Then it was over, said the man, and nobody spoke of it for hours.

We use cookies on this site.

Nothing new."""


@pytest.fixture
def run(tiny_model, monkeypatch):
    """Call the command line in this process, over the small model; `run.opened` are the folders it was asked to open."""
    monkeypatch.delenv("FRAMING_MODEL", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def load_model(folder: Path):
        call.opened.append(folder)
        return tiny_model

    def call(*arguments: object, **options) -> Result:
        return CliRunner().invoke(framing, [str(argument) for argument in arguments], prog_name="framing", **options)

    call.opened = []
    importlib.import_module("training.commands.evaluate")  # which must not be imported first while load_model is another
    monkeypatch.setattr(artifact, "load_model", load_model)
    return call


@pytest.fixture
def article(tmp_path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pickled(tiny_model, tmp_path_factory) -> dict[str, Path]:
    """The small model for processes: as it is, and one that takes a tenth of a second for each text."""
    folder = tmp_path_factory.mktemp("pickled")
    models = {"quick": tiny_model, "slow": dataclasses.replace(tiny_model, encoder=SlowEncoder(pause=0.1))}
    for name, model in models.items():
        (folder / name).write_bytes(pickle.dumps(model))
    return {name: folder / name for name in models}


def command_line(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.tiny_framing", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    unset = ("NO_COLOR", "FRAMING_MODEL", "PYTHONIOENCODING", "COLUMNS")
    return {name: value for name, value in os.environ.items() if name not in unset} | {"TERM": "xterm", **more}


def on_terminal(arguments: list[str], typed: bytes = b"", **more: str) -> tuple[str, int]:
    """What a terminal shows while the process runs in it, and how it ends; `typed` is typed once something is shown."""
    process, master = pty.fork()
    if process == 0:
        termios.tcsetwinsize(0, (24, 80))
        os.chdir(ROOT)
        os.execve(arguments[0], arguments, environment(**more))
    shown = b""
    while select.select([master], [], [], 60)[0]:
        try:
            piece = os.read(master, 4096)
        except OSError:  # Linux ends a terminal so
            break
        if not piece:
            break
        shown += piece
        if typed:
            os.write(master, typed)
            typed = b""
    os.close(master)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


# --- the table ---


def test_help_lists_every_command_of_the_table_with_its_summary(run):
    result = run("--help")
    assert result.exit_code == 0
    for entry in COMMANDS:
        assert f"{entry.name:<8}  {entry.summary}" in result.stdout


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_of_the_table_is_there_and_has_help(run, entry):
    assert isinstance(importlib.import_module(entry.module).command, click.Command)
    result = run(entry.name, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Usage: framing {entry.name}" in result.stdout


def test_help_loads_no_library_of_any_command():
    program = (
        "import sys; from framing.cli import framing; framing(['--help'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "click" in loaded
    assert loaded.isdisjoint(
        {"numpy", "fastapi", "pydantic", "onnxruntime", "tokenizers", "tqdm", "sklearn", "mlflow", "torch", "training"}
    )


def test_help_answers_at_once():
    def seconds(*arguments: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
        return time.perf_counter() - started

    # 0.3 s on a quiet machine; what Python itself takes to start is counted where the machine is busy.
    assert any(seconds("-m", "framing.cli", "--help") < 0.3 + 3 * seconds("-c", "import json") for _ in range(5))


def test_the_version_is_that_of_the_package(run):
    result = run("--version")
    assert result.exit_code == 0
    assert re.fullmatch(r"framing (\d+\.\d+\S*|, from a checkout that is not installed)\n", result.stdout)


def test_a_command_without_its_packages_says_what_to_install():
    program = "import sys; sys.modules['sklearn'] = None; from framing.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, "evaluate", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert (
        done.stderr
        == "Error: 'framing evaluate' (which looked for sklearn) needs packages that are not installed: pip install 'framing[train]' from the checkout\n"
    )


def test_a_part_of_a_command_that_stands_in_another_module_is_shown_and_names_its_own_packages():
    result = CliRunner().invoke(framing, ["labels", "--help"])
    assert re.search(r"suspects +Labels that are likely wrong", result.stdout)
    program = "import sys; sys.modules['sklearn'] = None; from framing.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, "labels", "suspects"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'framing labels suspects' (which looked for sklearn)" in done.stderr
    assert "pip install 'framing[train]'" in done.stderr


def test_packages_that_are_missed_only_while_a_command_runs_are_named_as_well(monkeypatch):
    @click.command
    def command() -> None:
        importlib.import_module("a_package_of_nobody")

    monkeypatch.setattr(importlib.import_module("training.commands.evaluate"), "command", command)
    result = CliRunner().invoke(framing, ["evaluate"])
    assert result.exit_code == 1
    assert "pip install 'framing[train]'" in result.stderr


@pytest.mark.parametrize("entry", [Entry("train", "training.nothing", "", "train"), Entry("predict", "framing.nothing", "")])
def test_a_module_of_ours_that_is_missing_is_a_mistake_and_no_missing_extra(entry):
    table = CommandTable()
    table.add_command(LazyCommand(entry))
    result = CliRunner().invoke(table, [entry.name])
    assert isinstance(result.exception, ModuleNotFoundError)


@pytest.mark.parametrize(
    "arguments", [["predcit"], ["predict", "--split", "word"], ["score", "in.csv"], ["--loud"], ["serve", "--port", "many"]]
)
def test_wrong_usage_ends_with_2_and_is_explained(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: framing" in result.stderr


def test_an_error_is_one_plain_message_and_ends_with_1(tmp_path, article):
    program = [sys.executable, "-m", "framing.cli", "predict", "--model", str(tmp_path), str(article)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"Error: {re.escape(str(tmp_path))}/manifest\.json: .*\n", done.stderr)


# --- predict ---


def test_predict_shows_the_profile_then_each_passage_with_its_evidence(run, article):
    assert run("predict", article).stdout.splitlines() == [
        "rain    88% of the text",
        "frost    0% of the text",
        "",
        "rain 0.98",
        ">>Rain, rain, rain fell.<< Then it was over, said the man, and nobody spoke of",
        "it for hours.",
        "",
        "(left out: cookie notice) We use cookies on this site.",
        "",
        "no frame",
        "Nothing new.",
        "",
    ]


def test_predict_reads_standard_input_where_no_file_or_a_dash_is_given(run, article):
    assert run("predict", input=ARTICLE).stdout == run("predict", article).stdout
    assert run("predict", "-", input=ARTICLE).stdout == run("predict", article).stdout


def test_lines_end_before_the_terminal_does(run, article):
    lines = run("predict", article, env={"COLUMNS": "30"}).stdout.splitlines()
    assert max(map(len, lines)) <= 30
    assert ">>Rain, rain, rain fell.<<" in lines


def test_json_has_one_object_a_line_and_offsets_into_the_file(run, article, tmp_path):
    other = tmp_path / "other.txt"
    other.write_bytes("\ufeff„Frost“ \U0001f327 here.\r\nRain.".encode())
    result = run("predict", "--json", article, other)
    assert result.exit_code == 0
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["file"] for answer in answers] == [str(article), str(other)]
    for answer, text in zip(answers, (ARTICLE, "„Frost“ \U0001f327 here.\r\nRain."), strict=True):
        assert all(text[passage["start"] : passage["end"]] == passage["text"] for passage in answer["passages"])
    assert [passage["left_out"] for passage in answers[0]["passages"]] == [None, "cookie notice", None]
    assert answers[0]["left_out"] == 1
    frame = answers[0]["passages"][0]["frames"][0]
    assert (frame["frame"], frame["decision"], frame["evidence"][0]["text"]) == ("rain", "present", "Rain, rain, rain fell.")


def test_json_has_the_fields_of_the_api_behind_the_name_of_the_file(run, article):
    from framing.api.schemas import TextAnswer

    answer = json.loads(run("predict", "--json", article).stdout)
    assert answer.pop("file") == str(article)
    assert TextAnswer.model_validate(answer).model_dump() == answer


def test_split_says_what_counts_as_a_passage(run, article):
    def passages(split: str) -> int:
        return len(json.loads(run("predict", "--json", "--split", split, article).stdout)["passages"])

    assert [passages(split) for split in ("none", "paragraph", "sentence")] == [1, 3, 4]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the text is empty: it holds nothing but white space"),
        (b"\xef\xbb\xbf \n", "the text is empty: it holds nothing but white space"),
        (b"Rain \xe9\xe8", "is not UTF-8 text (byte 5)"),
        ("Rain".encode("utf-16-le"), "is not UTF-8 text (byte 1 is NUL)"),
    ],
)
def test_a_file_without_readable_text_is_named(run, tmp_path, content, problem):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    result = run("predict", path)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {path}: {problem}\n")
    assert run("predict", input=content).stderr == f"Error: standard input: {problem}\n"


def test_one_bad_file_of_several_keeps_no_other_from_its_answer(run, article, tmp_path):
    result = run("predict", "--json", tmp_path / "missing.txt", article, tmp_path, article)
    assert result.exit_code == 1
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == [str(article)] * 2
    assert result.stderr.splitlines() == [
        f"Error: {tmp_path}/missing.txt: cannot be read (No such file or directory)",
        f"Error: {tmp_path}: cannot be read (Is a directory)",
    ]


def test_several_files_are_shown_under_their_names(run, article):
    assert [line for line in run("predict", article, article).stdout.splitlines() if line.startswith("==")] == [f"== {article}"] * 2


def test_the_model_is_the_one_of_the_option_else_of_the_environment_else_of_the_checkout(run, article):
    run("predict", article, "--model", "one", env={"FRAMING_MODEL": "two"})
    run("predict", article, env={"FRAMING_MODEL": "two"})
    run("predict", article)
    assert run.opened == [Path("one"), Path("two"), ROOT / "models" / "default"]


# --- how an answer looks ---


def an_answer(*passages: PassageAnswer) -> DocumentAnswer:
    return DocumentAnswer(passages, (ProfileEntry("rain", 0.004, 0.5), ProfileEntry("frost", 0.0, 0.0)), ModelIdentity("m", "1", "d", None))


def a_frame(frame: str, probability: float, *evidence: Evidence) -> FrameAnswer:
    return FrameAnswer(frame, probability, 0.5, 0.2, "present" if probability >= 0.5 else "unsure", evidence)


def test_a_sentence_has_the_colour_of_the_frame_it_carries_most_surely():
    text = "Rain. Ice and rain."
    rain = a_frame("rain", 1.0, Evidence(10, 15, "Rain.", 0.9), Evidence(16, 29, "Ice and rain.", 0.6))
    frost = a_frame("frost", 0.8, Evidence(16, 29, "Ice and rain.", 0.8))
    *_, heading, last = document_lines(an_answer(PassageAnswer(10, 29, text, (rain, frost))), 80, color=True)
    cyan, magenta = ({"fg": color, "bold": True} for color in ("cyan", "magenta"))
    assert heading == f"{click.style('rain', **cyan)} 0.99, {click.style('frost', **magenta)} 0.80"
    assert last == f"{click.style('Rain.', **cyan)} {click.style('Ice and rain.', **magenta)}"


def test_marked_text_keeps_its_colour_over_the_end_of_a_line():
    words = "one two three four five six seven"
    frame = a_frame("rain", 0.7, Evidence(4, 23, words[4:23], 0.7))
    *_, first, second = document_lines(an_answer(PassageAnswer(0, len(words), words, (frame,))), 20, color=True)
    assert first == "one " + click.style("two three four", fg="cyan", bold=True)
    assert second == click.style("five", fg="cyan", bold=True) + " six seven"


def test_unsure_frames_small_shares_and_warnings_are_said():
    passage = PassageAnswer(0, 5, "Rain.", (a_frame("rain", 0.3),), warnings=("it was long", "it was foreign"))
    assert list(document_lines(an_answer(passage), 80, color=False)) == [
        *("rain    <1% of the text, 50% unsure", "frost    0% of the text", ""),
        *("rain 0.30 unsure", "Warning: it was long; it was foreign", "Rain."),
    ]


def test_a_text_of_which_all_is_left_out_has_no_profile():
    lines = list(document_lines(an_answer(PassageAnswer(0, 9, "Read also", left_out="a link")), 80, color=True))
    assert lines == [
        "Nothing in this text was scored: every passage was left out.",
        "",
        click.style("(left out: a link) Read also", dim=True),
    ]


def test_a_text_cannot_command_the_terminal(run):
    result = run("predict", input="Rain \x1b[2J\x07 fell.\rFrost.\n\nRead also: \x1b]0;title\x07", color=True)
    assert "\x1b[2J" not in result.stdout
    assert "\x07" not in result.stdout
    assert "\r" not in result.stdout


def test_the_name_of_a_file_cannot_command_it_either_and_any_name_is_shown(run, tmp_path):
    bell, foreign = (os.fsencode(tmp_path) + b"/" + name for name in (b"a\x07b.txt", b"caf\xe9.txt"))
    for path in (bell, foreign):
        Path(os.fsdecode(path)).write_text("Rain fell.", encoding="utf-8")
    names = [os.fsdecode(bell), os.fsdecode(foreign)]
    assert "\x07" not in run("predict", *names).stdout
    assert "\x07" not in run("predict", f"{tmp_path}/no\x07.txt").stderr
    lines = run("predict", "--json", *names).stdout.splitlines()
    assert [json.loads(line)["file"].rpartition("/")[2] for line in lines] == ["a\x07b.txt", "caf\ufffd.txt"]


def test_more_frames_than_fit_on_a_line_take_several():
    passage = PassageAnswer(0, 5, "Rain.", tuple(a_frame(frame, 0.3) for frame in ("rain", "frost") * 2))
    lines = list(document_lines(an_answer(passage), 40, color=False))
    assert lines[3:] == ["rain 0.30 unsure, frost 0.30 unsure,", "rain 0.30 unsure, frost 0.30 unsure", "Rain."]


# --- terminals and pipes ---


def test_colours_are_shown_on_a_terminal_and_not_with_no_color(pickled, article):
    arguments = command_line("predict", "--model", pickled["quick"], article)
    shown, code = on_terminal(arguments)
    assert code == 0
    assert click.style("Rain, rain, rain fell.", fg="cyan", bold=True) in shown
    shown, code = on_terminal(arguments, NO_COLOR="1")
    assert code == 0
    assert ">>Rain, rain, rain fell.<<" in shown
    assert "\x1b" not in shown


def test_a_terminal_with_nothing_typed_is_told_what_is_waited_for(pickled):
    shown, code = on_terminal(command_line("predict", "--model", pickled["quick"]), typed=b"Rain fell all day.\n\x04", NO_COLOR="1")
    assert code == 0
    assert shown.startswith("Paste the text, then press Ctrl-D on a line of its own.")
    assert "rain 0.9" in shown


def test_score_shows_its_progress_on_a_terminal_and_is_quiet_in_a_pipe(pickled, tmp_path):
    rows = tmp_path / "in.csv"
    rows.write_text("text\n" + "Rain.\n" * 70, encoding="utf-8")
    arguments = command_line("score", "--model", pickled["quick"], rows, tmp_path / "out.csv")
    shown, code = on_terminal(arguments)
    assert code == 0
    assert "70/70" in shown
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, env=environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()) == 71


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_pipe_that_is_closed_early_ends_the_command_without_a_word(pickled, tmp_path, options):
    for number in range(2):  # each more than a pipe takes in by itself
        (tmp_path / f"{number}.txt").write_text(f"Rain fell all {'long ' * 40} day.\n\n" * 400, encoding="utf-8")
    arguments = command_line("predict", "--model", pickled["quick"], *options, *sorted(tmp_path.glob("*.txt")))
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_scoring_that_is_ended_goes_on_where_it_stopped(pickled, tmp_path, blow):
    rows, target, whole = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    rows.write_text("".join(f'{{"text": "Rain {number}."}}\n' for number in range(2000)), encoding="utf-8")
    left = tmp_path / "out.jsonl.part"
    arguments = command_line("score", "--model", pickled["slow"], rows, target)
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        give_up = time.monotonic() + 60
        while (not left.exists() or left.read_bytes().count(b"\n") < 30) and time.monotonic() < give_up:
            time.sleep(0.05)
        process.send_signal(blow)
        out, err = process.communicate(timeout=60)
    if blow == signal.SIGINT:
        assert (process.returncode, out) == (130, b"")
        assert err.decode().strip() == f"stopped; what is done is kept in {left}, and the same command goes on from there"
    assert {path.name for path in tmp_path.iterdir()} >= {"in.jsonl", "out.jsonl.part"}
    assert not target.exists()

    for place in (target, whole):
        subprocess.run(command_line("score", "--model", pickled["quick"], rows, place), cwd=ROOT, check=True, env=environment())
    assert target.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl", "whole.jsonl"}


def test_ctrl_c_at_a_terminal_ends_with_130_and_without_a_traceback(pickled):
    shown, code = on_terminal(command_line("predict", "--model", pickled["quick"]), typed=b"\x03")
    assert code == 130
    assert "Traceback" not in shown


def test_letters_that_the_output_does_not_have_are_no_error(pickled, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("Rain „fell“ \U0001f327.", encoding="utf-8")

    def output(*options: str) -> bytes:
        arguments = command_line("predict", "--model", pickled["quick"], *options, text)
        return subprocess.run(arguments, cwd=ROOT, capture_output=True, check=True, env=environment(PYTHONIOENCODING="latin-1")).stdout

    assert b"Rain ?fell? ?." in output()
    assert json.loads(output("--json"))["passages"][0]["text"] == "Rain „fell“ \U0001f327."


# --- score and serve ---


def test_score_refuses_bad_rows_in_one_message(run, tmp_path):
    rows = tmp_path / "in.csv"
    rows.write_text("id,text\n1,Rain.\n2,\n3,Frost.\n4, \n", encoding="utf-8")
    result = run("score", rows, tmp_path / "out.csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {rows}, row 3: 'text' is empty\n{rows}, row 5: 'text' is empty\n"
    assert not (tmp_path / "out.csv").exists()


def test_serve_takes_its_settings_from_options_above_the_environment(monkeypatch):
    served = []
    monkeypatch.setattr(importlib.import_module("framing.commands.serve"), "serve", served.append)
    result = CliRunner().invoke(framing, ["serve", "--port", "9000", "--model", "m"], env={"FRAMING_HOST": "::1", "FRAMING_PORT": "7"})
    assert result.exit_code == 0
    assert [(settings.host, settings.port, settings.model) for settings in served] == [("::1", 9000, Path("m"))]
