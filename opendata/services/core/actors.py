"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field

from opendata.domain.roles import Role
from opendata.errors import N_, NotPermittedError, NotSignedInError


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a reader, an editor of one publisher, a maintainer of all, or the system itself (no `id`).

    A reader may belong to a publisher too: grants to the publisher are theirs, and nothing else is. `address` is where
    their request comes from, `session` the session of the browser that sent it.
    """

    name: str
    role: Role
    id: int | None = None
    publisher: str | None = None
    address: str = field(default="", compare=False)
    session: int | None = field(default=None, compare=False)

    @property
    def is_maintainer(self) -> bool:
        """Whether they look after the whole catalogue."""
        return self.role in (Role.MAINTAINER, Role.SYSTEM)

    @property
    def edited_publisher(self) -> str | None:
        """The publisher that an editor works for."""
        return self.publisher if self.role == Role.EDITOR else None

    def may_edit(self, publisher: str) -> bool:
        """Whether they may act for a publisher."""
        return self.is_maintainer or self.edited_publisher == publisher


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


def require_editor(actor: Actor | None, publisher: str) -> Actor:
    """The actor where they may act for the publisher, else `NotSignedInError` or `NotPermittedError`."""
    found = require_signed_in(actor)
    if not found.may_edit(publisher):
        raise NotPermittedError(
            N_("%(name)s can't act for the publisher “%(publisher)s”"), name=found.name, publisher=publisher
        )
    return found


def require_maintainer(actor: Actor | None) -> Actor:
    """The actor where they are a maintainer, else `NotSignedInError` or `NotPermittedError`."""
    found = require_signed_in(actor)
    if not found.is_maintainer:
        raise NotPermittedError(N_("Only a maintainer can do this"))
    return found
