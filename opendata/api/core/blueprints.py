"""The blueprint of all API views: one decorator says what an operation takes, gives and refuses, for code and document.

The views stay plain functions. Every one knows its caller, reads strictly and answers with the headers of an API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema

from opendata.api.core.authentication import (
    COUNTED,
    FOR_STRANGERS,
    NEEDED,
    OWN,
    READING,
    SAFE_METHODS,
    caller,
    identify_caller,
)
from opendata.api.core.parsing import MAX_DOCUMENT_BYTES, Parser
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.metering import COST

PREFIX = "/api/v1"

TUS_STATUS: Mapping[int, str] = {460: "CHECKSUM_MISMATCH"}
"""Statuses that the upload protocol has beside those of HTTP."""

View = TypeVar("View", bound=Callable[..., Any])


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """Views under `/api/v1` with their documentation."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"api_{name}", __name__, url_prefix=PREFIX, description=description)
        self.tag = name
        self._prepare_doc_cbks.append(_describe_headers)
        self.before_request(_limit_document)
        self.before_request(identify_caller)
        self.after_request(add_headers)

    @staticmethod
    def _make_doc_response_schema(schema: Any) -> Any:
        """The document needs the class alone, which isn't copied with what each decorator adds to it."""
        return type(schema) if isinstance(schema, Schema) else schema

    def operation(
        self,
        method: str,
        rule: str,
        *,
        status: int = 200,
        shape: type[Schema] | None = None,
        file_type: str = "",
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        media_type: str = "application/json",
        takes: Sequence[str] = (),
        gives: Sequence[str] = (),
        asks: Sequence[Mapping[str, Any]] = (),
        files: Sequence[str] = (),
        problems: Sequence[int] = (),
        public: bool = True,
        needs: Verb | None = None,
        counts: bool | None = None,
        reads: bool = False,
        strangers: bool = False,
        signed: bool = False,
        is_own: bool = False,
        **document: Any,
    ) -> Callable[[View], View]:
        """Register a view: what it reads is handed to it as `query` and `body`, in this order, after the path.

        The answer has a `shape`, or is a file of the media type `file_type` that the view sends itself.
        `takes` and `gives` name headers of request and answer, components of the document; `problems` the statuses
        it refuses with, besides 401. `asks` are parameters of the document that the view reads itself, `files` the
        media types of other forms that an answer with a shape may have. Reading is for everybody where `public`;
        changing never is, unless it is for `strangers` too, or `signed`: then the blueprint checks who has signed. What
        only `reads` changes nothing, whatever its method, and what `is_own` changes the caller's account alone. A token
        `needs` a verb: to read, or if nothing else is said of a change, to administrate. Changes, and files made for
        one reader, count towards the limit of changes unless `counts` says otherwise; a view that has a `cost_class`
        counts in that.
        """
        safe = reads or method in SAFE_METHODS
        verb = needs or (Verb.READ if safe else Verb.ADMIN)
        security = _list_security(verb, public=public, safe=safe, strangers=strangers)
        security = [{"signature": []}, *security] if signed else security
        refused = {HTTPStatus.FORBIDDEN} if verb != Verb.READ else set()
        is_counted = counts if counts is not None else not safe or bool(file_type and not public)
        statuses = {401, *refused, *problems, *((304,) if "If-None-Match" in takes else ())}

        if ":dataset>" in rule:
            statuses.add(HTTPStatus.PERMANENT_REDIRECT)  # it may have been renamed

        def register(function: View) -> View:
            answer: Any = shape if shape is not None else {"type": "string", "format": "binary"}
            if status == HTTPStatus.NO_CONTENT:
                answer = None
            headers = {name: name for name in gives}
            view = self.response(status, answer, content_type=file_type or None, headers=headers)(function)
            if body is not None:
                required = not getattr(body, "may_be_absent", False)
                view = self.arguments(body, location="json", content_type=media_type, required=required)(view)
            if query is not None:
                view = self.arguments(query, location="query")(view)
            for kind in files:
                content = {"type": "string", "format": "binary"}
                view = self.alt_response(
                    status, schema=content, content_type=kind, description=HTTPStatus(status).phrase, success=True
                )(view)
            slowed = {HTTPStatus.TOO_MANY_REQUESTS} if is_counted or hasattr(function, COST) else set()
            if HTTPStatus.NOT_MODIFIED in statuses:
                unchanged = {"description": N_("Nothing has changed"), "headers": {"ETag": "ETag"}}
                view = self.alt_response(HTTPStatus.NOT_MODIFIED, **unchanged)(view)
            view = self.doc(security=list(security), operationId=function.__name__, **document)(view)
            noted = view._apidoc["response"]["responses"]  # a decorator for each would make each request slower
            noted.update({code: [name_status(code)] for code in sorted(statuses | slowed) if code not in noted})
            view._apidoc["takes"] = [*asks, *takes]
            endpoint = f"{self.name}.{function.__name__}"
            NEEDED[endpoint] = verb
            if reads:
                READING.add(endpoint)
            if strangers or signed:
                FOR_STRANGERS.add(endpoint)
            if is_own:
                OWN.add(endpoint)
            if is_counted:
                COUNTED.add(endpoint)
            self.add_url_rule(rule, function.__name__, view, methods=[method], tags=[self.tag])
            return function

        return register


def _list_security(verb: Verb, *, public: bool, safe: bool, strangers: bool) -> Sequence[Mapping[str, Sequence[str]]]:
    """Who may call an operation: anybody, or with a token that has the verb, or with a session."""
    session: Mapping[str, Sequence[str]] = {"session": []} if safe else {"session": [], "csrf": []}
    known: Sequence[Mapping[str, Sequence[str]]] = ({"token": [verb.value]}, session)
    return ({}, *known) if (public and safe) or strangers else known


def name_status(code: int) -> str:
    """The name of a status, by which the document refers to its answer."""
    return TUS_STATUS[code] if code in TUS_STATUS else HTTPStatus(code).name


def add_headers(response: Response) -> Response:
    """What is public may be kept but is asked for again; what an account sees is kept nowhere."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if "Cache-Control" not in response.headers:
        public = request.method in SAFE_METHODS and caller() is None
        response.headers["Cache-Control"] = "no-cache" if public else "private, no-store"
    return response


def _limit_document() -> None:
    request.max_content_length = min(request.max_content_length or MAX_DOCUMENT_BYTES, MAX_DOCUMENT_BYTES)


def _describe_headers(doc: dict[str, Any], info: Mapping[str, Any], **options: Any) -> dict[str, Any]:  # noqa: ARG001
    taken = info.get("takes")
    if taken:
        doc.setdefault("parameters", []).extend(taken)
    return doc
