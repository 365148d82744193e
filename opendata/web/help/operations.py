"""The operations of the OpenAPI document as the pages show them: by group, in one language, with examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata import errors
from opendata.errors import N_, OpendataError
from opendata.web.help.examples import Call, write_curl, write_python
from opendata.web.help.shapes import Property, ShapeReader
from opendata.wording.voice import Voice

REFUSALS: Mapping[int, type[OpendataError]] = {
    308: errors.MovedError,
    400: errors.InputError,
    401: errors.NotSignedInError,
    403: errors.NotPermittedError,
    404: errors.NotFoundError,
    409: errors.StateError,
    410: errors.WithdrawnError,
    412: errors.PreconditionError,
    413: errors.TooLargeError,
    415: errors.UnsupportedFormatError,
    422: errors.InvalidMetadataError,
    423: errors.BusyError,
    460: errors.ChecksumError,
    503: errors.BackendError,
}
"""Status → the problem it most often is, whose page explains it."""

GROUPS: Mapping[str, str] = {
    "search": N_("Search"),
    "inside": N_("Look inside the tables"),
    "datasets": N_("Datasets"),
    "versions": N_("Versions"),
    "rows": N_("Rows"),
    "sql": N_("SQL"),
    "usage": N_("Downloads"),
    "drafts": N_("Drafts"),
    "uploads": N_("Large files"),
    "events": N_("Progress"),
    "findings": N_("Findings"),
    "matching": N_("Schemas that fit"),
    "workbench": N_("Schema workbench"),
    "reviews": N_("Review"),
    "publishers": N_("Publishers"),
    "schemas": N_("Schemas"),
    "sources": N_("Automatic fetching"),
    "grants": N_("Grants"),
    "tokens": N_("Tokens"),
    "clocks": N_("Rules and limits"),
    "obligations": N_("Duties"),
    "audit": N_("Audit log"),
    "site": N_("The public site"),
}
"""Tag → heading, in the order of the pages. A tag without a heading keeps its name."""

_DONE = {
    200: N_("Done"),
    201: N_("It was created"),
    202: N_("Accepted. The work continues in the background"),
    204: N_("Done. The answer has no body"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value in the path, the query or a header."""

    name: str
    place: str
    type: str
    is_required: bool
    description: str
    limits: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is sent or answered, in one media type."""

    media_type: str
    type: str
    shape: str
    properties: Sequence[Property]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer where nothing is wrong."""

    status: int
    meaning: str
    headers: Sequence[tuple[str, str]]
    contents: Sequence[Content]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address. `scope` is what a token needs, empty where nobody needs one."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: Sequence[Parameter]
    body: str
    contents: Sequence[Content]
    answers: Sequence[Answer]
    refusals: Sequence[tuple[int, str, str]]
    curl: str
    python: str
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The operations about one subject."""

    id: str
    title: str
    description: str
    operations: Sequence[Operation]

    @property
    def shapes(self) -> Mapping[str, Sequence[Property]]:
        """What its answers are made of, by name: many operations answer with the same."""
        answers = [answer for operation in self.operations for answer in operation.answers]
        contents = [content for answer in answers for content in answer.contents]
        return {content.shape: content.properties for content in contents if content.shape}


def read_groups(document: Mapping[str, Any], voice: Voice, address: str) -> Mapping[str, Group]:
    """All operations by group. `address` is the portal's, for the examples."""
    reader = _Reader(document, voice, address)
    found: dict[str, list[Operation]] = {}
    for tag, operation in reader.read_all():
        found.setdefault(tag, []).append(operation)
    told = {item["name"]: item.get("description", "") for item in document.get("tags", ())}
    names = [*(name for name in GROUPS if name in found), *(name for name in found if name not in GROUPS)]
    return {
        name: Group(
            id=name,
            title=voice.translate(GROUPS.get(name, name)),
            description=voice.translate(told.get(name, "")),
            operations=found[name],
        )
        for name in names
    }


class _Reader:
    def __init__(self, document: Mapping[str, Any], voice: Voice, address: str) -> None:
        self._document = document
        self._voice = voice
        self._address = address
        self._shapes = ShapeReader(document, voice)

    def read_all(self) -> Iterator[tuple[str, Operation]]:
        for path, item in self._document["paths"].items():
            shared = item.get("parameters", ())
            for method, raw in item.items():
                if method != "parameters":
                    yield raw["tags"][0], self._read(method.upper(), path, raw, shared)

    def _read(self, method: str, path: str, raw: Mapping[str, Any], shared: Sequence[Any]) -> Operation:
        parameters = [self._shapes.resolve(item) for item in (*shared, *raw.get("parameters", ()))]
        body = self._shapes.resolve(raw.get("requestBody", {}))
        scope = self._find_scope(raw["security"])
        call = self._build_call(method, path, parameters, body, scope)
        needed = any(item.get("required") for item in parameters)
        return Operation(
            id=raw["operationId"],
            method=method,
            path=path,
            summary=self._voice.translate(raw["summary"]),
            description=self._voice.translate(raw.get("description", "")),
            scope=scope,
            parameters=[self._read_parameter(item) for item in parameters],
            body=self._voice.translate(body.get("description", "")),
            contents=self._read_contents(body.get("content", {})),
            answers=[self._read_answer(int(status), item) for status, item in _list_done(raw["responses"])],
            refusals=list(self._list_refusals(raw["responses"])),
            curl=write_curl(call),
            python=write_python(call),
            sample=path if method == "GET" and not (scope or needed or "{" in path) else "",
        )

    def _read_parameter(self, raw: Mapping[str, Any]) -> Parameter:
        schema = raw.get("schema", {})
        return Parameter(
            name=raw["name"],
            place=raw["in"],
            type=self._shapes.name_type(schema),
            is_required=bool(raw.get("required")),
            description=self._voice.translate(raw.get("description", "")),
            limits=self._shapes.list_limits(schema),
        )

    def _read_contents(self, raw: Mapping[str, Any]) -> Sequence[Content]:
        return [
            Content(
                media_type=media_type,
                type=self._shapes.name_type(item.get("schema", {})),
                shape=self._shapes.find_name(item.get("schema", {})),
                properties=self._shapes.list_properties(item.get("schema", {})),
            )
            for media_type, item in raw.items()
        ]

    def _read_answer(self, status: int, raw: Mapping[str, Any]) -> Answer:
        raw = self._shapes.resolve(raw)
        headers = {name: self._shapes.resolve(item) for name, item in raw.get("headers", {}).items()}
        return Answer(
            status=status,
            meaning=self._voice.translate(_DONE.get(status, raw.get("description", ""))),
            headers=[(name, self._voice.translate(item.get("description", ""))) for name, item in headers.items()],
            contents=self._read_contents(raw.get("content", {})),
        )

    def _list_refusals(self, responses: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
        for status in sorted(int(key) for key in responses if key.isdigit()):
            if status in REFUSALS:
                kind = REFUSALS[status]
                yield status, self._voice.translate(kind.title), kind.slug

    def _build_call(
        self, method: str, path: str, parameters: Sequence[Mapping[str, Any]], body: Mapping[str, Any], scope: str
    ) -> Call:
        contents = body.get("content", {})
        media_type = next(iter(contents), "")
        schema = contents.get(media_type, {}).get("schema", {})
        is_json = media_type.endswith("json")
        return Call(
            method=method,
            address=self._address,
            path=path,
            headers=[item["name"] for item in parameters if item["in"] == "header"],
            is_paged=any(item["name"] == "cursor" for item in parameters),
            needs_token=bool(scope),
            media_type=media_type,
            body=self._shapes.build_example(schema) if is_json else None,
        )

    def _find_scope(self, security: Sequence[Mapping[str, Sequence[str]]]) -> str:
        if {} in security:
            return ""
        return next((item["token"][0] for item in security if item.get("token")), "read")


def _list_done(responses: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(status, item) for status, item in sorted(responses.items()) if status.isdigit() and int(status) < 300]
