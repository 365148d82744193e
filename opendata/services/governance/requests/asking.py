"""A reader sends a request: what it must say, and how many may come from one of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher, Request
from opendata.domain.access.addresses import name_source
from opendata.domain.mail.addresses import parse_mail_address
from opendata.domain.mail.letters import LetterKind
from opendata.domain.privacy import Certainty
from opendata.domain.requests.kinds import IDENTIFIED, PLACED, PRIVATE, Applicant, RequestKind, WantedForm
from opendata.domain.requests.steps import OPEN_STATES, Audience, RequestState, RequestStep
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, OpendataError, StateError, fault
from opendata.metadata.dataset import read_metadata
from opendata.metadata.text import find_value_faults
from opendata.privacy.detection.texts import summarise_text
from opendata.services.access.limits import Limits, digest_name
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import find_living, lock_publishers
from opendata.services.catalogue.versions import find_version
from opendata.services.core.access import disclosure_of, is_listed
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.reasons import TOO_LONG
from opendata.services.governance.requests.bounds import MOST_OPEN, find_form_faults, sign_opening
from opendata.services.governance.requests.letters import write_receipt, write_staff
from opendata.services.governance.requests.rows import add_line, digest_code, find_day, make_code, seal, view_request
from opendata.services.governance.requests.values import AskedRequest, Asker

Word = TypeVar("Word", bound=StrEnum)

LONGEST: Mapping[str, int] = {
    "subject": 200,
    "text": 4000,
    "name": 100,
    "identity": 100,
    "telephone": 50,
    "mail": 320,
    "proposed": 1000,
    "purpose": 1000,
    "period": 100,
    "agreement": 300,
    "row": 100,
    "column": 200,
    "version": 40,
    "resource": 100,
}
"""Characters of each text of a request."""

_ENDED = N_("The publisher “%(id)s” has ended")
_NEEDED = {
    "subject": N_("Say in one line what this is about"),
    "text": N_("Describe it, so that the publisher knows what you mean"),
    "name": N_("Enter your name, or that of your organisation"),
    "identity": N_("Enter the number of a document that proves who you are"),
    "purpose": N_("Say what you will use the data for"),
    "period": N_("Say for how long you need the data"),
    "dataset": N_("Choose the dataset that this is about"),
    "publisher": N_("Choose the publisher that you ask"),
    "resource": N_("Choose the table that this is about"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormProof:
    """What a form of the portal proves of itself: when it was opened, and what is in the field that people skip."""

    opened: str
    trap: str


class Asking:
    """Takes requests."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests
        self._limits = Limits(context)

    def open_form(self) -> str:
        """A text for a form, which says when it was opened."""
        return sign_opening(self._context)

    def read_seconds(self) -> int:
        """Now, as cookies have it: in seconds since 1970."""
        return int(self._context.clock().timestamp())

    def ask(
        self,
        actor: Actor | None,
        said: Mapping[str, Any],
        *,
        address: str,
        language: str,
        proof: FormProof | None = None,
    ) -> AskedRequest:
        """Take a request; the code to follow it is in no database. A page's form comes with its `proof`.

        Raises `InvalidMetadataError`, `NotFoundError`, `MovedError`, `TooManyAttemptsError`, and `StateError` where too
        many requests of the same person wait.
        """
        faults = list(find_value_faults(dict(said)))
        if proof is not None:
            faults += find_form_faults(self._context, proof.opened, proof.trap)
        texts = {name: str(said.get(name) or "").strip() for name in (*LONGEST, "dataset", "publisher")}
        kind = _read_word(RequestKind, "kind", said.get("kind"), faults)
        applicant = _read_word(Applicant, "applicant", said.get("applicant") or Applicant.PERSON, faults)
        form = _read_word(WantedForm, "wanted", said.get("wanted") or WantedForm.ELECTRONIC, faults)
        if kind is None or applicant is None or form is None:
            raise InvalidMetadataError(faults=faults)
        faults += _check_texts(kind, texts)
        self._limits.count_request(address)
        with self._context.write() as session:
            dataset = self._find_dataset(session, kind, texts, faults)
            publisher = _find_publisher(session, dataset, texts, faults)
            place = self._find_place(session, kind, dataset, texts, faults)
            subject = texts["subject"] or (read_metadata(dataset.meta).title if dataset is not None else "")
            if not subject:
                faults.append(fault("/subject", _NEEDED["subject"]))
            if find_personal_data(subject):
                text = N_(
                    "There seem to be personal data in this line. Leave them out here: the fields below are private"
                )
                faults.append(fault("/subject", text))
            if publisher is not None and lock_publishers(session, [publisher.id])[publisher.id].ended is not None:
                faults.append(fault("/publisher", _ENDED, id=publisher.id))
            if faults or publisher is None:
                raise InvalidMetadataError(faults=faults)
            contact = self._name_contact(actor, texts, address)
            self._bound(session, contact)
            code, now = make_code(), self._context.now()
            kept = {name: text for name, text in texts.items() if name in Asker.__dataclass_fields__}
            row = Request(
                number=secrets.token_hex(10),
                kind=kind,
                state=RequestState.RECEIVED,
                publisher=publisher,
                dataset_uuid=dataset.uuid if dataset is not None else None,
                place=place or None,
                applicant=applicant,
                subject=subject,
                is_public=said.get("public") in (True, "on", "true", "1") and kind not in PRIVATE,
                sealed=seal(self._context, asdict(Asker(**kept, form=form if kind == RequestKind.APPLICATION else ""))),
                code=digest_code(self._context, code),
                contact=contact,
                user_id=actor.id if actor is not None else None,
                language=language,
                created=now,
                changed=now,
            )
            session.add(row)
            session.flush()
            row.number = f"{find_day(self._context, now).year}-{row.id:05}"
            add_line(self._context, session, row, RequestStep.RECEIVE, None, audience=Audience.PUBLIC)
            sends = bool(texts["mail"]) and write_receipt(self._context, session, row, texts["mail"])
            write_staff(self._context, session, row, LetterKind.REQUEST_NEW)
            return AskedRequest(
                request=view_request(self._context, session, row, Audience.SIDES), code=code, sends_mail=sends
            )

    def _find_dataset(
        self, session: Session, kind: RequestKind, texts: Mapping[str, str], faults: list[Fault]
    ) -> Dataset | None:
        """The dataset that a request names; a public one."""
        name = texts["dataset"]
        if not name:
            if kind in PLACED or kind == RequestKind.ACCESS:
                faults.append(fault("/dataset", _NEEDED["dataset"]))
            return None
        row = find_dataset(session, name)
        if not is_listed(row):
            raise NotFoundError(N_("There is no dataset “%(id)s”"), id=name[:200])
        disclosure = disclosure_of(row)
        if kind == RequestKind.ACCESS and disclosure.is_open:
            faults.append(fault("/dataset", N_("Everybody may have this data, so you don't need to apply for it")))
        if kind == RequestKind.ACCESS and disclosure.is_closed:
            text = N_("This data isn't given to anybody. You can ask the publisher to open it instead")
            faults.append(fault("/dataset", text))
        if kind == RequestKind.OPEN and disclosure.is_open and row.latest is not None:
            faults.append(fault("/dataset", N_("This data is open already. You can download it from its page")))
        return row

    def _find_place(
        self,
        session: Session,
        kind: RequestKind,
        dataset: Dataset | None,
        texts: Mapping[str, str],
        faults: list[Fault],
    ) -> dict[str, str]:
        """Where in a dataset what is wrong can be found."""
        if dataset is None or kind not in PLACED:
            return {}
        names = ("version", "resource", "row", "column") if kind == RequestKind.CORRECTION else ("version",)
        place = {name: texts[name] for name in names if texts[name]}
        try:
            version = find_version(session, dataset.id, place.get("version") or dataset.latest or "").version
        except OpendataError:
            text = N_("There is no version “%(version)s” of this dataset")
            faults.append(fault("/version", text, version=place.get("version", "")))
            return {}
        place["version"] = version
        if kind != RequestKind.CORRECTION:
            return place
        tables = {item.name: item for item in self._manifests.get(dataset.id, version).tables}
        resource = place.get("resource") or (next(iter(tables)) if len(tables) == 1 else "")
        if not resource:
            faults.append(fault("/resource", _NEEDED["resource"]))
            return place
        place["resource"] = resource
        if resource not in tables:
            faults.append(fault("/resource", N_("This version has no table “%(name)s”"), name=resource))
        elif "column" in place and place["column"] not in tables[resource].schema.names:
            faults.append(fault("/column", N_("This table has no column “%(name)s”"), name=place["column"]))
        return place

    def _name_contact(self, actor: Actor | None, texts: Mapping[str, str], address: str) -> str:
        """A keyed digest of how somebody can be reached, by which their requests are counted."""
        account = f"account\n{actor.id}" if actor is not None else ""
        found = texts["mail"].lower() or texts["telephone"] or account or name_source(address)
        return digest_name(self._context.settings, f"request-contact\n{found}")

    def _bound(self, session: Session, contact: str) -> None:
        query = select(func.count(Request.id)).where(Request.contact == contact, Request.state.in_(OPEN_STATES))
        if (session.scalar(query) or 0) >= MOST_OPEN:
            raise StateError(
                N_("%(count)s of your requests wait for a reply. Send another one when one of them is replied to"),
                count=MOST_OPEN,
            )


def find_personal_data(text: str) -> bool:
    """Whether a text seems to have personal data in it."""
    return any(item["certainty"] != Certainty.POSSIBLE for item in summarise_text(text)) if text.strip() else False


def _check_texts(kind: RequestKind, texts: Mapping[str, str]) -> list[Fault]:
    faults = [fault(f"/{name}", TOO_LONG, limit=limit) for name, limit in LONGEST.items() if len(texts[name]) > limit]
    needed = ["purpose", "period"] if kind == RequestKind.ACCESS else ["text"]
    needed += ["name", "identity"] if kind in IDENTIFIED else []
    faults += [fault(f"/{name}", _NEEDED[name]) for name in needed if not texts[name]]
    if kind in IDENTIFIED and not (texts["telephone"] or texts["mail"]):
        faults.append(fault("/telephone", N_("Enter a telephone number or an e-mail address")))
    if texts["mail"] and parse_mail_address(texts["mail"]) is None:
        faults.append(fault("/mail", N_("This isn't an e-mail address. Write it as name@example.org")))
    return faults


def _find_publisher(
    session: Session, dataset: Dataset | None, texts: Mapping[str, str], faults: list[Fault]
) -> Publisher | None:
    if dataset is not None:
        return _find_answering(session, dataset, faults)
    if not texts["publisher"]:
        faults.append(fault("/publisher", _NEEDED["publisher"]))
        return None
    try:
        return find_living(session, texts["publisher"])
    except (NotFoundError, StateError) as error:
        text = _ENDED if isinstance(error, StateError) else N_("There is no publisher “%(id)s”")
        faults.append(fault("/publisher", text, id=texts["publisher"][:100]))
        return None


def _find_answering(session: Session, dataset: Dataset, faults: list[Fault]) -> Publisher | None:
    """Who answers for a dataset: its publisher, or where that was closed, the nearest one above it that wasn't."""
    row: Publisher | None = dataset.publisher
    while row is not None and row.ended is not None:
        row = session.get(Publisher, row.parent_id) if row.parent_id is not None else None
    if row is None:
        text = N_("“%(publisher)s”, which published this, was closed. Send your request to another publisher")
        faults.append(fault("/dataset", text, publisher=dataset.publisher.title))
    return row


def _read_word(words: type[Word], name: str, said: object, faults: list[Fault]) -> Word | None:
    try:
        return words(str(said))
    except ValueError:
        choices = ", ".join(words)
        text = N_("“%(value)s” isn't one of %(choices)s")
        faults.append(fault(f"/{name}", text, value=str(said or "")[:100], choices=choices))
        return None
