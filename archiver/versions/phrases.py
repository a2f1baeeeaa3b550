"""The words, in many languages, by which a page says that something is not the article, or not there."""

# ruff: noqa: RUF001 - the words of many languages, in their own letters

from __future__ import annotations

import re

NOT_FOUND = re.compile(
    r"""
    \b(?:404|410)\b|\bnot\s+(?:be\s+)?found\b|\b(?:page|article|story|content)\s+(?:is\s+)?(?:not
    |no\s+longer)\s+(?:available|exist)
    |\bno\s+longer\s+(?:available|exists?)\b|\bdoes\s?n[o']t\s+exist\b|\b(?:has|have
    |was)\s+been\s+(?:removed|deleted)\b
    |\bnicht\s+(?:mehr\s+)?(?:gefunden|verfügbar|vorhanden)\b|\bexistiert\s+nicht\b
    |\bwurde\s+(?:gelöscht|entfernt)\b
    |\bintrouvable\b|\bn['’]existe\s+(?:pas|plus)\b|\bn['’]est\s+plus\s+disponible\b
    |\bno\s+(?:encontrad[ao]|existe|disponible|se\s+encuentra|se\s+ha\s+encontrado)\b
    |\bnon\s+(?:trovat[ao]|esiste|disponibile|è\s+stata\s+trovata)\b
    |\bnão\s+(?:encontrad[ao]|existe|foi\s+encontrad[ao])\b|\bniet\s+(?:gevonden|beschikbaar)\b
    |\bbestaat\s+niet\b
    |\bnie\s+(?:znaleziono|istnieje)\b|\bhitt(?:ades|ar|as)\s+(?:inte|ikke)\b|\bikke\s+(?:fundet
    |funnet)\b|\bei\s+löyt\w+
    |\bnenalezen\w*|\bnebyla\s+nalezena\b|\bnem\s+található\b|\bnu\s+a\s+fost\s+găsit|\bδεν\s+βρέθηκε
    |\bне\s+найден\w*|\bне\s+існує\b|\bне\s+знайден\w*|\bbulunamadı|\bсторінк\w+\s+не\b
    |找不到|不存在|未找到|已删除|已刪除|見つかりません|찾을\s?수\s?없|غير\s+موجود|لم\s+يتم\s+العثور|לא\s+נמצא|یافت\s+نشد
    |\btidak\s+ditemukan\b|\bkhông\s+tìm\s+thấy\b|ไม่พบ
    """,
    re.VERBOSE | re.IGNORECASE,
)
NOT_FOUND_ADDRESS = re.compile(
    r"(?:^|[/=_-])(?:404|410|(?:page-?)?not-?found|error-?page|fehlerseite|seite-nicht-gefunden)(?:[/._-]|$)",
    re.IGNORECASE,
)
CONSENT_ADDRESS = re.compile(
    r"^(?:consent|guce|cmp|privacy|zustimmung|cookie)s?[.-]|[/=](?:consent|zustimmung|privacy-?(?:gate|wall|center)|"
    r"cookie-?(?:wall|consent|consensus|policy)|gdpr|pur-?abo|einwilligung)(?:[/?&._-]|$)",
    re.IGNORECASE,
)
WALL_ADDRESS = re.compile(
    r"^(?:login|signin|auth|account|accounts|id|sso|abo|subscribe|subscription)s?[.-]|"
    r"/(?:log-?in|sign-?in|sign-?up|register|registrier\w+|subscri\w+|abonn\w+|abo|paywall|plus-?abo|anmeld\w+)"
    r"(?:[/?&._-]|$)",
    re.IGNORECASE,
)
CONSENT_TITLE = re.compile(
    r"\b(?:before\s+you\s+continue|we\s+value\s+your\s+privacy|your\s+privacy\s+choices|cookie\s+consent"
    r"|ihre\s+zustimmung|zustimmung\s+erforderlich|einwilligung|mit\s+werbung\s+(?:weiter)?lesen"
    r"|votre\s+consentement|su\s+consentimiento|il\s+tuo\s+consenso|uw\s+toestemming"
    r"|just\s+a\s+moment|access\s+denied|are\s+you\s+a\s+(?:robot|human)|attention\s+required"
    r"|verify\s+you\s+are\s+human"
    r"|captcha)\b",
    re.IGNORECASE,
)
"""What the page of a consent wall, or of a defence against robots, calls itself."""
_ADVERTISEMENT = r"""(?:advertisement|anzeige|werbung|publicité|publicidad|pubblicità|publicidade
    |annonse?|annonce|advertentie|reklama?|реклама|reklam|广告|廣告|広告|광고|إعلان
    |(?:sponsored|promoted)(?:\ content)?)"""
ADVERTISEMENT = re.compile(_ADVERTISEMENT, re.VERBOSE | re.IGNORECASE)
TRAILING_ADVERTISEMENT = re.compile(
    rf"(?<=[.!?\u2026\u3002\"\u201c\u201d\u00bb)])\s*{_ADVERTISEMENT}$", re.VERBOSE | re.IGNORECASE
)
"""The mark of an advertisement that ran into the end of the paragraph before it."""
LABEL = re.compile(
    r"""
    (?:
    (?:read|see|watch|listen|more|also|related|most|top|recommended|popular|trending|editor'?s?\ pick
    |further|
    don'?t\ miss)(?:\ (?:more|also|next|now|on\ this|read|viewed|popular|stories|articles?|news|reading
    |coverage
    |content|topics?|links?|videos?|for\ you|from\ \w+))*
    |(?:mehr|weitere[rs]?|lesen\ sie\ (?:auch|hier|dazu|mehr)|lesen\ sie\ hierzu|auch\ interessant
    |das\ könnte\ sie
    (?:\ auch)?\ interessieren|passend\ dazu|zum\ thema|themen|meistgelesen\w*|meist\ gelesen\w*
    |empfehl\w+
    |aus\ dem\ archiv|siehe\ auch|lesetipps?)(?:\ (?:zum\ thema|dazu|artikel|news|nachrichten|themen
    |lesen))*
    |(?:(?:à\ )?lire\ (?:aussi|également)|sur\ le\ même\ (?:sujet|thème)|voir\ aussi|les\ plus\ lus
    |à\ découvrir)
    |(?:lee|leer|lea|vea|mira|ver)\ (?:también|más|además)|te\ puede\ interesar|más\ (?:información
    |noticias|leídas?)
    |lo\ más\ (?:leído|visto)|relacionad[oa]s?|noticias\ relacionadas
    |leia\ (?:também|mais)|veja\ (?:também|mais)|mais\ lidas|saiba\ mais
    |legg?i\ anche|leggi\ (?:di\ più|tutto)|guarda\ anche|potrebbe\ interessarti|articoli\ correlati
    |i\ più\ letti
    |lees\ (?:ook|meer|verder)|meer\ over|meest\ gelezen|bekijk\ ook
    |läs\ (?:också|även|mer|vidare)|les\ (?:også|mer)|læs\ (?:også|mere)|mest\ (?:lest|læst|läst)
    |lue\ myös
    |czytaj\ (?:też|także|więcej|również)|zobacz\ (?:też|także|również)|polecamy|przeczytaj\ (?:też
    |także)
    |čtěte\ (?:také|též)|přečtěte\ si|nejčtenější|olvasson\ tovább|citește\ și|διαβάστε\ (?:επίσης
    |ακόμη)
    |читайте\ (?:также|ещё|еще)|по\ теме|читайте\ (?:також|ще)|ayrıca\ okuyun|ilgili\ haberler
    |benzer\ haberler
    |延伸阅读|相关(?:新闻|阅读|报道)|延伸閱讀|相關新聞|関連記事|あわせて読みたい
    |관련\ ?기사|اقرأ\ (?:أيضا|أيضاً|المزيد)
    |baca\ juga|xem\ thêm|đọc\ thêm
    |newsletters?
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What stands over or before a box of links or an advertisement."""
APPEAL = re.compile(
    r"""
    ^(?:sign\ up|subscribe|join\ (?:our|us)|follow\ us|download\ (?:our|the)\ app
    |jetzt\ (?:abonnieren|anmelden|kostenlos|registrieren|newsletter)|abonnieren\ sie|melden\ sie\ sich
    |folgen\ sie
    |abonnez-vous|inscrivez-vous|suscríbe\w+|regístrate|inscreva-se|assine
    |iscriviti|abbonati|schrijf\ (?:je|u)|meld\ je|prenumerera|zapisz\ się|подпи[сш]\w+
    |підпи[сш]\w+|abone\ ol)\b
    |\b(?:we\ and\ our|wir\ und\ unsere|nous\ et\ nos|nosotros\ y\ nuestros|noi\ e\ i\ nostri|wij\ en\ onze
    |nós\ e\ os\ nossos)\ (?:\d+\ )?(?:partners?|partner|partenaires|socios|parceiros)\b
    |\bwe\ use\ cookies\b|\bcookies?\ (?:policy|consent|settings)\b
    |\bwir\ verwenden\ cookies\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What asks a reader to subscribe, to follow, or to accept."""
