"""Which language a reader gets, and the texts of the catalogue that exist in several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from itertools import chain
from typing import Any, cast
from urllib.parse import quote, urlencode

from babel.core import Locale, get_global
from flask import Response, g, request
from flask_babel import force_locale
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.comparison import ReasonText
from opendata.metadata.codes import Code
from opendata.settings import LANGUAGES, SOURCE_LANGUAGE, Settings
from opendata.web.core.cookies import read_cookie, set_cookie
from opendata.web.core.frames import may_be_framed
from opendata.web.core.instance import services
from opendata.wording.voice import voice_of

COOKIE = "opendata_language"
PARAMETER = "lang"
_COOKIE_SECONDS = 365 * 24 * 3600

LOCALES: Mapping[str, str] = {
    language: SOURCE_LANGUAGE if language == SOURCE_LANGUAGE else get_global("likely_subtags").get(language, language)
    for language in LANGUAGES
}
"""Language → locale of dates and numbers: zh → zh_Hans_CN."""

TAGS: Mapping[str, str] = {language: locale.replace("_", "-") for language, locale in LOCALES.items()}
"""Language → the tag HTML carries (BCP 47)."""

NAMES: Mapping[str, str] = {language: Locale(language).get_display_name() or language for language in LANGUAGES}
"""Language → what it calls itself."""


def list_languages() -> tuple[str, ...]:
    """The portal's languages, the default first."""
    return list_offered(services().settings)


def list_offered(settings: Settings) -> tuple[str, ...]:
    """The languages that an instance offers, the default first."""
    return _list_offered(settings.languages)


@cache
def _list_offered(wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(language for language in wanted if language in LOCALES) or ("zh", "en")


def match_language(offered: Sequence[str], wished: Iterable[str], browser: Iterable[tuple[str, float]]) -> str:
    """The first language that is offered, of those that are wished, then of those that the browser sends."""
    tags = (tag.lower().partition("-")[0] for tag, quality in browser if quality > 0)
    return next((language for language in chain(wished, tags) if language in offered), offered[0])


def choose_language() -> str:
    """The reader's language: asked for in the address, kept in the cookie, wished by the browser, else the default."""
    return _choose()[0]


def _choose() -> tuple[str, str]:
    """The reader's language and the default one, found once in a request: a page asks for them hundreds of times."""
    kept = cast("Any", g)._get_current_object().__dict__
    found: tuple[str, str] | None = kept.get("languages")
    if found is None:
        offered, wished = list_languages(), (request.args.get(PARAMETER, ""), read_cookie(COOKIE))
        browser = parse_wishes(request.headers.get("Accept-Language", ""))
        found = kept["languages"] = match_language(offered, wished, browser), offered[0]
    return found


@lru_cache(maxsize=1024)
def parse_wishes(header: str) -> Sequence[tuple[str, float]]:
    """The languages that a browser sends, the liked ones first."""
    return tuple(parse_accept_header(header, LanguageAccept))


@contextmanager
def speak(language: str) -> Iterator[None]:
    """Have the texts of a block be in a language, whatever the reader's is."""
    before = _choose()
    kept = cast("Any", g)._get_current_object().__dict__
    kept["languages"] = language if language in LOCALES else SOURCE_LANGUAGE, before[1]
    try:
        with force_locale(LOCALES[choose_language()]):
            yield
    finally:
        kept["languages"] = before


def choose_locale() -> str:
    """The locale of the reader's language."""
    return LOCALES[choose_language()]


def keep_choice(response: Response) -> Response:
    """Keep a language asked for in the address, so that the next page has it too; not what another site asks for."""
    wished = request.args.get(PARAMETER)
    if wished in list_languages() and response.mimetype == "text/html" and not may_be_framed():
        set_cookie(response, COOKIE, str(wished), seconds=_COOKIE_SECONDS)
    return response


def vary_by_reader(response: AnyResponse) -> None:
    """Tell caches what the language was chosen by, unless the address names it."""
    if request.args.get(PARAMETER) not in list_languages():
        response.vary.update(("Accept-Language", "Cookie"))


def pick(thing: Any, key: str) -> tuple[Any, str]:
    """A property in the reader's language where it is given in it, else in the default one; and which that is."""
    wanted, default = _choose()
    if wanted != default:
        found = (_translations(thing).get(wanted) or {}).get(key)
        if found:
            return found, wanted
    return _read(thing, key), default


def say_plain(thing: Any, key: str = "title") -> str:
    """A text of a dataset, publisher, schema, resource or field; its name or id where it has no title."""
    return _say(thing, key)[0]


def _say(thing: Any, key: str) -> tuple[str, str]:
    text, language = pick(thing, key)
    text = text or ((_read(thing, "name") or _read(thing, "id")) if key == "title" else "")
    return str(text or ""), language


def say(thing: Any, key: str = "title") -> Markup:
    """A text as HTML, marked with its language if that isn't the page's."""
    text, language = _say(thing, key)
    if language == choose_language() or not text:
        return Markup.escape(text)
    return Markup('<span lang="{}">{}</span>').format(TAGS[language], text)


def say_list(thing: Any, key: str) -> Sequence[str]:
    """A list of texts, such as the keywords."""
    found = pick(thing, key)[0]
    return [str(item) for item in found] if isinstance(found, list | tuple) else []


def language_of(thing: Any, key: str) -> str:
    """The HTML language tag of what `say_plain` gives."""
    return TAGS[pick(thing, key)[1]]


def name_code(codes: Mapping[str, Code], code: str) -> str:
    """The name of a code in the reader's language, or the code itself where the list has none."""
    found = codes.get(code)
    return found.title(choose_language()) if found else code


def choose_separator() -> str:
    """What stands between the items of an enumeration."""
    return voice_of(choose_language()).separator


def pick_reason(reason: ReasonText | str) -> tuple[str, str]:
    """Why a version has its number, as its manifest says it, and in which language: the reader's where it has it.

    Versions of the first releases have a sentence in English.
    """
    texts = {SOURCE_LANGUAGE: reason} if isinstance(reason, str) else reason.get("text") or {}
    language = next((item for item in (choose_language(), *list_languages(), *texts) if texts.get(item)), "")
    return str(texts.get(language, "")), language


def say_reason(reason: ReasonText | str) -> Markup:
    """A reason as HTML, marked with its language if that isn't the page's."""
    text, language = pick_reason(reason)
    if language in ("", choose_language()):
        return Markup.escape(text)
    return Markup('<span lang="{}">{}</span>').format(TAGS.get(language, language), text)


def switch_language(language: str) -> str:
    """The address of this page in another language; of one that answers forms only, the start."""
    path = request.path if request.endpoint and request.method in ("GET", "HEAD") else "/"
    arguments = {**request.args.to_dict(), PARAMETER: language} if path == request.path else {PARAMETER: language}
    return f"{request.script_root}{quote(path)}?{urlencode(arguments)}"


def _read(thing: Any, key: str) -> Any:
    return thing.get(key) if isinstance(thing, Mapping) else getattr(thing, key, None)


def _translations(thing: Any) -> Mapping[str, Any]:
    found = _read(thing, "i18n")
    if found is None and isinstance(thing, Mapping):
        ours = thing.get("opendata")
        found = ours.get("i18n") if isinstance(ours, Mapping) else None
    return found if isinstance(found, Mapping) else {}
