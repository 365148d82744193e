"""The reply to a request: what each type must say, and what it does: a grant is given, a correction is named."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from opendata.db.models import Request, User
from opendata.domain.moments import read_day
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.outcomes import OUTCOMES, OUTCOMES_OF, Outcome
from opendata.domain.requests.steps import RequestState, RequestStep, may_reply
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.metadata.versions import parse_version
from opendata.services.access.grants import Grants
from opendata.services.catalogue.versions import find_version
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.governance.requests.rows import clock_of, find_dataset_of, find_day, read_asker
from opendata.wording.governance.requests import write_basis


class Replying:
    """Writes replies."""

    def __init__(self, context: Context, grants: Grants) -> None:
        self._context = context
        self._grants = grants

    def reply(self, session: Session, actor: Actor, row: Request, texts: Mapping[str, str]) -> dict[str, str]:
        """Reply to a request within a unit of work; what the history keeps of it.

        Raises `InvalidMetadataError`, and `StateError` where the type of reply doesn't fit what happened.
        """
        outcome = _read_outcome(row.kind, texts["outcome"])
        rule = OUTCOMES[outcome]
        if not may_reply(row.state, rule.needs_silence) or (rule.needs_silence and not self._is_silent(row)):
            raise StateError(
                N_(
                    "While the asker is asked to clarify, you can only reply that they didn't, and only after the day"
                    " that you set"
                )
                if row.state == RequestState.WAITING_ASKER
                else N_("This type of reply is for askers who didn't clarify their request in time")
            )
        row.outcome, row.reply = outcome, texts["text"]
        row.basis = texts.get("basis", "") or write_basis(outcome, self._context.settings.languages[0])
        now, clock = self._context.now(), clock_of(self._context, row)
        row.ended = now
        if clock.unknown_year is None:
            row.is_on_time = clock.due is None or find_day(self._context, now) <= clock.due
        details = {"outcome": str(outcome)}
        if outcome is Outcome.CORRECTED:
            if not texts.get("version"):
                text = N_("Name the version that corrects it, such as 1.0.1")
                raise InvalidMetadataError(faults=[fault("/version", text)])
            row.mended = find_mended(session, row, texts["version"])
            details["version"] = row.mended
        if outcome is Outcome.GRANTED:
            details |= self._grant(session, actor, row, texts)
        return details

    def _is_silent(self, row: Request) -> bool:
        """Whether the asker let the day pass until which they were to clarify."""
        asked = [item for item in row.steps if item.step == RequestStep.CLARIFY]
        day = read_day(asked[-1].details.get("until")) if asked else None
        return day is not None and day < find_day(self._context, self._context.clock())

    def _grant(self, session: Session, actor: Actor, row: Request, texts: Mapping[str, str]) -> dict[str, str]:
        """Give the asker a grant; without an account they are invited, and find the link on their request's page."""
        dataset, asker = find_dataset_of(session, row), read_asker(self._context, row)
        if dataset is None:
            raise StateError(N_("This request isn't about a dataset, so there is nothing to grant"))
        if read_day(texts.get("until")) is None:
            text = N_("Enter the last day of the grant, such as 2026-12-31")
            raise InvalidMetadataError(faults=[fault("/until", text)])
        account = session.get(User, row.user_id) if row.user_id is not None else None
        said = {
            "holder": asker.name or row.number,
            "purpose": asker.purpose or row.subject,
            "agreement": asker.agreement,
            "until": texts["until"],
            "account": account.name if account is not None else "",
        }
        grant, invitation = self._grants.give_within(session, actor, dataset.id, said)
        row.grant_id = grant.id
        link = f"{self._context.settings.base_url}/invitations/{invitation}" if invitation else ""
        return {"until": texts["until"], **({"link": link} if link else {})}


def find_mended(session: Session, row: Request, version: str) -> str:
    """The version that corrects what a request is about: a later one. Raises `InvalidMetadataError`."""
    dataset = find_dataset_of(session, row)
    old = parse_version((row.place or {}).get("version", ""))
    try:
        found = find_version(session, dataset.id if dataset is not None else "", version).version
    except NotFoundError:
        text = N_("There is no version “%(version)s” of this dataset")
        raise InvalidMetadataError(faults=[fault("/version", text, version=version[:40])]) from None
    if old is not None and (parse_version(found) or old) <= old:
        text = N_("The version that corrects it must be later than the one in which it was wrong")
        raise InvalidMetadataError(faults=[fault("/version", text)])
    return found


def _read_outcome(kind: RequestKind, text: str) -> Outcome:
    for outcome in OUTCOMES_OF[kind]:
        if outcome == text:
            return outcome
    choices = ", ".join(OUTCOMES_OF[kind])
    raise InvalidMetadataError(
        faults=[fault("/outcome", N_("“%(value)s” isn't one of %(choices)s"), value=text[:100], choices=choices)]
    )
