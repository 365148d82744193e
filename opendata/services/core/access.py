"""Who may see an entry of the catalogue, and who may have rows: the one place that every exit asks.

Source: the disclosure attribute of the Regulations on Open Government Information (Decree 711). Rows of a `closed`
dataset are for nobody. Rows of one that is `conditional`, or whose scope is an area or a group, are for those who have
a grant, for those who work for its publisher, and for maintainers and auditors. All others see the entry, the
dictionary and the counts.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, and_, false, func, literal_column, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from opendata.db.models import Dataset, Flaw, Grant, Version
from opendata.domain.disclosure import CLOSED, OPEN, PUBLIC, Disclosure
from opendata.domain.manifest import Manifest
from opendata.domain.resources import Resource
from opendata.domain.roles import Role
from opendata.errors import N_, NotPublicError
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.storage.store import grant_end_key

_LISTED = or_(Dataset.__table__.c.head.is_not(None), Dataset.__table__.c.editions > literal_column("0"))


def where_listed() -> ColumnElement[bool]:
    """The condition on rows of `datasets` under which the entry is public: it has a version, or was published alone."""
    return _LISTED


def is_listed(row: Dataset) -> bool:
    """Whether the entry of a dataset is public."""
    return row.head is not None or row.editions > 0


def may_be_listed_alone(row: Dataset, disclosure: Disclosure) -> bool:
    """Whether the entry of a dataset may be public without any data, where a draft has this disclosure for it.

    It may where the data isn't open, where the opening plan has a day for it, and where it is public already.
    """
    return is_listed(row) or row.opens is not None or not disclosure.is_open


def where_edited(actor: Actor) -> ColumnElement[bool]:
    """The condition on rows of `datasets` under which somebody sees the work on them."""
    found = _where_of_publisher(actor, Dataset.publisher_id)
    limit = actor.scope.dataset if actor.scope else None
    return found if limit is None else and_(found, Dataset.id == limit)


def where_acting_for(actor: Actor, publisher: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The condition on a column of publishers' ids under which somebody sees the work of that publisher.

    A token for a single dataset is for nothing of that: it is about no single dataset.
    """
    if actor.scope is not None and actor.scope.dataset is not None:
        return false()
    return _where_of_publisher(actor, publisher)


def where_answering(actor: Actor, publisher: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The condition on a column of publishers' ids under which somebody handles what people ask of that publisher.

    Who reviews for it alone doesn't: what people write is read by nobody who needn't.
    """
    found = where_acting_for(actor, publisher)
    sees_all = replace(actor, scope=None).may_oversee
    return found if sees_all else and_(found, publisher.in_(sorted(actor.posts.edited)))


def _where_of_publisher(
    actor: Actor, publisher: ColumnElement[str] | InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    limit = actor.scope.publisher if actor.scope else None
    watches = Role.AUDITOR in actor.posts.everywhere
    if actor.is_maintainer or (watches and limit is None):
        return true()
    if watches or replace(actor, scope=None).is_maintainer:
        return publisher == limit
    seen = actor.posts.seen if limit is None else actor.posts.seen & {limit}
    return publisher.in_(sorted(seen))


def where_open() -> ColumnElement[bool]:
    """The condition on rows of `datasets` under which anyone may have the data."""
    return Dataset.attribute == OPEN


def where_not_closed() -> ColumnElement[bool]:
    """The condition on rows of `datasets` under which anyone may have the data, or single resources of it."""
    return _read("attribute", OPEN) != CLOSED


def where_flawed(flaw: Flaw) -> ColumnElement[bool]:
    """The condition on rows of `datasets` under which they have one of the flaws, as its index has it."""
    return Dataset.flaws.bitwise_and(literal_column(str(int(flaw)))) != literal_column("0")


def where_standing() -> ColumnElement[bool]:
    """The condition on rows of `versions` under which a version is there to be read."""
    return and_(Version.withdrawal.is_(None), Version.suspended.is_(False))


def where_stopped() -> ColumnElement[bool]:
    """The condition on rows of `versions` under which a version was stopped, as its index has it."""
    return literal_column("versions.suspended")


def where_alarming() -> ColumnElement[bool]:
    """The condition on rows of `versions` under which there may be personal data in one, as its index has it."""
    return literal_column("versions.alarming")


def where_published_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on rows of `versions` under which an actor decides about them: their publisher's, or all."""
    own = select(Dataset.id).where(where_edited(actor))
    return true() if actor.may_oversee else Version.dataset_id.in_(own)


def disclosure_of(row: Dataset) -> Disclosure:
    """The disclosure of a dataset, as it is in force."""
    return Disclosure.from_json(row.meta.get("disclosure"))


def is_for_all(disclosure: Disclosure, resource: Resource) -> bool:
    """Whether anybody may have a resource of a version that is published."""
    return disclosure.is_open or (not disclosure.is_closed and resource.disclosure == OPEN)


def list_public_blobs(manifest: Manifest, disclosure: Disclosure) -> set[str]:
    """The hexadecimal digests of those files of a published version that anybody may have.

    The report of a table whose rows aren't public is among them if it was written for that: without values.
    """
    if disclosure.is_closed:
        return set()
    found: set[str] = set()
    for resource in manifest.resources:
        if is_for_all(disclosure, resource):
            found |= {piece.sha256 for file in resource.published for piece in file.pieces}
        elif resource.report is not None and withholds_values(manifest):
            found.add(resource.report.sha256)
    return found


def withholds_values(manifest: Manifest) -> bool:
    """Whether the reports of a version were written without values, since its rows weren't public."""
    return not manifest.metadata.disclosure.is_open


def may_have_rows(
    context: Context, session: Session, row: Dataset, reader: Actor | None, resource: Resource | None = None
) -> bool:
    """Whether a reader may have a resource of a published version; without one, all that the dataset has."""
    disclosure = disclosure_of(row)
    if disclosure.is_open or (resource is not None and is_for_all(disclosure, resource)):
        return True
    if disclosure.is_closed or reader is None:
        return False
    if not reader.covers(row.publisher_id, row.id):
        return False
    return reader.may_see(row.publisher_id, row.id) or _is_granted(context, session, row.id, reader)


def require_rows(
    context: Context, session: Session, row: Dataset, reader: Actor | None, resource: Resource | None = None
) -> None:
    """Raises `NotPublicError`, which says why and who may, where `may_have_rows` says no."""
    if may_have_rows(context, session, row, reader, resource):
        return
    disclosure = disclosure_of(row)
    if disclosure.is_closed:
        text = N_("The data of “%(dataset)s” isn't public. Reason: %(reason)s. Legal basis: %(basis)s")
    elif disclosure.scope != PUBLIC:
        text = N_(
            "The data of “%(dataset)s” is only for: %(audience)s. If you have a grant, sign in or send your token"
        )
    else:
        text = N_(
            "The data of “%(dataset)s” is available on application only. Reason: %(reason)s. Legal basis: %(basis)s."
            " Apply to its publisher. If you have a grant, sign in or send your token"
        )
    raise NotPublicError(
        text,
        dataset=row.id,
        audience=disclosure.audience,
        reason=disclosure.reason,
        basis=disclosure.legal_basis,
    )


def where_granted(context: Context, reader: Actor) -> ColumnElement[bool]:
    """The condition on rows of `grants` under which a reader has one now."""
    whose = [Grant.user_id == reader.id]
    if reader.publisher is not None:
        whose.append(Grant.publisher_id == reader.publisher)
    return and_(Grant.ended.is_(None), Grant.expires > context.clock(), or_(*whose))


def has_ended(context: Context, grant: Grant) -> bool:
    """Whether a grant has ended: the store knows it even where an older database was restored."""
    return grant.ended is not None or context.public.has_record(grant_end_key(grant.dataset_id, grant.id))


def _is_granted(context: Context, session: Session, dataset: str, reader: Actor) -> bool:
    query = select(Grant).where(Grant.dataset_id == dataset, where_granted(context, reader))
    return any(not has_ended(context, grant) for grant in session.scalars(query))


def _read(name: str, default: str) -> ColumnElement[str]:
    return func.coalesce(Dataset.meta[("disclosure", name)].as_string(), default)
