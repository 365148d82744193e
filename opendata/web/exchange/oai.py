"""OAI-PMH: one address, by GET or POST, for those who keep a copy of the catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, request
from werkzeug.wrappers import Response

from opendata.domain.catalogue.entries import Portal
from opendata.errors import N_, UnsupportedFormatError
from opendata.exchange.oai.answers import Answer, Head, Repository, Resumption, require_format
from opendata.exchange.oai.requests import Choice, OaiError, OaiRequest, read_request, write_token
from opendata.metering import charge, cost_class
from opendata.services.core.context import read_clock
from opendata.services.exchange.records import Record, Span
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form
from opendata.web.exchange.core import addresses, portal

if TYPE_CHECKING:
    from collections.abc import Sequence

blueprint = Blueprint("oai", __name__)
blueprint.before_request(limit_form)

PATH = "/oai"
RECORDS = 100
"""So many records are in one answer."""

HEADS = 1000
"""So many headers are in one answer."""

_FORM = "application/x-www-form-urlencoded"


@blueprint.get(PATH)
@blueprint.post(PATH)
@cost_class("light")
def answer_oai() -> Response:
    """Answer a request of OAI-PMH. The answer says what is wrong with it, as the protocol wants.

    Raises `UnsupportedFormatError` for anything else than a form by POST.
    """
    if request.method == "POST" and request.mimetype != _FORM:
        raise UnsupportedFormatError(N_("A request by POST must have the media type %(type)s"), type=_FORM)
    given = request.args if request.method == "GET" else request.form
    repository = Repository(
        address=addresses().at(PATH),
        host=urlsplit(addresses().base).hostname or "localhost",
        portal=portal(),
        addresses=addresses(),
    )
    now = read_clock()
    try:
        asked = read_request(list(given.items(multi=True)))
    except OaiError as error:
        # What was asked is repeated only where it was understood.
        is_verb = error.code not in ("badVerb", "badArgument")
        said = {name: given[name] for name in given} if is_verb else {}
        answer = Answer(repository, now, said)
        answer.refuse(error)
    else:
        answer = Answer(repository, now, {"verb": asked.verb, **asked.arguments})
        try:
            _fill(answer, asked, repository)
        except OaiError as error:
            answer.refuse(error)
    return Response(answer.write(), mimetype="text/xml", headers={"Cache-Control": "no-cache"})


def _fill(answer: Answer, asked: OaiRequest, repository: Repository) -> None:
    """Answer what was asked. Raises `OaiError`."""
    identifier = asked.arguments.get("identifier")
    if asked.verb == "Identify":
        answer.identify(services().records.find_first() or read_clock(), _choose_email(repository))
    elif asked.verb == "ListMetadataFormats":
        if identifier is not None:
            _find(repository, identifier)
        answer.list_formats()
    elif asked.verb == "ListSets":
        answer.list_sets(services().entries.list_agencies())
    elif asked.verb == "GetRecord":
        _answer_record(answer, asked, repository)
    elif asked.choice is not None:
        _answer_list(answer, asked.verb, asked.choice)


def _find(repository: Repository, identifier: str) -> str:
    """The id of the dataset of a record. Raises `OaiError`."""
    found = services().entries.find_by_uuid(repository.find_uuid(identifier))
    if found is None:
        raise OaiError("idDoesNotExist", "There is no record of this identifier")
    return found


def _answer_record(answer: Answer, asked: OaiRequest, repository: Repository) -> None:
    kind = require_format(asked.arguments["metadataPrefix"])
    name = _find(repository, asked.arguments["identifier"])
    entry = services().entries.get(name)
    answer.get_record(Head(uuid=entry.uuid, changed=entry.changed, set=entry.publisher.id), entry, kind)


def _answer_list(answer: Answer, verb: str, choice: Choice) -> None:
    kind = require_format(choice.prefix)
    span = Span(start=choice.start, end=choice.end, publisher=choice.set)
    limit = RECORDS if verb == "ListRecords" else HEADS
    records, is_more = services().records.list(span, after=choice.after, limit=limit)
    if not records and not choice.after:
        raise OaiError("noRecordsMatch", "No record is like that")
    heads = [_head(item) for item in records]
    resumption = _continue(choice, records, span, is_more=is_more)
    if verb == "ListIdentifiers":
        answer.list_heads(heads, resumption)
        return
    charge("rows")
    entries = {item.id: item for item in services().entries.get_many([item.dataset for item in records])}
    pairs = [
        (head, entries[item.dataset]) for head, item in zip(heads, records, strict=True) if item.dataset in entries
    ]
    answer.list_records(((replace(head, changed=entry.changed), entry) for head, entry in pairs), kind, resumption)


def _head(record: Record) -> Head:
    return Head(uuid=record.uuid, changed=record.changed, set=record.publisher)


def _continue(choice: Choice, records: Sequence[Record], span: Span, *, is_more: bool) -> Resumption | None:
    """How the list goes on; None for one that is complete at once."""
    if not is_more and not choice.after:
        return None
    total = choice.total if choice.after else services().records.count(span)
    given = choice.given + len(records)
    token = write_token(replace(choice, after=records[-1].uuid, given=given, total=total)) if is_more else ""
    return Resumption(token=token, given=choice.given, total=max(total, given))


def _choose_email(repository: Repository) -> str:
    """Who answers for the repository; every host that takes mail has a postmaster (RFC 5321)."""
    found: Portal = repository.portal
    return found.email or f"postmaster@{repository.host}"
