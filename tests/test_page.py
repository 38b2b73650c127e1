"""The page in a real browser: what an analyst sees and does, and that nothing leaves the machine."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from framing.api.app import create_app
from framing.api.settings import Settings
from framing.api.slot import ServedModel
from framing.codebook import Codebook, Frame
from framing.heads import Heads
from framing.model import FramingModel

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RAINY = "Rain, rain. The match on the hill ended late without a goal for the small team."
UNSURE = "The farmers spoke of rain while walking home from church through fields which their fathers had cleared long ago with oxen."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        problem = f"{CHROMIUM} is missing: apt-get install --no-install-recommends chromium fonts-dejavu-core"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield launched
        launched.close()


@contextmanager
def served(model: FramingModel | None, settings: Settings | None = None) -> Iterator[tuple[str, uvicorn.Server]]:
    """A server in a thread of this process, and its address."""
    app = create_app(model, settings or Settings())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def address(tiny_model: FramingModel) -> Iterator[str]:
    with served(tiny_model, Settings(max_text_characters=5000)) as (url, _):
        yield url


@contextmanager
def opened(browser: Browser, url: str, **options: object) -> Iterator[Page]:
    """The page at `url`; afterwards it must have broken no policy, thrown nothing, and asked nobody but `url`."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
    page = context.new_page()
    page.set_default_timeout(10_000)
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
    page.goto(url)
    try:
        yield page
        assert wrong == []
        assert [one for one in asked if not one.startswith((f"{url}/", "data:", "blob:"))] == []
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        expect(page.locator("#frames > li")).to_have_count(2)
        yield page


def label(page: Page, text: str) -> None:
    page.get_by_label("Article").fill(text)
    page.get_by_role("button", name="Label frames").click()
    expect(page.get_by_role("heading", name="Result")).to_be_focused()


# --- what an analyst sees ---


def test_the_frames_and_their_definitions_stand_there_before_anything_is_labelled(page):
    expect(page.get_by_text("It rains.")).to_be_visible()
    expect(page.locator("footer")).to_contain_text("Model tiny, version 1, codebook ")


def test_a_pasted_text_shows_frames_probabilities_and_the_sentence_that_carries_them(page, tiny_model):
    label(page, RAINY)
    chip = page.locator(".chip")
    expect(chip).to_have_count(1)
    assert tiny_model.predict(RAINY).passages[0].frames[0].probability == pytest.approx(0.89, abs=0.005)
    assert chip.inner_text().split("\n") == ["Rain", "89 %"]
    mark = page.locator("mark")
    assert mark.evaluate("mark => mark.firstChild.data") == "Rain, rain."
    mark.hover()
    expect(page.get_by_role("tooltip")).to_have_text(re.compile(r"^This sentence alone\s*Rain\s*>99 %$"))
    expect(page.locator(".passage > p")).to_contain_text("The match on the hill ended late")
    expect(page.locator("#summary")).to_have_text("1 passage labelled, 0 left out: Rain in 100 % of the text.")
    expect(page.locator("#frames .share").first).to_have_text("100 %")


def test_marks_stand_where_they_should_after_emoji(page):
    label(page, "😀 The 𝒜 match 😀 ended without a goal at all. Rain 🌧️, rain. 😀 Nobody minded that it was late.")
    assert page.locator("mark").evaluate_all("marks => marks.map(mark => mark.firstChild.data)") == ["Rain 🌧️, rain."]


def test_a_sentence_that_carries_two_frames_shows_two_lines_and_both_probabilities(page):
    label(page, "Rain, frost.")
    mark = page.locator("mark")
    assert mark.evaluate("mark => getComputedStyle(mark).backgroundImage.split('gradient').length - 1") == 2
    mark.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Rain")
    expect(page.get_by_role("tooltip")).to_contain_text("Frost")


def test_an_unsure_frame_is_an_outlined_chip_that_says_unsure(page):
    label(page, UNSURE)
    chip = page.locator(".chip.unsure")
    expect(chip).to_contain_text("unsure, ")
    assert chip.evaluate("chip => getComputedStyle(chip).borderStyle") == "dashed"
    expect(page.locator("mark")).to_have_count(0)
    expect(page.locator("#frames")).to_contain_text("and 100 % unsure")


def test_a_passage_without_a_frame_says_so(page):
    label(page, "The match ended without a goal.")
    expect(page.locator(".passage")).to_contain_text("No frame")
    expect(page.locator("#summary")).to_contain_text("no frame is surely present")


def test_every_frames_probability_can_be_unfolded(page):
    label(page, RAINY)
    expect(page.locator(".all td.n")).to_have_count(0)
    page.get_by_text("All probabilities").click()
    expect(page.locator(".all tr")).to_have_count(2)
    assert page.locator(".all td.d").all_inner_texts() == ["present", "absent"]


def test_furniture_is_greyed_with_its_reason(page):
    label(page, f"{RAINY}\n\nLeave a Reply\n\nRead also: Ten gardens to see this spring")
    reasons = page.locator(".passage.out .reason")
    expect(reasons).to_have_count(2)
    expect(reasons.last).to_have_text("left out: link to another article")
    expect(page.locator("#summary")).to_contain_text("1 passage labelled, 2 left out")


def test_warnings_are_shown_with_their_passage(page):
    label(page, "rain " * 300)
    expect(page.locator(".warning")).to_have_text("Note: the passage is longer than the encoder reads; its end was not seen.")


def test_html_in_an_article_stays_text(page):
    label(page, "Rain <img src=x onerror=alert(1)> <script>alert(2)</script> rain & rain.")
    expect(page.locator(".passage > p")).to_contain_text("<img src=x onerror=alert(1)> <script>alert(2)</script>")
    expect(page.locator("#passages img")).to_have_count(0)


def test_pressing_a_frame_leaves_its_passages_and_dims_the_others(page):
    label(page, "Rain, rain.\n\nFrost, frost.")
    frost = page.get_by_role("button", name="Frost")
    frost.click()
    expect(page.locator(".passage.dim")).to_contain_text("Rain, rain.")
    expect(page.get_by_role("status")).to_have_text("Frost: 1 of 2 passages.")
    expect(frost).to_have_attribute("aria-pressed", "true")
    frost.click()
    expect(page.locator(".passage.dim")).to_have_count(0)


def test_the_split_can_be_chosen(page):
    page.get_by_label("Split by").select_option("sentence")
    label(page, RAINY)
    expect(page.locator(".passage")).to_have_count(2)


# --- keyboard, errors, files ---


def test_all_of_it_works_by_keyboard(page):
    page.get_by_label("Article").focus()
    page.keyboard.type(RAINY)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    for _ in range(3):  # past the two buttons, to the sentence
        page.keyboard.press("Tab")
    expect(page.locator("mark")).to_be_focused()
    expect(page.get_by_role("tooltip")).to_contain_text("This sentence alone")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".all tr")).to_have_count(2)


def test_an_empty_article_is_said_to_be_empty_without_asking_the_server(page):
    page.get_by_role("button", name="Label frames").click()
    expect(page.get_by_role("alert")).to_have_text("There is nothing to label: paste an article first.")
    expect(page.get_by_label("Article")).to_be_focused()


def test_what_the_server_refuses_is_shown_in_its_words_and_gone_with_the_next_answer(page):
    page.get_by_label("Article").fill("rain " * 1001)
    page.get_by_role("button", name="Label frames").click()
    expect(page.get_by_role("alert")).to_have_text("text may have at most 5,000 characters; it has 5,005.")
    expect(page.locator("#count")).to_have_text("5,005 of 5,000 characters")
    label(page, RAINY)
    expect(page.locator("#error")).to_be_hidden()


def test_a_server_that_is_gone_is_named(browser, tiny_model):
    with served(tiny_model) as (url, server), opened(browser, url) as page:
        expect(page.locator("#frames > li")).to_have_count(2)
        server.should_exit = True
        page.get_by_label("Article").fill(RAINY)
        page.wait_for_timeout(1500)
        page.get_by_role("button", name="Label frames").click()
        expect(page.get_by_role("alert")).to_have_text("The server does not answer; is it still running?")
        expect(page.get_by_role("button", name="Label frames")).to_be_enabled()


def test_the_page_waits_for_a_model_that_is_still_loading(browser, tiny_model):
    with served(None) as (url, server), opened(browser, url) as page:
        expect(page.locator("#frames-note")).to_have_text("The model is still being loaded; try again in a moment.")
        server.config.app.state.slot.current = ServedModel(tiny_model)
        expect(page.locator("#frames > li")).to_have_count(2)


def test_a_text_file_can_be_opened_or_dropped_and_another_kind_is_refused(page, tmp_path):
    good, bad = tmp_path / "rain.txt", tmp_path / "old.txt"
    good.write_bytes("\ufeffRain, räin.".encode())
    bad.write_bytes(b"r\xe4in")
    page.get_by_label("Open a file").set_input_files(bad)
    expect(page.get_by_role("alert")).to_have_text("old.txt is not UTF-8 text.")
    expect(page.get_by_label("Open a file")).to_have_value("")  # so that the same file, saved anew, is another choice
    page.get_by_label("Open a file").set_input_files(good)
    expect(page.get_by_label("Article")).to_have_value("Rain, räin.")
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["Frost."], "frost.txt"));
            document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.get_by_label("Article")).to_have_value("Frost.")


# --- taking it along ---


def test_the_download_is_the_servers_answer(page, tiny_model):
    label(page, RAINY)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    answer = json.loads(Path(download.value.path()).read_text())
    assert download.value.suggested_filename == "frames.json"
    assert answer["passages"][0]["frames"][0]["probability"] == tiny_model.predict(RAINY).passages[0].frames[0].probability


def test_the_copied_table_has_a_row_a_passage_and_no_formula(page):
    label(page, 'Rain, "rain".\n\n=HYPERLINK(1) is how the second paragraph starts here.\n\nLeave a Reply')
    page.get_by_role("button", name="Copy as CSV").click()
    expect(page.get_by_role("status")).to_have_text("Copied: one row for each passage.")
    rows = list(csv.DictReader(io.StringIO(page.evaluate("navigator.clipboard.readText()"), newline="")))
    assert [row["text"] for row in rows] == [
        'Rain, "rain".',
        "'=HYPERLINK(1) is how the second paragraph starts here.",
        "Leave a Reply",
    ]
    assert (rows[0]["rain"], rows[0]["rain_evidence"], rows[0]["frost"]) == ("present", 'Rain, "rain".', "absent")
    assert float(rows[0]["rain_probability"]) > 0.5
    assert (rows[2]["left_out"], rows[2]["rain"]) == ("comment form", "")


def test_where_the_browser_forbids_copying_the_table_is_saved(page):
    label(page, RAINY)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    with page.expect_download() as download:
        page.get_by_role("button", name="Copy as CSV").click()
    assert download.value.suggested_filename == "frames.csv"
    expect(page.get_by_role("status")).to_contain_text("saved as frames.csv")


# --- any codebook, any screen ---


@pytest.fixture(scope="module")
def fifty_frames(tiny_model: FramingModel) -> FramingModel:
    names = [f"topic{number}" for number in range(50)]
    frames = tuple(Frame(name, f"A frame about {name}", f"It is about {name}.", examples=(f"{name}, {name}.",)) for name in names)
    directions = np.array([tiny_model.encoder.direction(name) for name in names], np.float64)
    weights = 14 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    heads = Heads(weights, None, np.full(50, -4.0), np.full(50, 0.5), np.full(50, 0.2))
    return replace(tiny_model, codebook=Codebook("Topics", frames), heads=heads)


def test_fifty_frames_each_have_a_look_of_their_own_and_the_example_shows_some(browser, fifty_frames):
    with served(fifty_frames) as (url, _), opened(browser, url) as page:
        expect(page.locator("#frames > li")).to_have_count(50)
        looks = page.locator("#frames .swatch").evaluate_all("all => all.map(one => getComputedStyle(one).backgroundImage)")
        assert len(set(looks)) == 50
        page.get_by_role("button", name="Try an example").click()
        expect(page.get_by_role("heading", name="Result")).to_be_focused()
        expect(page.locator(".chip:not(.unsure)").filter(has_text="A frame about topic0")).to_have_count(1)
        shares = page.locator("#frames .share").all_inner_texts()
        assert shares[0] != "0 %"
        assert shares[-1] == "0 %"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_all_without_scrolling_sideways(browser, address, articles, scheme):
    with opened(browser, address, viewport={"width": 360, "height": 740}, color_scheme=scheme, has_touch=True) as page:
        expect(page.locator("#frames > li")).to_have_count(2)
        label(page, f"{RAINY}\n\n" + next(iter(articles.values()))[:4000] + f"\n\n{'https://example.org/' + 'x' * 300}")
        for summary in page.get_by_text("All probabilities").all()[:3]:
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.locator("mark").first.tap()
        expect(page.get_by_role("tooltip")).to_be_visible()


def test_every_colour_of_text_is_readable_in_both_schemes(browser, address):
    ratio = """pairs => pairs.map(([ink, paper]) => {
        const style = getComputedStyle(document.documentElement);
        const light = name => {
            const probe = document.body.appendChild(document.createElement("i"));
            probe.style.color = style.getPropertyValue(name);
            const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
            probe.remove();
            const [r, g, b] = parts.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
        return (a + .05) / (b + .05);
    })"""
    pairs = [("--ink", "--paper"), ("--soft", "--card"), ("--on-accent", "--accent"), ("--bad", "--bad-bg"), ("--warn", "--warn-bg")]
    for scheme in ("light", "dark"):
        with opened(browser, address, color_scheme=scheme) as page:
            assert min(page.evaluate(ratio, pairs)) >= 4.5
