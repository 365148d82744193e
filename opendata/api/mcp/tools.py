"""The tools: what each is for and takes, in words and schemas for language models, and how one is called."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opendata.api.mcp import asking, finding
from opendata.api.mcp.protocol import INVALID_PARAMS, RpcError
from opendata.errors import InputError, OpendataError
from opendata.search.asking import SORTS
from opendata.services.search.searching import MOST_TEXT
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.voice import voice_of

_MOST_SHOWN = 300
_LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: `properties` are the arguments it takes, by name, `call` gives what it says as JSON."""

    name: str
    title: str
    description: str
    properties: Mapping[str, Any]
    call: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    required: tuple[str, ...] = ()

    @property
    def schema(self) -> Mapping[str, Any]:
        """What its arguments must be like (JSON Schema 2020-12)."""
        found = {"type": "object", "properties": dict(self.properties), "additionalProperties": False}
        return found | ({"required": list(self.required)} if self.required else {})

    def to_json(self) -> Mapping[str, Any]:
        """Its entry in the list of tools."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.schema,
            "annotations": {"title": self.title, "readOnlyHint": True, "idempotentHint": True, "openWorldHint": False},
        }


def call_tool(params: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a call; what the tool itself refuses is a result too, which says what to do. Raises `RpcError`."""
    name, arguments = params.get("name"), params.get("arguments", {})
    tool = TOOLS.get(name) if isinstance(name, str) else None
    if tool is None:
        raise RpcError(INVALID_PARAMS, f"There is no such tool. The tools are {', '.join(TOOLS)}")
    if not isinstance(arguments, dict):
        raise RpcError(INVALID_PARAMS, "“params.arguments” must be an object")
    try:
        _check(tool, arguments)
        found = tool.call(arguments)
    except OpendataError as error:
        text = voice_of(SOURCE_LANGUAGE).say_error(error)
        return {"content": [{"type": "text", "text": text}], "isError": True}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return {"content": [{"type": "text", "text": text}], "structuredContent": found, "isError": False}


def _check(tool: Tool, arguments: Mapping[str, Any]) -> None:
    """Raises `InputError` for the argument that is most wrong."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    fault = best_match(Draft202012Validator(tool.schema).iter_errors(arguments))
    if fault is not None:
        place = ".".join(map(str, fault.absolute_path)) or "arguments"
        text = fault.message if len(fault.message) <= _MOST_SHOWN else fault.message[: _MOST_SHOWN - 1] + "…"
        raise InputError("“%(place)s” isn't right: %(text)s", place=place, text=text)


def _text(description: str, *, longest: int = 100, **options: Any) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest, "description": description, **options}


def _filter(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string", "maxLength": 200},
        "maxItems": 20,
        "description": f"{description} Any of those given.",
    }


_DATASET = _text("Id of the dataset, as `search` gives it, such as `gdp-by-province`.")
_VERSION = _text("Version such as `1.0.0`. Without it, or with `latest`, the newest.", default="latest")

_SEARCH = Tool(
    name="search",
    title="Search the catalogue",
    description=(
        "Find datasets by words in Chinese, pinyin or English. Looks in titles, keywords, publishers, themes, names and"
        " titles of columns, labels of codes, and descriptions. All words are looked for; if no dataset has all of"
        " them, `loose` is true and the last results have only some. Use few and specific nouns (民政 社会救助), no"
        " sentences. Each result names its tables with their titles and numbers of rows. Next: `describe` the dataset."
        " Without words it lists the newest datasets."
    ),
    properties={
        "query": _text("Words to look for, separated by spaces.", longest=MOST_TEXT, default=""),
        "publisher": _filter("Ids of publishers."),
        "theme": _filter("Codes of themes, as in `filters` of an answer."),
        "updateCycle": _filter("Update cycles, such as `monthly` or `annual`."),
        "license": _filter("Names of licences, such as `CC-BY-4.0`."),
        "period": _filter("Years that the data covers, such as `2025`."),
        "region": _filter("Codes of regions (GB/T 2260), such as `440000`."),
        "sort": {"enum": list(SORTS), "description": "Order of the results. By relevance where there are words."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10, "description": "At most so many."},
        "cursor": _text("`next` of the answer before, with otherwise the same arguments."),
    },
    call=finding.search,
)

_DESCRIBE = Tool(
    name="describe",
    title="Describe a dataset and its tables",
    description=(
        "Read what a dataset is before using it: publisher, licence, period, update cycle, and for each table the data"
        " dictionary: name, title, type, unit and meaning of each column, codes with their labels, the key, notes."
        " Units matter: a number of 万元 is 10,000 yuan. With `table`, or where there is only one, it also gives the"
        " first rows and what can be done with the table (formats, rows, SQL, changes), with reason and remedy where"
        " something isn't possible. Digests and addresses name this exact version, which never changes."
    ),
    properties={
        "dataset": _DATASET,
        "version": _VERSION,
        "table": _text("Name of one table, to get its columns, codes, first rows and capabilities."),
    },
    required=("dataset",),
    call=finding.describe,
)

_QUERY = Tool(
    name="query",
    title="Ask a table, or several with SQL",
    description=(
        "Get rows, or sums over rows. Either of one table, by `dataset` and `table` with `select`, `where`, `group_by`"
        ' and `order_by` (expressions of SQL), or with `sql`: one SELECT over tables named "dataset"."table" (newest'
        ' version) or "dataset@1.2.0"."table", each part in double quotes, with joins, CTEs and windows. The dialect'
        " is DuckDB's. Names of columns come from `describe`; put unusual ones in double quotes. Codes and names are"
        " text: compare them with '440000' in single quotes. Sum up here instead of reading many rows. The answer has"
        " `rows`, `columns` with units, `truncated` (true: there is more; narrow the query, or go on with `cursor` if"
        " `next` is there), `sources` with digests, and `link`, which always gives the same rows."
    ),
    properties={
        "sql": _text("One SELECT. Instead of all other arguments but `limit`.", longest=_LONGEST),
        "dataset": _DATASET,
        "version": _VERSION,
        "table": _text("Name of the table."),
        "select": _text(
            "Columns or expressions: `province, sum(gdp) AS total`. All columns if empty.", longest=_LONGEST
        ),
        "where": _text("A condition: `year = 2025 AND province LIKE '广%'`.", longest=_LONGEST),
        "group_by": _text("Columns or expressions to sum up by.", longest=_LONGEST),
        "having": _text("A condition on groups: `count(*) > 1`.", longest=_LONGEST),
        "order_by": _text("`gdp DESC, province`. Missing values come last.", longest=_LONGEST),
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": asking.MOST_ROWS,
            "default": asking.USUAL_ROWS,
            "description": "At most so many rows.",
        },
        "cursor": _text("`next` of the answer before, with otherwise the same arguments.", longest=_LONGEST),
    },
    call=asking.query,
)

_CITE = Tool(
    name="cite",
    title="Cite a version or an answer",
    description=(
        "Get the citation of a version of a dataset, in Chinese (GB/T 7714) and English (DataCite), as BibTeX and CSL"
        " JSON; or, with `link` from an answer of `query`, the citation of that answer: the query is run again, and the"
        " citation names it, the digest of its rows, and each version it was read from. Give people the sentence as"
        " it is: address, number and digest prove what was used."
    ),
    properties={
        "dataset": _DATASET,
        "version": _VERSION,
        "link": _text("`link` of an answer of `query`. Instead of the other arguments.", longest=4 * _LONGEST),
    },
    call=asking.cite,
)

TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in (_SEARCH, _DESCRIBE, _QUERY, _CITE)}
"""Every tool by its name."""
