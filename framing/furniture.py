"""Which paragraphs of a web page are furniture around the article, and why; in doubt a paragraph is the article's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_LENGTH = 600
"""Furniture is short: a longer paragraph, in characters, is never left out."""

Place = Literal["anywhere", "below the headline", "above the prose"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A paragraph that matches `pattern` as a whole is left out for `reason`."""

    reason: str
    pattern: re.Pattern[str]
    place: Place = "anywhere"
    prose_may_match: bool = True
    """False where the pattern fits sentences too: then a paragraph that quotes or reports somebody is not left out."""
    opens_list: bool = False
    """Whether headlines of other articles tend to follow."""
    cased: bool = False
    """True where capitals matter; every other pattern sees small letters only."""


def _any_of(*lines: str) -> re.Pattern[str]:
    """One pattern of many; each line holds alternatives between ` | `, in regular-expression syntax."""
    alternatives = (alternative.strip() for line in lines for alternative in line.split(" | "))
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


_SITE = r"(?:facebook|twitter|x|whatsapp|telegram|linkedin|reddit|pinterest|instagram|youtube|tiktok|threads|google news|e-?mail)"
_MENU = (
    r"(?:home ?page|home|startseite|accueil|inicio|главная|latest|news|world|politics|business|sports?|opinion|videos?|photos|gallery|live tv|podcasts?|search|menu"
    r"|log ?in|log ?out|sign in|sign up|register|subscribe|my account|about us|contact us|contact|about|careers|rss|site ?map|archives?|newsletters?|advertise(?: with us)?"
    r"|impressum|datenschutz|mentions légales|aviso legal|privacy(?: policy| notice)?|terms(?: of (?:use|service)| (?:and|&) conditions)?|cookie policy|share|tweet|print|save"
    r"|copy link|facebook|twitter|whatsapp|telegram|linkedin|reddit|pinterest|instagram|youtube)\b[\s|/>•·»›,-]*+"
)
_SECTION = r"(?:economy|markets|culture|arts|tech(?:nology)?|science|health|entertainment|lifestyle|travel|weather|education|climate|europe|asia|africa|americas)\b[\s|/>•·»›,-]*+"
_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|abril|ma[iy]o?|jun[ei]o?|juin|jul[yi]o?|juillet|aug(?:ust)?|août|agosto"
    r"|sept?(?:iembre|ember|embre)?|o[ck]t(?:ober|obre|ubre)?|nov(?:iembre|ember|embre)?|de[cz](?:ember)?|d[ié]ci?embre|enero|febrero"
    r"|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)"
)
_TIME = (
    rf"(?:{_MONTH}|(?:first )?published|(?:last )?updated|posted|modified|date|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|on|at|[ap]\.?m|st|nd|rd|th|de|uhr"
    r"|gmt|utc|est|edt|et|ist|bst|cet|msk|(?:seconds?|min(?:ute)?s?|hours?|days?|weeks?)(?: read| ago)?)\b"
)
_ALSO = (  # labels of links to other articles
    r"(?:(?:please )?(?:read|see) (?:also|more|next|too)|also (?:read|see|watch)|read|related(?: (?:read(?:ing)?|articles?|stor(?:y|ies)|news|posts?|content|coverage|links?|videos?))?"
    r"|more on this(?: story| topic)?|further reading|must[ -]reads?|recommended(?: reading)?|don't miss|lesen sie (?:auch|mehr|dazu)|mehr (?:zum thema|lesen)|siehe auch|auch interessant"
    r"|weiterlesen|(?:à )?lire (?:aussi|également|la suite)|à lire|voir aussi|en savoir plus|sur le même sujet|le[ae] (?:también|más)|leer (?:también|más)|ve[ra] también|te puede interesar"
    r"|más información|noticias relacionadas|читайте (?:также|ещ[её])|читать (?:также|далее)|смотрите также|(?:материалы )?по теме|leggi (?:anche|di più)|leia (?:também|mais)|veja também"
    r"|saiba mais|(?:czytaj|zobacz) (?:też|także|również|więcej)|相关阅读|延伸阅读|推荐阅读|相关新闻|関連記事)"
)
_NAMES = r"(?: (?:and|in|at|&)| [A-ZÀ-ÞА-Я][\w.'-]*,?)+"
_MAIL = r"(?:newsletters?|mailing list|e-?mail alerts?|(?:daily|weekly|morning|evening) (?:briefing|digest|e-?mail)|inbox|stay (?:updated|informed|up to date))"

RULES = (
    Rule("no words", _any_of(r"[\W_]*")),
    Rule(
        "image file or markup",
        _any_of(
            r"\S*\.(?:webp|jpe?g|png|gif|svg|avif)\b.* | <?(?:img|figure|picture|source|iframe|script|style)\b[^>]*=.* | .*\bloading=\W?(?:lazy|eager)\b.*",
            r"(?:<?/?[a-z][^<>]*>\s*)+ | window\.\w+.* | var \w+ ?=.* | function ?\(.* | @media .* | https?://\S+ | pic\.twitter\.com/\S+",
        ),
    ),
    Rule(
        "cookie notice",
        _any_of(
            r"(?:we|(?:this|our) (?:web)?site|we and our (?:\d+ )?partners)(?: also)? (?:uses?|stores?)\b.*\bcookies?\b.*",
            r"by (?:continuing|using|clicking|browsing|visiting)\b.*\byou (?:agree|consent|accept|acknowledge)\b.* | (?:accept|reject|allow|manage)(?: all)?(?: cookies)?",
            r"(?:your )?(?:cookies?|privacy|consent)[ -](?:settings|preferences|notice|choices|consent|policy|einstellungen|richtlinie)",
            r"(?:wir (?:verwenden|nutzen|setzen)|diese (?:web)?(?:seite|site) (?:verwendet|nutzt)).*\bcookies\b.* | (?:alle )?(?:cookies )?(?:akzeptieren|ablehnen)",
            r"(?:ce site utilise|nous utilisons|en poursuivant votre navigation).*\bcookies\b.* | (?:tout )?(?:accepter|refuser)(?: tout| les cookies)?",
            r"(?:este sitio(?: web)? (?:usa|utiliza)|esta web utiliza|utilizamos|usamos)\b.*\bcookies\b.* | (?:aceptar|rechazar)(?: tod[ao]s)?(?: las)?(?: cookies)?",
            r"(?:мы используем|(?:этот |наш )?сайт использует).*(?:cookie|куки).* | принять(?: все)?(?: cookie| куки)?",
        ),
        prose_may_match=False,
    ),
    Rule(
        "comment form",
        _any_of(
            r"(?:leave|post|write|add|submit) (?:a|your) (?:reply|comment|response)(?: cancel (?:reply|comment))? | cancel reply | reply | comments? | post comment",
            r"\d+ (?:comments?|repl(?:y|ies)) | no comments(?: yet)? | (?:view|show|load|hide)(?: all)?(?: \d+)? comments | comments (?:are )?(?:closed|off|disabled)",
            r"your e-?mail address will not be (?:published|shared)(?:\..*)? | required fields are marked.* | this site uses akismet.* | learn how your comment data is processed.*",
            r"save my name,? e-?mail.* | notify me of (?:new|follow-up).* | (?:name|e-?mail|website) ?\*?:? | be the first to comment | join the (?:conversation|discussion)",
            r"(?:you must be |please )?log(?:ged)? ?in to (?:post|leave|add|submit|write|comment|reply).* | share your thoughts(?: in the comments.*| below.*)?",
            r"schreiben? (?:sie )?einen kommentar(?: antwort abbrechen)? | kommentar (?:schreiben|verfassen|hinterlassen|abschicken) | (?:\d+ )?kommentare?",
            r"(?:deine|ihre) e-mail-adresse wird nicht veröffentlicht.* | erforderliche felder sind .*markiert.*",
            r"laisser un commentaire(?: annuler.*)? | votre adresse e-?mail ne sera pas publiée.* | les champs obligatoires sont.* | (?:\d+ )?commentaires?",
            r"dejar? (?:un comentario|una respuesta)(?: cancelar.*)? | (?:tu|su) (?:dirección de )?correo electrónico no será publicad[oa].* | los campos obligatorios.*",
            r"(?:оставить|добавить|написать) (?:комментарий|ответ) | ваш (?:адрес )?e-?mail не будет опубликован.* | обязательные поля .* | комментарии(?: \d+)?",
        ),
        prose_may_match=False,
    ),
    Rule("link to another article", _any_of(rf"{_ALSO}(?:\s*[:|»›→>]\s*|\s+[–—-]\s+)\S.{{0,199}}"), place="below the headline"),
    Rule(
        "link to another article",
        _any_of(
            r"(?:continue|keep) reading | read more about .{1,80} | click here (?:to|for) .{1,80} | read the (?:full|original|whole) (?:story|article|report|interview)\b.{0,60}",
            r"(?:next|previous|older|newer) (?:posts?|articles?|stor(?:y|ies)|entries)",
        ),
        prose_may_match=False,
    ),
    Rule(
        "menu or section label",
        _any_of(
            _ALSO,
            r"(?:the )?(?:latest|recent|top|breaking|other|more|popular|trending|featured|similar) (?:news|stories|articles|posts|headlines|videos|comments|topics|content)",
            r"(?:you )?(?:may|might|could)(?: also)? (?:like|enjoy|be interested in) | you may have missed | more like this | what to read next | read next | up next | trending(?: now)?",
            r"recommended (?:for you|stories|articles) | (?:our )?editors?(?:'s?)? (?:picks?|choice) | most (?:read|popular|viewed|shared|recent|commented) | (?:from )?around the web",
            r"more (?:from|by) (?:the author|this author|our (?:network|site|partners)) | also (?:in|on) (?:the )?news | more in this section | in case you missed it",
            r"meistgelesen | (?:aktuelle|neueste|weitere|verwandte|ähnliche) (?:nachrichten|artikel|beiträge|meldungen) | das könnte (?:sie|dich|ihnen|dir) auch (?:interessieren|gefallen)",
            r"(?:les )?plus lus | (?:articles|sujets) (?:similaires|liés|récents|connexes) | dernières? (?:actualités?|infos|nouvelles) | vous aimerez aussi",
            r"(?:lo )?más (?:leído|visto)s? | últimas noticias | artículos relacionados | entradas recientes | (?:también )?te (?:puede|podría) (?:interesar|gustar)",
            r"(?:последние|похожие|главные|другие|популярные) (?:новости|статьи|материалы|записи) | самое читаемое | (?:вам )?может быть интересно",
            r"ultime notizie | articoli correlati | potrebbe interessarti(?: anche)? | últimas notícias | artigos relacionados | ilgili haberler | powiązane artykuły",
        ),
        opens_list=True,
    ),
    Rule(
        "menu or section label",
        _any_of(
            rf"(?:{_MENU})++ | (?:{_MENU}|{_SECTION}){{3,}}+ | home ?[>»›/][^.!?]{{0,80}} | skip to (?:main )?content | back to top | toggle navigation | loading(?: more)?",
            rf"(?:share|follow us|find us)(?: this)?(?: article| story| post| page)?(?: (?:on|via|by) {_SITE}(?:(?:,| and| or) {_SITE})*)? | listen to this article",
            r"(?:tags?|categor(?:y|ies)|filed under|posted in|keywords|schlagw[oö]rter|mots-clés|etiquetas|теги) ?: ?[^.!?]{0,200} | tags? | categories",
            r"[\d.,]+ ?[km]? (?:shares?|views?|likes?|followers) | teilen | partager | compartir | поделиться",
        ),
    ),
    Rule(
        "sign-up or advertisement",
        _any_of(
            r"advertisements? | ads? | sponsored(?: content| post)? | promoted(?: content| stories)? | paid (?:content|post) | anzeige | werbung | publicité | publicidad | реклама | pubblicità",
            r"(?:story|article) continues (?:below|after)(?: (?:this |the )?ad(?:vertisement)?)? | scroll to continue.{0,40} | (?:remove|skip|hide|report) (?:this )?ads?",
            rf"(?:please )?(?:sign up|subscribe|register|join our|(?:get|receive) (?:our|the (?:latest|best)|breaking|top|more))\b.*\b{_MAIL}\b.* | enter your e-?mail(?: address)?.{{0,80}}",
            r"subscribe (?:now|today|here|for free|to our .{1,80}) | sign up (?:now|today|here|for free) | start your free trial.* | become a (?:member|subscriber)(?: today| now)?",
            r"(?:already|not yet) an? (?:subscriber|member)\?.* | to continue reading,? (?:please )?(?:subscribe|log ?in|sign|register).* | this (?:content|article) is .*for .*subscribers.*",
            rf"(?:please )?(?:follow|like|join|find) (?:us|our \w+) (?:on|in|via) {_SITE}\b.* | join our {_SITE}.* | download (?:the|our)(?: \w+)? app\b.* | donate(?: now| today| here)?",
            r"support (?:our|independent|quality) journalism.* | you can unsubscribe at any time.* | thank(?:s| you) for (?:subscribing|signing up).* | continue with (?:google|facebook|apple)",
            r".*\bnewsletter (?:abonnieren|bestellen)\b.* | melden sie sich .*newsletter.* | (?:abonnez|inscrivez)-vous(?: .*)? | (?:suscríbete|suscríbase)\b.*",
            r"подпи(?:шитесь|сывайтесь) на .* | iscriviti .*newsletter.* | assine .*newsletter.*",
        ),
        prose_may_match=False,
    ),
    Rule(
        "byline or date",
        _any_of(
            rf"(?=.*\d)(?:(?:{_TIME}|\d++)[\s.,:;/|•·–—+()-]*+)++",
            r"(?:posted|published) by (?:admin|staff|editor)(?: on .{4,30})?",
            r"by (?:[\w.'-]+ ){0,3}(?:news|staff|admin|editors?|newsroom|desk|bureau|correspondents?|reporters?|agencies|reuters|afp|xinhua|tass)(?: (?:staff|writers?|reporters?|desk))?",
            r"(?:source|via|quelle|fuente|источник) ?: ?(?:reuters|afp|ap|xinhua|tass|yonhap|anadolu|ani|pti|efe|dpa|agencies|agenturen|[\w-]+\.[a-z]{2,6}\S*)",
        ),
    ),
    Rule(
        "byline or date",
        _any_of(
            rf"(?:(?:Additional )?(?:[Rr]eporting|[Ww]riting|[Ee]diting)|Posted|Written|Edited|Translated) by{_NAMES}(?:; ?(?:additional reporting|editing|writing) by{_NAMES})?(?: on .{{4,30}})?",
            r"This (?:article|story|post|piece) (?:was )?(?:originally|first) (?:appeared|published) (?:on|in|by|at) (?:the )?[A-Z][^!?]{2,60}",
        ),
        prose_may_match=False,
        cased=True,
    ),
    Rule("byline or date", _any_of(r"(?:By|Par|Por|Von|Autor:|Автор:)(?! (?:The|All|Any|Der)\b)(?: [^\W\d_a-zа-я][\w.'-]*){2,4}"), place="above the prose", cased=True),
    Rule("photo credit", _any_of(r"(?:photo|image|foto|bild|фото)s?(?: credits?| courtesy(?: of)?| by| source)?\s*[:/©]\s*\S+(?: \S+){0,2}"), place="below the headline"),
    Rule("copyright notice", _any_of(r"(?:copyright\s*)?©.* | copyright \(c\).* | .{0,150}\ball rights reserved\b.{0,80} | alle rechte vorbehalten.* | tous droits réservés.*")),
    Rule("copyright notice", _any_of(r"todos los derechos reservados.* | все права защищены.* | this material may not be published, broadcast.*")),
)
_CASED_RULES = tuple(rule for rule in RULES if rule.cased)
_ANY_RULE = re.compile("|".join(rule.pattern.pattern for rule in RULES if not rule.cased))
_REPORT = re.compile(r"[\"“”«»„]|\b(?:said|says|told|tells|asked|warned|announced|reported|argued|accused|urges|tells|warns|vows|jokes|insists|according to|sagte|a déclaré|dijo|заявил)\b")
_DECORATION = " \t*#•·>»›→▶►▸|[]()-–—_=~:!…"
_STRAIGHT = str.maketrans("’‘", "''", "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_ENDS_AS_PROSE = re.compile(r"(?:.{40,}(?<!\.)\.|.*[。।۔])[)\]\"'”»]*", re.DOTALL)

_SITE_NAME = re.compile(
    r"(?!(?:bad|good|fake|big|hard|old|new|tough|end)\b)(?:news \w.*|.*\b(?:news|times|herald|tribune|gazette|daily|studio|magazine|chronicle|telegraph)|[\w-]+\.(?:com|org|net|info))",
)
_SLOGAN_WORD = re.compile(r"\b(?:truth|facts?|news|trust(?:ed)?|fearless|independent|unbiased|honest|voice|journalism|stories|first|daily)\b")
_WORD = re.compile(r"[^\W_]+")


def reasons_left_out(paragraphs: Sequence[str]) -> list[str | None]:
    """For each paragraph of a document, in order: why it is not the article's own text, as a short phrase, or None if it is."""
    lines = [_plain(paragraph) for paragraph in paragraphs]
    prose = [_is_prose(line) for line in lines]
    above_prose = True
    rules: list[Rule | None] = []
    for index, line in enumerate(lines):
        rules.append(_matching_rule(line, index, above_prose))
        above_prose = above_prose and (rules[-1] is not None or not prose[index])
    reasons = [rule.reason if rule else None for rule in rules]
    listed = _listed(rules, prose)
    names = _site_names(lines, reasons)
    for indices, reason in ((listed, "link to another article"), (names, "site name or slogan"), (_image_slugs(lines, reasons), "image file or markup")):
        for index in indices:
            reasons[index] = reasons[index] or reason
    return reasons


def _plain(paragraph: str) -> str:
    if len(paragraph) > MAX_LENGTH:
        return paragraph
    return " ".join(paragraph.translate(_STRAIGHT).split()).strip(_DECORATION).removesuffix("...")


def _is_prose(line: str) -> bool:
    return len(line) > 200 or _ENDS_AS_PROSE.fullmatch(line) is not None


def _matching_rule(line: str, index: int, above_prose: bool) -> Rule | None:
    if len(line) > MAX_LENGTH:
        return None
    places = {"anywhere": True, "below the headline": index > 0, "above the prose": index > 0 and above_prose}
    small = line.lower()
    reports = _REPORT.search(small) is not None
    for rule in RULES if _ANY_RULE.fullmatch(small) else _CASED_RULES:
        if places[rule.place] and (rule.prose_may_match or not reports) and rule.pattern.fullmatch(line if rule.cased else small):
            return rule
    return None


def _listed(rules: Sequence[Rule | None], prose: Sequence[bool]) -> list[int]:
    """Short paragraphs under a heading such as "Related articles"; one right above prose may be a subhead and is not taken."""
    listed: list[int] = []
    seen_prose = in_list = False
    for index, rule in enumerate(rules):
        if rule is not None:
            in_list = in_list or (rule.opens_list and seen_prose)
        elif not prose[index]:
            listed += [index] if in_list else []
        else:
            if in_list and listed and listed[-1] == index - 1:
                listed.pop()
            seen_prose, in_list = True, False
    return listed


def _site_names(lines: Sequence[str], reasons: Sequence[str | None]) -> list[int]:
    """The first paragraph if it names a site, and a slogan under it: their words do not come back, a headline's words do."""
    if len(lines) < 3 or not _may_be_name(lines[0], _SITE_NAME) or reasons[0]:
        return []
    found = [0, 1] if _may_be_name(lines[1], _SLOGAN_WORD) else [0]
    rest = set(_words(lines[found[-1] + 1 :]))
    headline_follows = len(lines[found[-1] + 1].split()) > 4
    return [index for index in found if headline_follows and not rest.intersection(word for word in _words([lines[index]]) if len(word) > 3)]


def _may_be_name(line: str, pattern: re.Pattern[str]) -> bool:
    return 0 < len(line.split()) <= 4 and pattern.search(line.lower()) is not None


def _words(lines: Iterable[str]) -> list[str]:
    return [word.lower() for line in lines for word in _WORD.findall(line)]


def _image_slugs(lines: Sequence[str], reasons: Sequence[str | None]) -> set[int]:
    """Names in small letters, as in `xi jinping putin` under a picture: everywhere else these words have capitals."""
    slugs = {i for i, line in enumerate(lines) if i and not reasons[i] and line.islower() and 2 <= len(line.split()) <= 6 and line.isascii()}
    if not slugs:
        return set()
    others = Counter(word for i, line in enumerate(lines) if i not in slugs for word in _WORD.findall(line))
    return {i for i in slugs if all(word.capitalize() in others and word not in others for word in _WORD.findall(lines[i]))}
