"""The tools that ask: rows of a table or of a SELECT, and the citation of a version or of such an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from opendata.api.core.current import absolute, services
from opendata.api.mcp.describing import describe_column
from opendata.errors import InputError, MovedError, NotFoundError, SuspendedError, WithdrawnError
from opendata.metadata.citation import Citation, build_citation, write_bibtex, write_csl_json, write_sentence
from opendata.metering import charge, charge_select
from opendata.query.values import EDITION, RowsQuery
from opendata.services.catalogue.versions import LATEST
from opendata.services.query.answers import AnswerColumn, QuerySource, RowsPage, write_lines

MOST_ROWS = 1_000
USUAL_ROWS = 50

MOST_BYTES = 100_000
"""So many bytes of rows fit into an answer: what a language model reads at once."""

_WRITTEN = ("select", "where", "group_by", "having", "order_by")
_NO_TABLE = (
    "There is no public table “%(table)s” in version “%(version)s” of “%(dataset)s”. Find tables with `search`, and"
    " read their names with `describe`"
)
_EITHER = "Give either “sql”, or “dataset” and “table”"
_ALONE = "“%(name)s” can't be used together with “sql”. Write it into the SELECT"
_WIDE = "One row alone is larger than an answer may be. Select fewer columns"
_LINK = "“link” must be the `link` of an answer of `query`"


def query(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rows, what they were read from, and the link that gives them again.

    Raises `InputError` with the place and what to write instead, `OverloadedError`.
    """
    charge("rows")
    if "sql" in arguments:
        others = [name for name in arguments if name not in ("sql", "limit")]
        if others:
            raise InputError(_ALONE, name=others[0])
        return _select(arguments["sql"], arguments.get("limit", USUAL_ROWS))
    if "dataset" not in arguments or "table" not in arguments:
        raise InputError(_EITHER)
    return _read_rows(arguments)


def cite(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The citation of a version, or of the answer of a link. Raises `InputError`, `NotFoundError`, `WithdrawnError`."""
    if "link" in arguments:
        return _cite_answer(arguments["link"])
    if "dataset" not in arguments:
        raise InputError("Give “dataset”, or the “link” of an answer")
    dataset, version = arguments["dataset"], arguments.get("version") or LATEST
    try:
        return _cite_version(dataset, version)
    except MovedError as error:
        return _cite_version(error.new, version)


def _read_rows(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    dataset, table = arguments["dataset"], arguments["table"]
    version = arguments.get("version") or LATEST
    limit = arguments.get("limit", USUAL_ROWS)
    asked = {name: arguments[name] for name in _WRITTEN if arguments.get(name)}
    paged = {"cursor": arguments["cursor"]} if arguments.get("cursor") else {}
    page, rows = _fit(lambda most: _read_page(dataset, version, table, {**asked, **paged, "limit": most}), limit)
    source = page.sources[0]
    place = f"/api/v1/datasets/{source.dataset}/{source.version}/{source.resource}/rows"
    window = {**paged, "limit": len(rows) or limit, "edition": EDITION}
    link = absolute(f"{place}?{urlencode({**asked, **window}, quote_via=quote)}")
    return {**_describe(page, rows, link), "truncated": page.next is not None, "next": page.next}


def _read_page(dataset: str, version: str, table: str, asked: Mapping[str, Any]) -> RowsPage:
    """A page of a table that everybody may have. All other tables get the same answer, existing or not."""
    try:
        try:
            return services().queries.read_page(dataset, version, table, RowsQuery(**asked))
        except MovedError as error:
            return services().queries.read_page(error.new, version, table, RowsQuery(**asked))
    except (NotFoundError, WithdrawnError, SuspendedError):
        raise InputError(_NO_TABLE, table=table[:100], version=version[:40], dataset=dataset[:100]) from None


def _select(text: str, limit: int) -> Mapping[str, Any]:
    charge_select(text)
    pinned = services().queries.pin_select(text)
    page, rows = _fit(lambda most: services().queries.select(pinned, limit=most), limit)
    asked = {"q": pinned, "limit": len(rows) or limit, "edition": EDITION}
    link = absolute(f"/api/v1/sql?{urlencode(asked, quote_via=quote)}")
    return {**_describe(page, rows, link), "truncated": page.is_cut}


def _fit(read: Callable[[int], RowsPage], limit: int) -> tuple[RowsPage, Sequence[Any]]:
    """As many rows as fit into an answer, and their page: cursor, link and digest must be of just these."""
    page = read(limit)
    rows = _list_rows(page)
    if len(rows) < page.rows.num_rows:
        page = read(len(rows))
        rows = _list_rows(page)
    return page, rows


def _describe(page: RowsPage, rows: Sequence[Any], link: str) -> dict[str, Any]:
    return {
        "columns": [_describe_column(item) for item in page.columns],
        "rows": rows,
        "total": page.total,
        "sources": [_describe_source(item) for item in page.sources],
        "link": link,
        "hash": page.hash,
    }


def _list_rows(page: RowsPage) -> list[Any]:
    """As many rows as fit. Raises `InputError` where not even one does."""
    found: list[Any] = []
    size = 0
    for text in write_lines(page.rows, page.wide):
        for line in text.split(b"\n")[:-1]:
            size += len(line) + 1
            if size > MOST_BYTES:
                if not found:
                    raise InputError(_WIDE)
                return found
            found.append(json.loads(line))
    return found


def _describe_column(column: AnswerColumn) -> Mapping[str, Any]:
    described = describe_column(column.field) if column.field is not None else {"type": str(column.type)}
    return {**{key: value for key, value in described.items() if key != "codes"}, "name": column.name}


def _describe_source(source: QuerySource) -> Mapping[str, Any]:
    return {
        "dataset": source.dataset,
        "version": source.version,
        "table": source.resource,
        "hash": source.hash,
        "url": absolute(f"/datasets/{source.dataset}/{source.version}/"),
    }


def _cite_version(dataset: str, version: str) -> Mapping[str, Any]:
    services().datasets.get(dataset)
    number = services().versions.find_latest(dataset) if version == LATEST else version
    default, *_ = services().settings.languages
    cited = {language: _build(dataset, number, language) for language in ("zh", "en")}
    return {
        "dataset": dataset,
        "version": number,
        "text": {language: write_sentence(item) for language, item in cited.items()},
        "bibtex": write_bibtex(cited[default] if default in cited else cited["en"]),
        "csl": json.loads(write_csl_json(cited[default] if default in cited else cited["en"])),
        "url": cited["en"].address,
        "hash": cited["en"].digest,
    }


def _cite_answer(link: str) -> Mapping[str, Any]:
    answer = query(_read_link(link))
    read = [
        {**source, "text": _cite_version(source["dataset"], source["version"])["text"]} for source in answer["sources"]
    ]
    digest = answer["hash"]
    texts = {
        "zh": f"查询结果：{answer['link']}（{digest}）。数据来源：" + " ".join(item["text"]["zh"] for item in read),
        "en": f"Answer to {answer['link']} ({digest}), from: " + " ".join(item["text"]["en"] for item in read),
    }
    return {"text": texts, "link": answer["link"], "hash": digest, "rows": len(answer["rows"]), "sources": read}


def _read_link(link: str) -> Mapping[str, Any]:
    """The arguments of `query` that gave a link. Raises `InputError`."""
    try:
        parts = urlsplit(link)
        asked: dict[str, Any] = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query), max_num_fields=20))
    except ValueError:
        raise InputError(_LINK) from None
    path = [unquote(part) for part in parts.path.split("/")]
    api = path.index("api") if "api" in path else len(path)
    if not asked.get("limit", "1").isascii() or not asked.get("limit", "1").isdecimal():
        raise InputError(_LINK)
    limit = {"limit": max(1, min(int(asked["limit"][:9]), MOST_ROWS))} if "limit" in asked else {}
    match path[api:]:
        case ["api", "v1", "sql"] if "q" in asked:
            return {"sql": asked["q"], **limit}
        case ["api", "v1", "datasets", dataset, version, table, "rows"]:
            kept = {name: asked[name] for name in (*_WRITTEN, "cursor") if name in asked}
            if len(kept) + len(limit) + ("edition" in asked) < len(asked):
                raise InputError(_LINK)
            return {"dataset": dataset, "version": version, "table": table, **kept, **limit}
    raise InputError(_LINK)


def _build(dataset: str, version: str, language: str) -> Citation:
    versions, settings = services().versions, services().settings
    return build_citation(
        versions.get_manifest(dataset, version),
        versions.get(dataset, version).manifest_sha256,
        absolute(f"/datasets/{dataset}/{version}/"),
        language=language,
        default=settings.languages[0],
        zone=ZoneInfo(settings.timezone),
    )
