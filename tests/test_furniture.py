"""Web-page furniture: what is left out and why, and above all what never is."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.furniture import MAX_LENGTH, reasons_left_out
from framing.text import split_passages

ROOT = Path(__file__).parent.parent
ARTICLES = ROOT.parent / "shared" / "articles"
PASSAGES = ROOT / "seeds" / "passages.jsonl"

HEADLINE = "Xi Jinping meets Vladimir Putin in Moscow for talks on peace"
PROSE = "The two presidents met in the Kremlin on Monday evening and spoke for more than four hours."


def reason(line: str) -> str | None:
    """Why a line is left out that stands between two paragraphs of an article."""
    return reasons_left_out([HEADLINE, PROSE, line, PROSE])[2]


LEFT_OUT = {
    "cookie notice": [
        "We use cookies to improve your experience on our website.",
        "This site uses cookies. By continuing to browse you accept our use of them.",
        "By clicking Accept you agree to the storing of cookies on your device.",
        "Accept all cookies",
        "Cookie settings",
        "Wir verwenden Cookies, um unsere Seite zu verbessern.",
        "Ce site utilise des cookies pour améliorer votre expérience.",
        "Utilizamos cookies propias y de terceros.",
        "Мы используем файлы cookie для улучшения сайта.",
    ],
    "comment form": [
        "Leave a Reply",
        "Leave a Comment",
        "Leave a reply Cancel reply",
        "Your email address will not be published. Required fields are marked *",
        "This site uses Akismet to reduce spam. Learn how your comment data is processed.",
        "Save my name, email, and website in this browser for the next time I comment.",
        "3 Comments",
        "Be the first to comment!",
        "Schreiben Sie einen Kommentar",
        "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert",
        "Laisser un commentaire",
        "Votre adresse e-mail ne sera pas publiée.",
        "Deja un comentario",
        "Tu dirección de correo electrónico no será publicada.",
        "Добавить комментарий",
    ],
    "link to another article": [
        "Read also: The Hague issues arrest warrant: “responsible for war crimes”",
        "Read more:\xa0 Peruvian industry has an opportunity | ECONOMY",
        "Also Read | Russia Ukraine War History",
        "Related Read | Biden Visits Kyiv",
        "RELATED: What the summit means for gas prices",
        "» See also – Who guards the pipeline?",
        "Continue reading...",
        "Lesen Sie auch: Was der Gipfel bedeutet",
        "Lire aussi : Ce que veut Pékin",
        "Lea también: Qué quiere Pekín",
        "Читайте также: Чего хочет Пекин",
        "相关阅读：北京想要什么",
    ],
    "image file or markup": [
        'news/2023/03/21/news-p.v1.2023_P1.webp" loading="lazy">',
        'news/2023/03/21/news-p.v1.2023_P1.webp" loading="lazy">Russian President Vladimir Putin (left) sits at a long table.  AFP',
        "putin-xi-kremlin.jpg",
        '<img src="/a.png" alt="Xi and Putin">',
        "<figure><img></figure>",
        "https://example.com/news/123",
    ],
    "menu or section label": [
        "Related articles...",
        "Latest news",
        "Recent News",
        "Editor's Pick",
        "Editors’ Picks",
        "You may also like",
        "You might also like:",
        "Most read",
        "Trending now",
        "## Related Posts",
        "Home | News | World | Politics",
        "World Politics Europe",
        "Home > World > Asia",
        "Share this article on Facebook",
        "Follow us on Twitter, Facebook and Telegram",
        "Tags: China, Russia, peace talks",
        "Skip to content",
        "Meistgelesen",
        "Das könnte Sie auch interessieren",
        "Últimas noticias",
        "Vous aimerez aussi",
        "Последние новости",
    ],
    "sign-up or advertisement": [
        "Sign up now to stay updated on all business topics.",
        "Subscribe to our newsletter and never miss a story.",
        "ADVERTISEMENT",
        "- Advertisement -",
        "Article continues below",
        "Already a subscriber? Log in",
        "Join our Telegram channel",
        "Download our app for free.",
        "Jetzt Newsletter abonnieren",
        "Abonnez-vous à notre lettre",
        "Suscríbete a nuestro boletín",
        "Подписывайтесь на наш канал в Telegram",
        "Реклама",
    ],
    "byline or date": [
        "by time news",
        "By Reuters",
        "By our news desk",
        "Reporting by Guy Faulconbridge; editing by Andrew Osborn",
        "Published March 21, 2023 10:30 am",
        "Updated: 21 March 2023, 10:30 GMT",
        "Tuesday, 21.03.2023",
        "3 min read",
        "Source: Xinhua",
        "This article was originally published on The Conversation.",
    ],
    "copyright notice": ["© 2023 Time News", "Copyright © Time News. All rights reserved.", "Alle Rechte vorbehalten"],
    "photo credit": ["Photo: Reuters", "Image credit: AP/Alexei Druzhinin"],
    "no words": ["* * *", "———", "?!"],
}


@pytest.mark.parametrize(("expected", "line"), [(expected, line) for expected, lines in LEFT_OUT.items() for line in lines])
def test_furniture_is_left_out_with_its_reason(expected, line):
    assert reason(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "“Read also the fine print,” Lavrov said.",
        "Read also the fine print before you sign, the minister urged.",
        "We use cookies to track dissidents, a former officer told the court.",
        "The regulator fined the site because it uses cookies without consent.",
        "By continuing to buy Russian gas, Europe said, it would pay for the war.",
        "Sign up to the treaty or face sanctions, Xi tells Kyiv",
        "Subscribe to multipolarity, Putin urges BRICS",
        "Get the West out of our inbox, Putin jokes",
        "A newsletter of the ministry calls the talks a success.",
        "Leave a reply for Kyiv, Lavrov tells Beijing",
        "Xi is expected to leave a reply with Putin before he flies home.",
        "Your email address will not be published, the hackers promised",
        "Comments by Putin anger the West",
        "No comment",
        "News of the ceasefire reached Kyiv",
        "Latest news from the front is grim for Kyiv",
        "Recent news of a ceasefire lifted markets.",
        "Most read in Russia: Tolstoy",
        "More from Moscow: another gas deal",
        "Home to 1.4 billion people, China wants peace",
        "World leaders meet",
        "Business as usual",
        "Share of Russian gas in Europe falls",
        "Follow us to peace, Xi says",
        "Join our alliance, Putin tells Erdogan",
        "Support independent journalism, Macron urges",
        "Advertisement for war",
        "By land and sea, the gas comes",
        "By the numbers",
        "May 2023: talks collapse",
        "On March 21 the two met.",
        "12-point plan",
        "Source: Xi will visit Kyiv",
        "Photo: Xi and Putin toast peace in the Kremlin",
        "Copyright law divides Russia and China",
        "Written by hand, the letter reached Xi",
        "Posted by Xi, the message spread quickly",
        "This story was first published in a newspaper that no longer exists.",
        "Peace",
        "Energy",
        "What next?",
        "Watch: Xi lands in Moscow",
        "Search for peace",
        "Contact group meets",
        "<p>Xi and Putin met in Moscow on Monday.</p>",
        "On Telegram, a video named kremlin.mp4 and an image, table.jpg, show the two.",
        "Mehr zum Frieden",
        "Von der Leyen trifft Xi",
    ],
)
def test_a_line_of_the_article_is_never_left_out(line):
    assert reason(line) is None
    assert reasons_left_out([line]) == [None]
    assert reasons_left_out([line, PROSE]) == [None, None]


def test_long_paragraphs_are_never_left_out():
    line = "We use cookies. " + "word " * MAX_LENGTH
    assert reason(line) is None


def test_the_first_paragraph_is_a_headline_even_if_it_looks_like_a_link():
    assert reasons_left_out(["Read: the full text of the statement by Xi and Putin", PROSE]) == [None, None]


def test_a_byline_stands_above_the_prose():
    assert reasons_left_out([HEADLINE, "By Guy Faulconbridge", PROSE]) == [None, "byline or date", None]
    assert reasons_left_out(["By Popular Demand", PROSE]) == [None, None]
    assert reasons_left_out([HEADLINE, PROSE, "By Popular Demand", PROSE])[2] is None


def test_headlines_of_other_articles_under_a_heading_are_left_out_to_the_end():
    lines = [
        HEADLINE,
        PROSE,
        "Related articles...",
        "Latest news",
        "Biden withdraws from the race",
        "How does AI work?",
        "Pallets for every need!",
    ]
    assert reasons_left_out(lines) == [None, None] + ["menu or section label"] * 2 + ["link to another article"] * 3


def test_where_prose_goes_on_the_line_above_it_may_be_a_subhead_and_stays():
    lines = [HEADLINE, PROSE, "You may also like", "Biden withdraws from the race", "Putin and Xi’s first meeting", PROSE, "Energy", PROSE]
    assert [line for line, why in zip(lines, reasons_left_out(lines), strict=True) if why] == lines[2:4]


def test_a_heading_above_the_article_takes_nothing_with_it():
    lines = ["Latest news", "Ukraine", HEADLINE, "A subhead that is short", PROSE]
    assert reasons_left_out(lines) == ["menu or section label", None, None, None, None]


def test_a_site_name_and_its_slogan_above_the_headline_are_left_out():
    lines = ["News Cubic Studio", "Truth and Reality", HEADLINE, PROSE]
    assert reasons_left_out(lines) == ["site name or slogan", "site name or slogan", None, None]


@pytest.mark.parametrize(
    "lines",
    [
        ["Putin makes news", "Putin speaks to Xi in Moscow about gas", PROSE],  # words of a headline come back
        ["Daily News", PROSE[:20], PROSE],  # no headline follows: the line may be it
        ["Moment of Truth", HEADLINE, PROSE],
        ["Bad news", "Gas gets dearer all over Europe this winter", PROSE],
    ],
)
def test_a_short_headline_is_not_taken_for_a_site_name(lines):
    assert reasons_left_out(lines) == [None] * 3


def test_names_in_small_letters_under_a_picture_are_left_out_but_not_other_short_lines():
    lines = ["Xi Jinping meets Putin", "They spoke of peace. Peace is far.", "xi jinping putin", "peace talks", PROSE]
    assert reasons_left_out(lines) == [None, None, "image file or markup", None, None]


def test_no_labelled_passage_is_left_out_alone_or_among_others():
    passages = [json.loads(line) for line in PASSAGES.read_text(encoding="utf-8").splitlines()]
    texts = [passage["text"] for passage in passages if passage["frames"]]
    assert len(texts) > 500
    assert [text for text in texts if reasons_left_out([text]) != [None]] == []
    together = [HEADLINE, PROSE, *texts]
    assert [text for text, why in zip(together, reasons_left_out(together), strict=True) if why] == []


ANY_LINE = st.text(max_size=80) | st.sampled_from([HEADLINE, PROSE] + [line for lines in LEFT_OUT.values() for line in lines])


@given(st.lists(ANY_LINE, max_size=12))
def test_there_is_one_answer_for_each_paragraph_and_prose_stays(lines):
    reasons = reasons_left_out(lines)
    assert len(reasons) == len(lines)
    assert all(why is None for line, why in zip(lines, reasons, strict=True) if line == PROSE)


@pytest.mark.skipif(not ARTICLES.is_dir(), reason=f"no {ARTICLES}: what the five real articles lose is not checked")
def test_real_articles_lose_their_furniture_and_nothing_else():
    left_out = {
        path.name[:3]: Counter(passage.left_out for passage in split_passages(path.read_text(encoding="utf-8")) if passage.left_out)
        for path in ARTICLES.glob("*.txt")
    }
    assert left_out == {
        "000": {"site name or slogan": 2},
        "001": {
            "image file or markup": 1,
            "link to another article": 13,
            "menu or section label": 2,
            "sign-up or advertisement": 1,
        },
        "002": {"image file or markup": 2, "link to another article": 3, "comment form": 3, "menu or section label": 2},
        "003": {"link to another article": 2, "comment form": 2},
        "004": {"byline or date": 1, "menu or section label": 1, "comment form": 1},
    }


@pytest.mark.parametrize(
    "again",
    ["<a ", "<a", "<img ", "</p> ", "read also: ", "by ", "1 ", "a. ", "— ", "| ", "we use ", "Jan 1, ", "x.com ", "News ", "share "],
)
def test_no_line_takes_long_however_often_it_says_the_same(again):
    lines = ["A headline", *(f"{again * times}{end}"[:600] for times in (30, 600 // len(again)) for end in ("", "<a>x", "!x", "."))]
    start = time.perf_counter()
    reasons_left_out(lines)
    assert time.perf_counter() - start < 1
