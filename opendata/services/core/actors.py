"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opendata.domain.access.scopes import Scope, Verb
from opendata.domain.roles import Role
from opendata.errors import N_, NotPermittedError, NotSignedInError, ScopeError


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a reader, an editor of one publisher, a maintainer of all, or the system itself (no `id`).

    A reader may belong to a publisher too: grants to the publisher are theirs, and nothing else is. `address` is where
    their request comes from, `session` the session of the browser that sent it, `token` the number of the token that
    came with it, and `scope` what that is for.
    """

    name: str
    role: Role
    id: int | None = None
    publisher: str | None = None
    address: str = field(default="", compare=False)
    session: int | None = field(default=None, compare=False)
    token: int | None = field(default=None, compare=False)
    scope: Scope | None = field(default=None, compare=False)

    @property
    def is_maintainer(self) -> bool:
        """Whether they look after the whole catalogue, and their token is for all of it."""
        return self.role in (Role.MAINTAINER, Role.SYSTEM) and not (self.scope and self.scope.is_limited)

    @property
    def edited_publisher(self) -> str | None:
        """The publisher that an editor works for, or that a maintainer's token is limited to."""
        if self.role == Role.MAINTAINER and self.scope is not None:
            return self.scope.publisher
        return self.publisher if self.role == Role.EDITOR else None

    def may_edit(self, publisher: str, dataset: str | None = None) -> bool:
        """Whether they may act for a publisher, on a dataset of it; None: on something about no single dataset."""
        return (self.is_maintainer or self.edited_publisher == publisher) and self.covers(publisher, dataset)

    def covers(self, publisher: str, dataset: str | None) -> bool:
        """Whether their token, if they came with one, is for this dataset."""
        return self.scope is None or self.scope.covers(publisher, dataset)


SYSTEM = Actor("system", Role.SYSTEM)
"""The command line and the worker, run by the owner of the instance."""


def make_stranger(address: str) -> Actor:
    """Somebody who isn't signed in: their name in the audit log is empty."""
    return Actor("", Role.READER, address=address)


def require_signed_in(actor: Actor | None) -> Actor:
    """The actor, or `NotSignedInError`."""
    if actor is None:
        raise NotSignedInError(N_("Sign in, or send a token in the header “Authorization: Bearer …”"))
    return actor


def require_publisher(actor: Actor | None) -> Actor:
    """The actor where they publish data, for one publisher or all, else `NotSignedInError` or `NotPermittedError`."""
    found = require_signed_in(actor)
    if not found.is_maintainer and found.edited_publisher is None:
        raise NotPermittedError(N_("Only editors and maintainers can do this"))
    return found


def require_verb(actor: Actor | None, verb: Verb) -> None:
    """Raises `ScopeError` naming what a token lacks."""
    if actor is not None and actor.scope is not None and verb != Verb.READ and verb not in actor.scope.verbs:
        raise ScopeError(N_("The token lacks the scope “%(scope)s”. Use or create one that has it"), scope=verb.value)


def require_editor(actor: Actor | None, publisher: str, dataset: str | None = None) -> Actor:
    """The actor where they may act for the publisher, on a dataset of it if that is named.

    Raises `NotSignedInError`, `NotPermittedError`, and `ScopeError` where only their token isn't for it.
    """
    found = require_signed_in(actor)
    if not found.may_edit(publisher, dataset):
        _require_scope(found, replace(found, scope=None).may_edit(publisher, dataset))
        raise NotPermittedError(
            N_("%(name)s can't act for the publisher “%(publisher)s”"), name=found.name, publisher=publisher
        )
    return found


def require_maintainer(actor: Actor | None) -> Actor:
    """The actor where they are a maintainer, else `NotSignedInError` or `NotPermittedError`."""
    found = require_signed_in(actor)
    if not found.is_maintainer:
        _require_scope(found, found.role == Role.MAINTAINER)
        raise NotPermittedError(N_("Only a maintainer can do this"))
    return found


def require_overseer(actor: Actor | None) -> Actor:
    """The actor where they may read everything, of all publishers, else `NotSignedInError` or `NotPermittedError`."""
    return require_maintainer(actor)


def require_lead(actor: Actor | None, publisher: str) -> Actor:
    """The actor where they decide for a publisher: what it answers, what it takes on, who works for it.

    Raises `NotSignedInError`, `NotPermittedError`, `ScopeError`.
    """
    return require_editor(actor, publisher)


def _require_scope(actor: Actor, owner_may: bool) -> None:
    """Raises `ScopeError` where the owner may do what their token isn't for."""
    if owner_may and actor.scope is not None:
        raise ScopeError(
            N_("The token is limited to “%(limit)s”. Use or create one that is for this"),
            limit=actor.scope.dataset or actor.scope.publisher,
        )
