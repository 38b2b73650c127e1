"""What the furniture of web pages says: a table of patterns with the reason for leaving out what they match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

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


def any_of(*lines: str) -> re.Pattern[str]:
    """One pattern of many; each line holds alternatives between ` | `, in regular-expression syntax."""
    alternatives = (alternative.strip() for line in lines for alternative in line.split(" | "))
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


_SITE = r"(?:facebook|twitter|x|whatsapp|telegram|linkedin|reddit|pinterest|instagram|youtube|tiktok|threads|google news|e-?mail)"
_GAP = r"\b[\s|/>•·»›,-]*+"
_MENU = (
    r"(?:home ?page|home|latest|news|world|politics|business|sports?|opinion|videos?|photos|gallery|live tv|podcasts?|search|menu"
    r"|log ?in|log ?out|sign in|sign up|register|subscribe|my account|about us|contact us|contact|about|careers|rss|site ?map|archives?"
    r"|newsletters?|advertise(?: with us)?|privacy(?: policy| notice)?|terms(?: of (?:use|service)| (?:and|&) conditions)?|cookie policy"
    r"|share|tweet|print|save|copy link|facebook|twitter|whatsapp|telegram|linkedin|reddit|pinterest|instagram|youtube"
    r"|startseite|impressum|datenschutz|accueil|mentions légales|inicio|aviso legal|главная)" + _GAP
)
_SECTION = (  # names that may be an article's own subhead when they stand alone
    r"(?:economy|markets|culture|arts|tech(?:nology)?|science|health|entertainment|lifestyle|travel|weather|education|climate"
    r"|europe|asia|africa|americas)" + _GAP
)
_TIME = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|abril|ma[iy]o?|jun[ei]o?|juin|jul[yi]o?"
    r"|juillet|aug(?:ust)?|août|agosto|sept?(?:iembre|ember|embre)?|o[ck]t(?:ober|obre|ubre)?|nov(?:iembre|ember|embre)?|de[cz](?:ember)?"
    r"|d[ié]ci?embre|enero|febrero|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
    r"|(?:first )?published|(?:last )?updated|posted|modified|date|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|on|at|[ap]\.?m|st|nd|rd|th|de|uhr|gmt|utc|est|edt|et|ist|bst|cet|msk"
    r"|(?:seconds?|min(?:ute)?s?|hours?|days?|weeks?)(?: read| ago)?)\b"
)
_ALSO = (  # labels of links to other articles
    r"(?:(?:please )?(?:read|see) (?:also|more|next|too)|also (?:read|see|watch)|read|must[ -]reads?|recommended(?: reading)?|don't miss"
    r"|related(?: (?:read(?:ing)?|articles?|stor(?:y|ies)|news|posts?|content|coverage|links?|videos?))?|more on this(?: story| topic)?"
    r"|further reading|(?:next|previous) (?:post|article|story)"
    r"|lesen sie (?:auch|mehr|dazu)|mehr (?:zum thema|lesen)|siehe auch|auch interessant|weiterlesen|lesetipp"
    r"|(?:à )?lire (?:aussi|également|la suite)|à lire|voir aussi|en savoir plus|sur le même sujet"
    r"|le[ae] (?:también|más)|leer (?:también|más)|ve[ra] también|te puede interesar|más información|noticias relacionadas"
    r"|читайте (?:также|ещ[её])|читать (?:также|далее)|смотрите также|(?:материалы )?по теме"
    r"|leggi (?:anche|di più)|leia (?:também|mais)|veja também|saiba mais|(?:czytaj|zobacz) (?:też|także|również|więcej)"
    r"|相关阅读|延伸阅读|推荐阅读|相关新闻|関連記事)"
)
_MAIL = r"(?:newsletters?|mailing list|e-?mail alerts|(?:daily|weekly|morning|evening) (?:briefing|digest)|inbox|stay (?:updated|informed))"
_NAMES = r"(?: (?:and|in|at|&)| [A-ZÀ-ÞА-Я][\w.'-]*,?)+"

RULES = (
    Rule("no words", any_of(r"[\W_]*")),
    Rule(
        "image file or markup",
        any_of(
            r"\S*\.(?:webp|jpe?g|png|gif|svg|avif)\b.* | .*\bloading=\W?(?:lazy|eager)\b.*",
            r"<?(?:img|figure|picture|source|iframe|script|style)\b[^>]*=.* | (?:</?[a-z][^<>]*+>?+\s*+)++",
            r"window\.\w+.* | var \w+ ?=.* | function ?\(.* | @media .* | https?://\S+ | pic\.twitter\.com/\S+",
        ),
    ),
    Rule(
        "cookie notice",
        any_of(
            r"(?:we|(?:this|our) (?:web)?site|we and our (?:\d+ )?partners)(?: also)? (?:uses?|stores?)\b.*\bcookies?\b.*",
            r"by (?:continuing|using|clicking|browsing|visiting)\b.*\byou (?:agree|consent|accept|acknowledge)\b.* | we value your privacy",
            r"(?:accept|reject|allow|manage)(?: all)?(?: cookies| choices| preferences)?",
            r"(?:your )?(?:cookies?|privacy|consent)[ -](?:settings|preferences|notice|choices|consent|policy|einstellungen|richtlinie)",
            r"(?:wir (?:verwenden|nutzen|setzen)|diese (?:web)?(?:seite|site) (?:verwendet|nutzt)).*\bcookies\b.*",
            r"(?:alle )?(?:cookies )?(?:akzeptieren|ablehnen)",
            r"(?:ce site utilise|nous utilisons|en poursuivant votre navigation).*\bcookies\b.*",
            r"(?:tout )?(?:accepter|refuser)(?: tout| les cookies)?",
            r"(?:este sitio(?: web)? (?:usa|utiliza)|esta web utiliza|utilizamos|usamos)\b.*\bcookies\b.*",
            r"(?:aceptar|rechazar)(?: tod[ao]s)?(?: las)?(?: cookies)?",
            r"(?:мы используем|(?:этот |наш )?сайт использует).*(?:cookie|куки).* | принять(?: все)?(?: cookie| куки)?",
        ),
        prose_may_match=False,
    ),
    Rule(
        "comment form",
        any_of(
            r"(?:leave|post|write|add|submit) (?:a|your) (?:reply|comment|response)(?: cancel (?:reply|comment))? | post comment",
            r"cancel reply | reply | comments? | \d+ (?:comments?|repl(?:y|ies)) | no comments(?: yet)? | be the first to comment",
            r"(?:view|show|load|hide)(?: all)?(?: \d+)? comments | comments (?:are )?(?:closed|off|disabled)",
            r"your e-?mail address will not be (?:published|shared)(?:\..*)? | required fields are marked.*",
            r"(?:name|e-?mail|website) ?\*?:?",
            r"this site uses akismet.* | learn how your comment data is processed.* | save my name,? e-?mail.*",
            r"notify me of (?:new|follow-up).*",
            r"(?:you must be |please )?log(?:ged)? ?in to (?:post|leave|add|submit|write|comment|reply).*",
            r"join the (?:conversation|discussion) | share your thoughts(?: in the comments.*| below.*)?",
            r"schreiben? (?:sie )?einen kommentar(?: antwort abbrechen)? | kommentar (?:schreiben|verfassen|hinterlassen|abschicken)",
            r"(?:\d+ )?kommentare? | (?:deine|ihre) e-mail-adresse wird nicht veröffentlicht.* | erforderliche felder sind .*markiert.*",
            r"laisser un commentaire(?: annuler.*)? | (?:\d+ )?commentaires? | les champs obligatoires sont.*",
            r"votre adresse e-?mail ne sera pas publiée.* | (?:tu|su) (?:dirección de )?correo electrónico no será publicad[oa].*",
            r"dejar? (?:un comentario|una respuesta)(?: cancelar.*)? | los campos obligatorios.*",
            r"(?:оставить|добавить|написать) (?:комментарий|ответ) | комментарии(?: \d+)?",
            r"ваш (?:адрес )?e-?mail не будет опубликован.* | обязательные поля .*",
        ),
        prose_may_match=False,
    ),
    Rule("link to another article", any_of(rf"{_ALSO}(?:\s*[:：|»›→>]\s*|\s+[–—-]\s+)\S.{{0,199}}"), place="below the headline"),
    Rule(
        "link to another article",
        any_of(
            r"(?:continue|keep) reading | read more about .{1,80} | click here (?:to|for) .{1,80}",
            r"read the (?:full|original|whole) (?:story|article|report|interview)\b.{0,60}",
        ),
        prose_may_match=False,
    ),
    Rule(
        "menu or section label",
        any_of(
            _ALSO,
            r"(?:the )?(?:latest|recent|top|breaking|more|popular|trending|featured|similar) (?:news|stories|articles|posts|headlines)",
            r"(?:you )?(?:may|might|could)(?: also)? (?:like|enjoy|be interested in) | you may have missed | in case you missed it",
            r"more like this | what to read next | up next | trending(?: now)? | (?:from )?around the web | more in this section",
            r"recommended (?:for you|stories|articles) | (?:our )?editors?(?:'s?)? (?:picks?|choice) | also (?:in|on) (?:the )?news",
            r"most (?:read|popular|viewed|shared|recent|commented)",
            r"more (?:from|by) (?:the author|this author|our (?:network|site|partners))",
            r"meistgelesen | (?:aktuelle|neueste|weitere|verwandte|ähnliche) (?:nachrichten|artikel|beiträge|meldungen)",
            r"das könnte (?:sie|dich|ihnen|dir) auch (?:interessieren|gefallen)",
            r"(?:les )?plus lus | (?:articles|sujets) (?:similaires|liés|récents|connexes) | dernières? (?:actualités?|infos|nouvelles)",
            r"vous aimerez aussi | (?:lo )?más (?:leído|visto)s? | últimas noticias | artículos relacionados | entradas recientes",
            r"(?:también )?te (?:puede|podría) (?:interesar|gustar) | (?:вам )?может быть интересно | самое читаемое",
            r"(?:последние|похожие|главные|другие|популярные) (?:новости|статьи|материалы|записи)",
            r"ultime notizie | articoli correlati | potrebbe interessarti(?: anche)? | últimas notícias | artigos relacionados",
            r"ilgili haberler",
        ),
        opens_list=True,
    ),
    Rule(
        "menu or section label",
        any_of(
            rf"(?:{_MENU})++ | (?:{_MENU}|{_SECTION}){{3,}}+ | home ?[>»›/][^.!?]{{0,80}}",
            r"skip to (?:main )?content | back to top | toggle navigation | loading(?: more)? | like this | listen to this article",
            rf"(?:share|follow us|find us)(?: this)?(?: article| story| post| page)?(?: (?:on|via|by) {_SITE}(?:(?:,| and| or) {_SITE})*)?",
            r"(?:tags?|categor(?:y|ies)|filed under|posted in|keywords|schlagw[oö]rter|mots-clés|etiquetas|теги) ?: ?[^.!?]{0,200}",
            r"tags? | categories | [\d.,]+ ?[km]? (?:shares?|views?|likes?|followers) | teilen | partager | compartir | поделиться",
        ),
    ),
    Rule(
        "sign-up or advertisement",
        any_of(
            r"advertisements? | ads? | sponsored(?: content| post)? | promoted(?: content| stories)? | paid (?:content|post)",
            r"anzeige | werbung | publicité | publicidad | реклама | pubblicità | scroll to continue.{0,40}",
            r"(?:skip|hide|report) (?:this )?ads?",
            r"(?:story|article) continues (?:below|after)(?: (?:this |the )?ad(?:vertisement)?)? | enter your e-?mail(?: address)?.{0,80}",
            rf"(?:please )?(?:sign up|subscribe|register|join our|(?:get|receive) (?:our|the (?:latest|best)|top|more))\b.*\b{_MAIL}\b.*",
            r"(?:subscribe|sign up) (?:now|today|here|for free) | subscribe to our .{1,80}",
            r"become a (?:member|subscriber)(?: today| now)?",
            r"start your free trial.* | (?:already|not yet) an? (?:subscriber|member)\?.* | donate(?: now| today| here)?",
            r"to continue reading,? (?:please )?(?:subscribe|log ?in|sign|register).* | this (?:content|article) is .*for .*subscribers.*",
            rf"(?:please )?(?:follow|like|join|find) (?:us|our \w+) (?:on|in|via) {_SITE}\b.* | join our {_SITE}.*",
            r"download (?:the|our)(?: \w+)? app\b.* | support (?:our|independent|quality) journalism.* | you can unsubscribe at any time.*",
            r"thank(?:s| you) for (?:subscribing|signing up).* | continue with (?:google|facebook|apple)",
            r".*\bnewsletter (?:abonnieren|bestellen)\b.* | melden sie sich .*newsletter.*",
            r"(?:abonnez|inscrivez)-vous(?: .*)? | (?:suscríbete|suscríbase)\b.* | подпи(?:шитесь|сывайтесь) на .*",
            r"iscriviti .*newsletter.* | assine .*newsletter.*",
        ),
        prose_may_match=False,
    ),
    Rule(
        "byline or date",
        any_of(
            rf"(?=.*\d)(?:(?:{_TIME}|\d++)[\s.,:;/|•·–—+()-]*+)++",
            r"by (?:[\w.'-]+ ){0,3}(?:news|staff|admin|editors?|newsroom|desk|bureau|correspondents?|agencies|reuters|afp|xinhua|tass)",
            r"(?:source|via|quelle|fuente|источник) ?: ?(?:reuters|afp|ap|xinhua|tass|yonhap|anadolu|ani|pti|efe|dpa|agencies|agenturen)",
            r"(?:source|via|quelle|fuente|источник) ?: ?[\w-]+\.[a-z]{2,6}\S*",
            r"(?:posted|published) by (?:admin|staff|editor)(?: on .{4,30})?",
        ),
    ),
    Rule(
        "byline or date",
        any_of(
            rf"(?:(?:Additional )?(?:[Rr]eporting|[Ww]riting|[Ee]diting)|Posted|Written|Edited|Translated) by{_NAMES}(?: on .{{4,30}})?",
            rf"Reporting by{_NAMES}; ?(?:additional reporting|writing|editing|Additional reporting|Writing|Editing) by{_NAMES}",
            r"This (?:article|story|post) (?:was )?(?:originally|first) (?:appeared|published) (?:on|in|by|at) (?:the )?[A-Z][^!?]{2,60}",
        ),
        prose_may_match=False,
        cased=True,
    ),
    Rule(
        "byline or date",
        any_of(r"(?:By|Par|Por|Von|Autor:|Автор:)(?! (?:The|All|Any|Der)\b)(?: [^\W\d_a-zа-я][\w.'-]*){2,4}"),
        place="above the prose",
        cased=True,
    ),
    Rule(
        "photo credit",
        any_of(r"(?:photo|image|foto|фото)s?(?: credits?| courtesy(?: of)?| by| source)?\s*[:/©]\s*\S+(?: \S+){0,2}"),
        place="below the headline",
    ),
    Rule(
        "copyright notice",
        any_of(
            r"(?:copyright\s*)?©.* | copyright \(c\).* | .{0,150}\ball rights reserved\b.{0,80}",
            r"this material may not be published, broadcast.*",
            r"alle rechte vorbehalten.* | tous droits réservés.* | todos los derechos reservados.* | все права защищены.*",
        ),
    ),
)
