"""The pages that a worker of a run writes: as the application renders them, with links that lead within the mirror."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape, unescape
from urllib.parse import parse_qsl, quote, urlsplit

from opendata.errors import NotFoundError
from opendata.mirror import contents
from opendata.mirror.addresses import Place, is_safe, page_key
from opendata.mirror.worker.files import Files
from opendata.mirror.worker.links import Links
from opendata.mirror.worker.notice import render_notice, say_banner, say_texts
from opendata.mirror.worker.rendering import PAGE
from opendata.web.core import assets
from opendata.web.core.security import POLICY

NOTICE = "/not-here/"
SUGGESTIONS = "/mirror/suggestions.json"

_MAY = POLICY.replace("; frame-ancestors 'none'", "")  # which only a header can say
_POLICY = f'<meta http-equiv="Content-Security-Policy" content="{_MAY}">'
"""What a page may do, also where no web server says so."""

_NEXT = re.compile(r'<a\b[^>]*\brel="next\b[^"]*"[^>]*>')
_HREF = re.compile(r'\shref="([^"]*)"')
_SCHEMA_VERSION = re.compile(r"(/schemas/[^/]+)/([0-9]+\.[0-9]+\.[0-9]+)")
_MOST_PAGES = 20_000
_SHOWN = (200, 401, 403, 404, 410, 451)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a link asks for, in which language; the `page` it is on, and the cursors of the list there."""

    path: str
    query: dict[str, str]
    language: str
    page: str
    cursors: Mapping[str, Place]


class Pages:
    """Writes pages. `datasets` are the ids of all that are public."""

    def __init__(self, files: Files, datasets: frozenset[str]) -> None:
        self._files = files
        self._renderer = files.renderer
        self._languages = files.languages
        self._datasets = datasets
        self._base = self._renderer.services.settings.base_url
        self._compared: set[tuple[str, str]] = set()
        self._standing = lru_cache(maxsize=500)(self._list_standing)
        self._words = {language: self._say(language) for language in self._languages}

    def begin(self) -> None:
        """Begin with the next task."""
        self._compared.clear()
        self._standing.cache_clear()

    def write(self, path: str, language: str) -> None:
        """A page, and those after it where it is a list."""
        place, query = self.place(path, language), self._read_query(path)
        cursors: dict[str, Place] = {}
        is_list = self._name_view(path) in contents.LIST_PAGES
        for _ in range(_MOST_PAGES):
            source = query.pop("path", path)
            status, kind, data = self._renderer.read(source, query, language=language, accept=PAGE)
            if status not in _SHOWN or not kind.startswith("text/html"):
                return
            page = data.decode()
            cursor = _find_cursor(page) if is_list else ""
            is_new = bool(cursor) and cursor not in cursors
            if is_new:
                cursors[cursor] = place.next()
            links = self._make_links(language, path, cursors)
            self._files.put(page_key(place), self._dress(links.rewrite(page, path), language).encode(), kind)
            if not is_new:
                return
            place, query = cursors[cursor], {"cursor": cursor}

    def _read_query(self, path: str) -> dict[str, str]:
        """How the portal is asked for a page that has an address of its own in the mirror alone."""
        found = _SCHEMA_VERSION.fullmatch(path)
        return {"path": found[1], "version": found[2]} if found else {}

    def _make_links(self, language: str, path: str, cursors: Mapping[str, Place]) -> Links:
        def find(wanted: str, query: dict[str, str]) -> str | None:
            chosen = query.pop("lang", language)
            tongue = chosen if chosen in self._languages else language
            return self._find(_Asked(wanted, query, tongue, path, cursors))

        return Links(
            find,
            base=self._base,
            notice=self.place(NOTICE, language).address,
            nothing=SUGGESTIONS,
            search=self.place("/datasets", language).address,
        )

    def _find(self, asked: _Asked) -> str | None:
        """The address in the mirror of what a link asks for."""
        view = self._renderer.find_view(asked.path) if is_safe(asked.path) else None
        if view is None:
            return None
        endpoint, parts = view
        if endpoint in contents.SITE_PAGES or endpoint in contents.DATASET_PAGES:
            return self._find_page(asked, endpoint, parts)
        if endpoint == "api_rows.send_rows" and not asked.query and parts["suffix"] in contents.TABLE_FORMATS:
            place = f"/datasets/{quote(parts['dataset'])}/{parts['version']}/{parts['resource']}.{parts['suffix']}"
            return self._find(replace(asked, path=place))
        mark = asked.query.pop("v", "") if endpoint == "assets.static" else ""
        found = self._find_document(asked, endpoint, parts) if not asked.query else None
        return f"{found}?v={mark}" if found and mark else found

    def _find_document(self, asked: _Asked, endpoint: str, parts: Mapping[str, object]) -> str | None:
        dataset = str(parts.get("dataset") or parts.get("name") or "")
        if endpoint == "downloads.find_latest":
            is_there = contents.is_latest(str(parts.get("rest", ""))) and dataset in self._datasets
            return asked.path if is_there else None
        if endpoint in contents.COLLECTIONS:
            return asked.path if not dataset or dataset in self._datasets else None
        is_feed = endpoint.startswith("feeds.") or endpoint.endswith("send_feed")
        place = self.place(asked.path, asked.language) if is_feed else Place(asked.path)
        if endpoint in contents.DATASET_FILES:
            if endpoint == "downloads.send_table" and parts["suffix"] not in contents.TABLE_FORMATS:
                return None
            if dataset != self._files.own:
                return place.address if self._has_version(dataset, str(parts.get("version", ""))) else None
        elif endpoint not in contents.SITE_FILES:
            return None
        return place.address if self._files.find(place.path, place.language) else None

    def _find_page(self, asked: _Asked, endpoint: str, parts: Mapping[str, object]) -> str | None:
        path, query = asked.path, asked.query
        if endpoint == "catalogue.show_schema" and set(query) == {"version"}:
            path, query = f"{path}/{query['version']}", {}
            if not _SCHEMA_VERSION.fullmatch(path):
                return None
        place = self.place(path, asked.language)
        if set(query) == {"cursor"} and path == asked.page and query["cursor"] in asked.cursors:
            return replace(asked.cursors[query["cursor"]], language=place.language).address
        if query:
            return None
        if endpoint in contents.SITE_PAGES:
            self._files.done.pages.add(path)
            return place.address
        dataset = str(parts["dataset"])
        if dataset != self._files.own:
            self._files.done.mentions.add(dataset)
            return place.address if self._has_page(dataset, endpoint, str(parts.get("version", ""))) else None
        if endpoint == "differences.show_difference":
            if str(parts["new"]).endswith(".json"):
                return path if self._files.find(path, "") else None
            self._write_difference(path, asked.language)
        return place.address

    def _write_difference(self, path: str, language: str) -> None:
        """The page of two versions, which others link; it may link itself."""
        if (path, language) not in self._compared:
            self._compared.add((path, language))
            self.write(path, language)

    def _has_page(self, dataset: str, endpoint: str, version: str) -> bool:
        """Whether another dataset has a page."""
        if endpoint == "differences.show_difference" or dataset not in self._datasets:
            return False
        is_shown = endpoint == "version_pages.show_version" and version in self._standing(dataset)
        return is_shown or self._has_version(dataset, version)

    def _has_version(self, dataset: str, version: str) -> bool:
        if dataset not in self._datasets:
            return False
        return not version or version == "latest" or self._standing(dataset).get(version, False)

    def _list_standing(self, dataset: str) -> Mapping[str, bool]:
        """The versions of a dataset: whether each is there to be read."""
        try:
            found = self._renderer.services.versions.list(dataset)
        except NotFoundError:
            return {}
        return {item.version: item.withdrawal is None and item.suspension is None for item in found}

    def _dress(self, page: str, language: str) -> str:
        head, banner = self._words[language]
        page = page.replace("</head>", f"{head}</head>", 1)
        page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">{_POLICY}', 1)
        return re.sub(r'(<main id="main"[^>]*>)', lambda found: found[1] + banner, page, count=1)

    def _say(self, language: str) -> tuple[str, str]:
        with self._renderer.enter("/", language):
            script = assets.asset("mirror.js")
            texts, banner = say_texts(), say_banner(self.place(NOTICE, language).address)
        prefixes = {item: Place("", self.place("", item).language).address for item in self._languages}
        said = {"live": self._base, "prefix": prefixes[language], "languages": prefixes, "texts": texts}
        value = escape(json.dumps(said, ensure_ascii=False))
        head = f'<meta name="opendata-mirror" content="{value}"><script type="module" src="{script}"></script>'
        return head, banner

    def place(self, path: str, language: str) -> Place:
        """A path in a language."""
        return Place(path, "" if language == self._languages[0] else language)

    def _name_view(self, path: str) -> str:
        found = self._renderer.find_view(path)
        return found[0] if found else ""

    def write_notice(self, language: str) -> None:
        """The page that says what isn't here."""
        place = self.place(NOTICE, language)
        with self._renderer.enter(NOTICE, language):
            page = render_notice()
        rewritten = self._make_links(language, NOTICE, {}).rewrite(page, NOTICE)
        self._files.put(page_key(place), self._dress(rewritten, language).encode())


def _find_cursor(page: str) -> str:
    """The cursor of the next page of a list; empty on its last."""
    for tag in _NEXT.finditer(page):
        href = _HREF.search(tag[0])
        query = dict(parse_qsl(urlsplit(unescape(href[1])).query)) if href else {}
        query.pop("lang", None)
        if set(query) == {"cursor"}:
            return query["cursor"]
    return ""
