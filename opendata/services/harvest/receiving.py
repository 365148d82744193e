"""What senders register here: signed messages, each done once, written as harvested datasets are.

A message has a serial: one that came already is answered as before, one that is older than what came has no effect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import ExchangeSender, HarvestItem, HarvestSource, ReceivedRecord
from opendata.domain.harvest.items import HarvestedItem, RefusedItem
from opendata.domain.harvest.planning import Known, Prints, make_plan, take_prints
from opendata.domain.upward.messages import MessageName, is_record_id
from opendata.domain.upward.records import Step
from opendata.errors import (
    N_,
    BusyError,
    InputError,
    InvalidMetadataError,
    NotFoundError,
    NotSignedInError,
    OpendataError,
    SupersededError,
    fault,
)
from opendata.exchange.reading.instance import read_sent
from opendata.metadata.identifiers import find_identifier_fault
from opendata.outside.signatures import ID, is_signed
from opendata.services.catalogue.datasets import Datasets
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.harvest.applying import Applying, HarvestedPortal
from opendata.services.harvest.screening import screen_item
from opendata.storage.secrets import decrypt_secret

_NO_SENDER = N_("There is no sender “%(id)s”")
_UNSIGNED = N_("The message isn't signed with the secret of this sender, or is more than five minutes old")
_OLDER = N_("A later message about this record came before this one")
_BUSY = N_("The portal is being harvested at this moment. Send the record again in a moment")
_OTHER = N_("The record has the id “%(found)s”, but its address says “%(wanted)s”")
_NO_ID = N_("A record has the UUID of its dataset as its id, in small letters")
_OTHER_NAME = N_("The header “%(name)s” names another record, or something else to do, than the address and the method")
_NO_JSON = N_("The body must be a JSON object")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What came: the headers, with names in small letters, and the body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedView:
    """A record of a sender as it is here; `digest` is that of the body, empty of one that was taken back.

    `dataset` is the id of the dataset that it became, None of one that never came.
    """

    id: str
    digest: str
    dataset: str | None
    at: datetime


class Receiving:
    """Takes in what senders register."""

    def __init__(self, context: Context, datasets: Datasets) -> None:
        self._context = context
        self._applying = Applying(context, datasets)

    def is_signed(self, sender: str, message: Message) -> bool:
        """Whether a message is from an active sender, and young enough."""
        with self._context.read() as session:
            row = None if find_identifier_fault("", sender) else session.get(ExchangeSender, sender)
            if row is None or not row.is_active:
                return False
            kept = row.secret
        try:
            secret = decrypt_secret(self._context.settings.key_folder, kept)
        except OpendataError:  # the key was lost: a maintainer renews the secret
            return False
        return is_signed(secret, message.headers, message.body, self._context.clock().timestamp())

    def put(self, sender: str, record: str, message: Message) -> ReceivedView:
        """Register a record, or change it. Who sent the message was checked before (`is_signed`).

        Raises `InputError` for what isn't JSON or has the name of another message, `NotFoundError`,
        `InvalidMetadataError` where the record can't be used, `SupersededError` where a later message came before,
        `BusyError` while the portal is harvested.
        """
        name = self._read_name(record, message, Step.PUT)
        digest = hashlib.sha256(message.body).hexdigest()
        with self._context.write() as session:
            source, row = self._open(session, sender, name)
            if row is not None and row.serial == name.serial and row.digest == digest:
                return _view(session, row)
            item = _read(message.body, record)
            known = _find_known(session, source.id, item, row)
            (decision,) = make_plan(known, [item]).decisions
            now = self._context.now()
            portal = _describe(source)
            done = self._applying.do(session, portal, decision, now)
            if row is None:
                row = ReceivedRecord(sender_id=sender, identifier=record)
                session.add(row)
            row.serial, row.digest, row.item_id, row.at = name.serial, digest, done.id, now
            session.get_one(ExchangeSender, sender).received = now
            session.flush()
            return _view(session, row)

    def delete(self, sender: str, record: str, message: Message) -> ReceivedView:
        """Take a record back: its dataset is archived. One that never came stays away. Raises as `put`."""
        name = self._read_name(record, message, Step.DELETE)
        with self._context.write() as session:
            source, row = self._open(session, sender, name)
            if row is not None and row.serial == name.serial and not row.digest:
                return _view(session, row)
            now = self._context.now()
            if row is None:
                own = HarvestItem.source_id == sender, HarvestItem.identifier_digest == _digest(record)
                item = session.scalar(select(HarvestItem.id).where(*own))
                row = ReceivedRecord(sender_id=sender, identifier=record, serial=0, digest="", item_id=item, at=now)
                session.add(row)
            if row.item_id is not None:
                self._applying.archive(session, _describe(source), row.item_id)
            row.serial, row.digest, row.at = name.serial, "", now
            session.get_one(ExchangeSender, sender).received = now
            session.flush()
            return _view(session, row)

    def list(self, sender: str, *, limit: int, cursor: str | None = None) -> Page[ReceivedView]:
        """The records of a sender that are here, by id.

        Raises `InputError` for a cursor that isn't ours, `NotFoundError`.
        """
        query = (
            select(ReceivedRecord)
            .where(ReceivedRecord.sender_id == sender, ReceivedRecord.digest != "")
            .order_by(ReceivedRecord.identifier)
        )
        key = read_cursor(cursor)
        if key:
            query = query.where(ReceivedRecord.identifier > key)
        with self._context.read() as session:
            if session.get(ExchangeSender, sender) is None:
                raise NotFoundError(_NO_SENDER, id=sender[:100])
            rows = list(session.scalars(query.limit(limit + 1)))
            items = [_view(session, row) for row in rows[:limit]]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def refuse(self) -> None:
        """Raises `NotSignedInError`, for a message that isn't signed by an active sender."""
        raise NotSignedInError(_UNSIGNED)

    def _read_name(self, record: str, message: Message, step: Step) -> MessageName:
        """The name of a message, which says the same as its address and method: only the name is signed.

        A maintainer's own needs none.
        """
        said = message.headers.get(ID)
        if said is None:
            if not is_record_id(record):
                raise InputError(_NO_ID)
            return MessageName(step, record, int(self._context.clock().timestamp() * 1000))
        name = MessageName.read(said)
        if name is None or (name.step, name.record) != (step, record):
            raise InputError(_OTHER_NAME, name=ID)
        return name

    def _open(self, session: Session, sender: str, name: MessageName) -> tuple[HarvestSource, ReceivedRecord | None]:
        """The portal, locked against other messages and harvests, and what came of the record before."""
        if session.get(ExchangeSender, sender) is None:
            raise NotFoundError(_NO_SENDER, id=sender[:100])
        source = session.get_one(HarvestSource, sender, with_for_update=True)
        if source.held_until is not None and source.held_until > self._context.clock():
            raise BusyError(_BUSY)
        query = select(ReceivedRecord).where(
            ReceivedRecord.sender_id == sender, ReceivedRecord.identifier == name.record
        )
        row = session.scalar(query)
        if row is not None and name.serial < row.serial:
            raise SupersededError(_OLDER)
        return source, row


def _read(body: bytes, record: str) -> HarvestedItem:
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise InputError(_NO_JSON) from None
    if not isinstance(found, dict):
        raise InputError(_NO_JSON)
    item = screen_item(read_sent(found))
    if isinstance(item, RefusedItem):
        raise InvalidMetadataError(faults=[fault("", item.reason["message"], **item.reason["params"])])
    if item.identifier != record:
        raise InvalidMetadataError(faults=[fault("/dataset/uuid", _OTHER, found=item.identifier[:100], wanted=record)])
    return item


def _find_known(session: Session, source: str, item: HarvestedItem, row: ReceivedRecord | None) -> Sequence[Known]:
    """The datasets of the portal that a record may be: the one with its id, the one that it was, or one that looks so.

    A dataset that another record is isn't one that looks like it.
    """
    own = HarvestItem.source_id == source
    named = list(
        session.scalars(select(HarvestItem).where(own, HarvestItem.identifier_digest == _digest(item.identifier)))
    )
    if not named and row is not None and row.item_id is not None:
        named = [session.get_one(HarvestItem, row.item_id)]
    found = named or list(session.scalars(select(HarvestItem).where(own, _looks_like(source, item))))
    return [
        Known(
            number=one.id,
            identifier=item.identifier if named else one.identifier,
            prints=Prints(one.text_print, one.address_print),
            digest=one.digest,
            is_gone=one.gone is not None,
        )
        for one in found
    ]


def _looks_like(source: str, item: HarvestedItem) -> ColumnElement[bool]:
    prints = take_prints(item)
    same = [HarvestItem.text_print == prints.text]
    if prints.address:
        same.append(HarvestItem.address_print == prints.address)
    taken = select(ReceivedRecord.item_id).where(
        ReceivedRecord.sender_id == source, ReceivedRecord.item_id.is_not(None)
    )
    return and_(or_(*same), HarvestItem.id.not_in(taken))


def _describe(source: HarvestSource) -> HarvestedPortal:
    return HarvestedPortal(id=source.id, title=source.title, publisher=source.publisher_id, mapping=source.mapping)


def _view(session: Session, row: ReceivedRecord) -> ReceivedView:
    item = session.get(HarvestItem, row.item_id) if row.item_id is not None else None
    return ReceivedView(id=row.identifier, digest=row.digest, dataset=item.dataset_id if item else None, at=row.at)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
