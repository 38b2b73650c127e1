"""The language of a text: by its script where that decides, by an identifier where it does not, English in doubt."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing import language
from framing.errors import FramingError
from framing.language import language_of

PASSAGES = Path(__file__).parent.parent / "seeds" / "passages.jsonl"

SENTENCES = [
    ("de", "Der chinesische Präsident traf am Montag in Moskau mit dem russischen Präsidenten zu Gesprächen über die Ukraine zusammen."),
    ("de", "Präsident Selenskyj lehnte den Vorschlag von Xi Jinping und Wladimir Putin in Kiew am Abend ab."),
    ("fr", "Selon le groupe, le nouveau gazoduc doit livrer du gaz norvégien à la Pologne dès l'année prochaine."),
    ("fr", "Volodymyr Zelensky a rejeté dans la soirée la proposition de Xi Jinping et de Vladimir Poutine."),
    ("es", "Según la empresa, el nuevo gasoducto llevará gas noruego a Polonia a partir del año que viene."),
    ("es", "Volodímir Zelenski rechazó por la noche la propuesta de Xi Jinping y Vladímir Putin en Kiev."),
    ("it", "Secondo l'azienda il nuovo gasdotto porterà il gas norvegese in Polonia a partire dal prossimo anno."),
    ("it", "Volodymyr Zelensky ha respinto in serata la proposta di Xi Jinping e Vladimir Putin a Kiev."),
    ("pt", "Segundo a empresa, o novo gasoduto levará gás norueguês à Polônia a partir do próximo ano."),
    ("pt", "Volodymyr Zelensky rejeitou à noite a proposta de Xi Jinping e Vladimir Putin em Kiev."),
    ("tr", "Çin Devlet Başkanı pazartesi günü Moskova'da Rus mevkidaşı ile Ukrayna savaşını görüşmek üzere bir araya geldi."),
    ("pl", "Prezydent Chin spotkał się w poniedziałek w Moskwie ze swoim rosyjskim odpowiednikiem, aby omówić wojnę na Ukrainie."),
    ("ru", "По данным компании, новый трубопровод со следующего года будет поставлять норвежский газ в Польшу."),
    ("ru", "Владимир Зеленский вечером отверг предложение Си Цзиньпина и Владимира Путина о переговорах в Киеве."),
    ("uk", "За даними компанії, новий трубопровід із наступного року постачатиме норвезький газ до Польщі."),
    ("uk", "Володимир Зеленський увечері відхилив пропозицію Сі Цзіньпіна та Володимира Путіна щодо переговорів у Києві."),
    ("ar", "التقى الرئيس الصيني يوم الاثنين في موسكو نظيره الروسي لمناقشة الحرب في أوكرانيا وإمدادات الغاز."),
    ("zh", "中国国家主席周一在莫斯科会见俄罗斯总统，讨论乌克兰战争和天然气供应。"),
    ("ja", "中国の国家主席は月曜日、モスクワでロシアの大統領と会談し、ウクライナ戦争について話し合った。"),
    ("ko", "중국 국가주석은 월요일 모스크바에서 러시아 대통령과 만나 우크라이나 전쟁과 가스 공급 문제를 논의했다."),
    ("hi", "चीन के राष्ट्रपति ने सोमवार को मास्को में रूसी राष्ट्रपति से मुलाकात की और यूक्रेन युद्ध पर चर्चा की।"),
    ("fa", "وزیران خارجه دو کشور روز پنجشنبه در وین درباره تبادل احتمالی اسیران در ماه آینده گفتگو کردند."),
    ("nl", "Volgens het bedrijf zal de nieuwe pijpleiding vanaf volgend jaar Noors gas aan Polen leveren."),
    ("el", "Οι υπουργοί Εξωτερικών συζήτησαν στη Βιέννη."),
]


@pytest.mark.parametrize(("code", "sentence"), SENTENCES)
def test_a_sentence_of_ten_words_is_enough(code, sentence):
    assert language_of(sentence) == code


@pytest.mark.parametrize(
    "text",
    [
        "Peace?",
        "Sí, se puede",  # too short to be sure
        "Deutsche Bahn, Rheinmetall",
        "Belgrade turns to Baku for 400 MW gas-fired station at Niš",
        "Xi Jinping, Vladimir Putin, Recep Tayyip Erdoğan, Luiz Inácio Lula da Silva and Emmanuel Macron",
        "Kyiv, Zaporizhzhia, Kharkiv, Mykolaiv, Odesa, Chernihiv",
        "中国 means China, and this is a sentence in English about Xi Jinping.",
        "PUTIN TELLS XI: WELCOME, DEAR FRIEND",
    ],
)
def test_short_or_uncertain_latin_text_is_english(text):
    assert language_of(text) == "en"


@pytest.mark.parametrize("text", ["", "   ", "12 345 678", "😀😀", "\ud800", "\ufeff"])
def test_text_without_letters_is_english(text):
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    ("text", "document", "language"),
    [
        ("Peking vermittelt", "de", "de"),
        ("Peking vermittelt", "en", "en"),
        ("12,5", "fr", "fr"),
        ("Lula propone mediar en Kiev", "es", "es"),
        ("Pechino media tra Mosca e Kiev", "it", "it"),
        ("Putin and Xi met in Moscow", "de", "en"),
        ("Das teilte der Kreml am Montagabend in Moskau mit", "fr", "de"),
        ("Reuters", "ru", "en"),
        ("Пекин посредник", "de", "ru"),
    ],
)
def test_what_is_not_clearly_english_is_in_the_language_of_a_document_in_the_same_script(text, document, language):
    assert language_of(text, document) == language


def test_white_space_before_the_text_does_not_hide_it():
    assert language_of("\n" * 5000 + "По данным компании, трубопровод готов.") == "ru"


def test_english_passages_full_of_foreign_names_stay_english():
    passages = [json.loads(line) for line in PASSAGES.read_text(encoding="utf-8").splitlines()]
    texts = [passage["text"] for passage in passages if passage.get("language", "en") == "en"]
    assert len(texts) > 1000
    assert [text for text in texts if language_of(text) != "en"] == []


def test_plain_english_is_known_by_its_common_words_and_the_identifier_is_not_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(language, "_most_likely", lambda sample, *_: asked.append(sample))
    assert language_of("The two presidents signed the contract for gas and said that the talks would go on.") == "en"
    assert asked == []
    for doubtful in ("Moscow, Beijing and Ankara sign gas contract after months", "They met in the halls of Der Spiegel and of El Pais."):
        language_of(doubtful)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("code", "passage"),
    [
        (
            "de",
            "In seinem Buch »The Art of the Deal« und in der Fortsetzung »The Art of the Comeback« beschreibt der Präsident, wie er "
            "verhandelt; Kritiker in Moskau und Peking lesen beide Bände seit Jahren.",
        ),
        (
            "es",
            "Según el diario, los libros «The Art of the Deal», «The Fire and the Fury» y «The Room Where It Happened» vuelven a venderse "
            "mientras las dos partes negocian el precio del gas en Ginebra.",
        ),
        ("nl", "Of de gasleiding er komt of niet, was volgens de minister, die dat in The Hague zei, een vraag van geld en van tijd."),
        ("nl", "Kiezen of delen voor minister Kaag"),
        ("nl", "Stakingen of loonsverhoging: vakbonden stellen ultimatum"),
        ("da", "Regeringen vil have flere soldater"),
        ("tr", "Erdoğan, The Economist dergisine konuştu"),
        ("tr", "İş, aş ve ev"),
        ("lt", "Prezidentas knygose „The Art of the Deal“ ir „The Art of the Comeback“ rašo, kaip derasi su Maskva"),
        ("cy", "Mae llyfr y llywydd, The Art of the Deal, yn disgrifio sut mae trafod gyda Moscow"),
    ],
)
def test_english_titles_do_not_make_a_passage_english(code, passage):
    assert language_of(passage) == code


@pytest.mark.parametrize("code", ["de", "es", "fr", "it", "pt", "nl", "pl", "tr"])
def test_sentences_of_another_language_are_never_plain_english_whatever_english_stands_beside_them(code, monkeypatch):
    asked = []
    monkeypatch.setattr(language, "_most_likely", lambda sample, *_: asked.append(sample) or code)
    sentences = " ".join(sentence for spoken, sentence in SENTENCES if spoken == code)
    assert language_of(f"{sentences} {'The art of the deal, and of that which they have said. ' * 5}") == code
    assert len(asked) == 1


def test_every_language_that_may_be_named_has_words_that_english_does_without():
    assert set(language._OTHER_WORDS) == set(language._LATIN.others.split())
    assert not language._NOT_ENGLISH & language._ENGLISH_WORDS


@given(st.text())
def test_any_text_has_a_code_of_two_letters(text):
    code = language_of(text)
    assert len(code) == 2
    assert code.isascii()


def test_threads_that_ask_at_once_load_the_identifier_once():
    language._load_identifier.cache_clear()
    start = Barrier(8)

    def ask(text: str) -> str:
        start.wait()
        return language_of(text)

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(ask, [SENTENCES[0][1]] * 8))
    assert codes == ["de"] * 8
    assert language._load_identifier.cache_info().misses == 1


def test_importing_does_not_load_the_identifier():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, framing.text; print('py3langid' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Xi offers Putin (Владимир Путин) gas pipeline deal in Moscow.", "en"),
        ("Xi offers Putin (Министерство иностранных дел) a gas deal in Moscow today.", "en"),
        ("Xi bietet Putin (Владимир Путин) ein Gasgeschäft in Moskau an.", "de"),
        ("Xi propose à Poutine (Владимир Путин) un accord gazier à Moscou.", "fr"),
    ],
)
def test_a_name_in_other_letters_says_nothing_of_the_language(text, expected):
    assert language_of(text) == expected


def test_an_identifier_that_finds_no_temporary_room_says_so(monkeypatch):
    def full(*_given, **_more):
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(FramingError, match="needs 70 MB of temporary room .*TMPDIR names a folder"):
        language._load_identifier.__wrapped__()
