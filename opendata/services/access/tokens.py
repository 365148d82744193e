"""Bearer tokens as rows: what each is for, whether it has ended, and the rules for a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Token, User
from opendata.domain.access.scopes import VERBS, Scope, Verb, write_verbs
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, NotFoundError, ScopeError, fault
from opendata.metadata.text import find_value_faults
from opendata.services.access.posts import view_actor
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.publishers import find_publisher
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor

TOKEN_PREFIX = "odt_"  # noqa: S105 - what every token begins with, so that a leaked one is recognised
MAX_TOKEN_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token without its secret: what it is for, at most what its owner may do, and when it was last used."""

    id: int
    user: str
    name: str
    created: datetime
    expires: datetime | None
    revoked: bool
    scopes: Sequence[str] = ()
    publisher: str | None = None
    dataset: str | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOptions:
    """What somebody asks for: a name, days until it expires (None: never), verbs (None: all), and a limit."""

    name: str = ""
    days: int | None = None
    verbs: Sequence[str] | None = None
    publisher: str | None = None
    dataset: str | None = None

    @classmethod
    def from_values(cls, said: Mapping[str, Any]) -> TokenOptions:
        """The options out of a form or a document; an empty limit is none."""
        return cls(
            name=str(said.get("name") or "").strip(),
            days=said.get("days"),
            verbs=said.get("scopes"),
            publisher=said.get("publisher") or None,
            dataset=said.get("dataset") or None,
        )


def make_scope(session: Session, owner: User, options: TokenOptions, giver: Actor, now: datetime) -> Scope:
    """The scope of a new token, at most that of the token of who makes it.

    Raises `InvalidMetadataError`, `NotFoundError` for what can't be, `ScopeError` for what is too much.
    """
    faults: list[Fault] = list(find_value_faults(options.name, "/name"))
    if options.days is not None and not 1 <= options.days <= MAX_TOKEN_DAYS:
        faults.append(fault("/days", N_("A token must last 1 to %(limit)s days"), limit=MAX_TOKEN_DAYS))
    wanted = VERBS if options.verbs is None else options.verbs
    unknown = [verb for verb in wanted if verb not in VERBS]
    if unknown or not wanted:
        faults.append(
            fault(
                "/scopes",
                N_("“%(value)s” isn't one of %(choices)s"),
                value=str(unknown[0])[:100] if unknown else "",
                choices=Listed(VERBS),
            )
        )
    if faults:
        raise InvalidMetadataError(faults=faults)
    bearer = view_actor(session, owner)
    publisher, dataset = _find_limit(session, bearer, options)
    if bearer.posts.only_watches and {*wanted} != {Verb.READ}:
        text = N_("The account “%(name)s” only reads, so its tokens can do nothing else. Choose “read” alone")
        raise InvalidMetadataError(faults=[fault("/scopes", text, name=owner.name)])
    if options.publisher is not None and bearer.posts.own and options.publisher not in bearer.posts.seen:
        text = N_("The account “%(name)s” can't act for the publisher “%(publisher)s”")
        raise InvalidMetadataError(faults=[fault("/publisher", text, name=owner.name, publisher=publisher)])
    expires = now + timedelta(days=options.days) if options.days is not None else None
    scope = Scope(
        verbs=frozenset({Verb.READ, *(Verb(verb) for verb in wanted)}),
        publisher=publisher,
        dataset=dataset,
        expires=expires,
    )
    return _bound(scope, giver.scope)


def read_scope(row: Token) -> Scope:
    """What a token is for."""
    verbs = VERBS if row.verbs is None else (Verb(verb) for verb in row.verbs.split())
    return Scope(verbs=frozenset(verbs), publisher=row.publisher_id, dataset=row.dataset_id, expires=row.expires)


def make_token(owner: User, name: str, digest: str, scope: Scope, now: datetime) -> Token:
    """The row of a new token."""
    is_whole = scope.verbs == frozenset(VERBS) and not scope.is_limited
    return Token(
        user_id=owner.id,
        name=name,
        digest=digest,
        created=now,
        expires=scope.expires,
        revoked=not is_whole,
        verbs=None if is_whole else write_verbs(scope.verbs),
        publisher_id=scope.publisher,
        dataset_id=scope.dataset,
    )


def has_ended(row: Token) -> bool:
    """Whether somebody ended a token."""
    return row.ended is not None or (row.revoked and row.verbs is None)


def view_token(row: Token, user: str) -> TokenView:
    """The value of a row."""
    scope = read_scope(row)
    return TokenView(
        id=row.id,
        user=user,
        name=row.name,
        created=row.created,
        expires=row.expires,
        revoked=has_ended(row),
        scopes=scope.listed,
        publisher=scope.publisher if scope.dataset is None else None,
        dataset=scope.dataset,
        used=row.used,
    )


def _find_limit(session: Session, owner: Actor, options: TokenOptions) -> tuple[str | None, str | None]:
    if options.publisher is not None and options.dataset is not None:
        text = N_("A token can be limited to a publisher or to a dataset, not to both")
        raise InvalidMetadataError(faults=[fault("/dataset", text)])
    try:
        if options.dataset is not None:
            row: Dataset = find_dataset(session, options.dataset)
            if not is_listed(row) and not owner.may_see(row.publisher_id, row.id):
                raise NotFoundError(N_("There is no dataset “%(id)s”"), id=row.id)
            return row.publisher_id, row.id
        if options.publisher is not None:
            find_publisher(session, options.publisher)
    except NotFoundError as error:
        pointer = "/dataset" if options.dataset is not None else "/publisher"
        raise InvalidMetadataError(faults=[fault(pointer, error.message, **error.params)]) from None
    return options.publisher, None


def _bound(scope: Scope, giver: Scope | None) -> Scope:
    """The scope, if it is within that of the token it is made with; it ends with that at the latest."""
    if giver is None:
        return scope
    missing = [verb for verb in scope.listed if verb not in giver.verbs]
    if missing:
        raise ScopeError(
            N_("The token lacks the scope “%(scope)s”, so it can't create a token that has it"), scope=missing[0]
        )
    if giver.is_limited:
        raise ScopeError(N_("A token that is limited to a publisher or dataset can't create tokens"))
    ends = [moment for moment in (scope.expires, giver.expires) if moment is not None]
    return Scope(verbs=scope.verbs, publisher=scope.publisher, dataset=scope.dataset, expires=min(ends, default=None))
