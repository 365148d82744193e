"""Who acts, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opendata.domain.access.posts import Posts, Reach, posts_of_before
from opendata.domain.access.scopes import Scope, Verb
from opendata.domain.roles import Role
from opendata.errors import N_, NotPermittedError, NotSignedInError, ScopeError


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, with what they may do; or the system itself (no `id`).

    A reader may belong to a publisher too: grants to the publisher are theirs, and nothing else is. `address` is where
    their request comes from, `session` the session of the browser that sent it, `token` the number of the token that
    came with it, and `scope` what that is for. `appointed` is what their appointments mean; without it, `role` and
    `publisher` say it. `is_reading` is set where their request can change nothing: then an auditor opens whatever a
    maintainer can open. `lacks_factor`: they must set up a second factor first.
    """

    name: str
    role: Role
    id: int | None = None
    publisher: str | None = None
    address: str = field(default="", compare=False)
    session: int | None = field(default=None, compare=False)
    token: int | None = field(default=None, compare=False)
    scope: Scope | None = field(default=None, compare=False)
    appointed: Posts | None = field(default=None, compare=False)
    is_reading: bool = field(default=False, compare=False)
    lacks_factor: bool = field(default=False, compare=False)

    @property
    def posts(self) -> Posts:
        """What they may do, whatever their token is for."""
        return self.appointed or Reach().spread(posts_of_before(self.role, self.publisher))

    @property
    def is_maintainer(self) -> bool:
        """Whether they look after the whole catalogue, and their token is for all of it."""
        return self._looks_after_all and not (self.scope and self.scope.is_limited)

    @property
    def may_oversee(self) -> bool:
        """Whether they may read everything, of all publishers, and their token is for all of it."""
        reads_all = self._looks_after_all or Role.AUDITOR in self.posts.everywhere
        return reads_all and not (self.scope and self.scope.is_limited)

    @property
    def may_see_figures(self) -> bool:
        """Whether they may see the figures of all publishers."""
        return self.may_oversee or Role.EVALUATOR in self.posts.everywhere

    @property
    def works(self) -> bool:
        """Whether they are more than a reader."""
        return self.role == Role.SYSTEM or self.posts.works

    @property
    def publishes(self) -> bool:
        """Whether they publish data, for some publishers or all."""
        return self.is_maintainer or bool(self.posts.edited) or self.edited_publisher is not None

    @property
    def edited_publisher(self) -> str | None:
        """The one publisher that they edit for, or that a maintainer's token is limited to; None where it isn't one."""
        if self._looks_after_all:
            return self.scope.publisher if self.scope is not None else None
        own = self.posts.own & self.posts.edited
        if self.publisher in own:
            return self.publisher
        return next(iter(own)) if len(own) == 1 else None

    def may_edit(self, publisher: str, dataset: str | None = None) -> bool:
        """Whether they may act for a publisher, on a dataset of it; None: on something about no single dataset."""
        return self._may(self.posts.edited, publisher, dataset)

    def may_review(self, publisher: str, dataset: str | None = None) -> bool:
        """Whether they may review the drafts of a publisher."""
        return self._may(self.posts.reviewed, publisher, dataset)

    def may_lead(self, publisher: str) -> bool:
        """Whether they decide for a publisher."""
        return self._may(self.posts.led, publisher, None)

    def may_work(self, publisher: str, dataset: str | None = None) -> bool:
        """Whether they edit, review or lead for a publisher."""
        return self._may(self.posts.seen, publisher, dataset)

    def may_see(self, publisher: str, dataset: str | None = None) -> bool:
        """Whether they see the work of a publisher: what isn't public yet, and rows that aren't for everybody."""
        watches = Role.AUDITOR in self.posts.everywhere and self.covers(publisher, dataset)
        return watches or self.may_work(publisher, dataset)

    def covers(self, publisher: str, dataset: str | None) -> bool:
        """Whether their token, if they came with one, is for this dataset."""
        return self.scope is None or self.scope.covers(publisher, dataset)

    @property
    def _looks_after_all(self) -> bool:
        return self.role == Role.SYSTEM or Role.MAINTAINER in self.posts.everywhere

    def _may(self, publishers: frozenset[str], publisher: str, dataset: str | None) -> bool:
        return (self._looks_after_all or publisher in publishers) and self.covers(publisher, dataset)


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
    """The actor where they publish data, for some publishers or all, else `NotSignedInError` or `NotPermittedError`.

    Who only reads may have any part in that.
    """
    found = require_signed_in(actor)
    may_read = found.is_reading and (bool(found.posts.seen) or found.may_oversee)
    if not found.publishes and not may_read:
        raise NotPermittedError(N_("Only those who publish data can do this"))
    return found


def require_changes(actor: Actor | None) -> None:
    """Raises `NotPermittedError` for those who only watch: they change nothing but their own account."""
    if actor is not None and actor.posts.only_watches:
        raise NotPermittedError(N_("Auditors and evaluators read. They can't change anything"))


def require_verb(actor: Actor | None, verb: Verb) -> None:
    """Raises `ScopeError` naming what a token lacks."""
    if actor is not None and actor.scope is not None and verb != Verb.READ and verb not in actor.scope.verbs:
        raise ScopeError(N_("The token lacks the scope “%(scope)s”. Use or create one that has it"), scope=verb.value)


def require_editor(actor: Actor | None, publisher: str, dataset: str | None = None) -> Actor:
    """The actor where they may act for the publisher, on a dataset of it if that is named.

    Raises `NotSignedInError`, `NotPermittedError`, and `ScopeError` where only their token isn't for it.
    """
    return _require(actor, lambda found: found.may_edit(publisher, dataset), publisher)


def require_reviewer(actor: Actor | None, publisher: str, dataset: str | None = None) -> Actor:
    """The actor where they may review drafts of the publisher. Raises as `require_editor`."""
    return _require(actor, lambda found: found.may_review(publisher, dataset), publisher)


def require_lead(actor: Actor | None, publisher: str) -> Actor:
    """The actor where they decide for a publisher: what it answers, what it takes on, who works for it.

    Raises as `require_editor`.
    """
    return _require(actor, lambda found: found.may_lead(publisher), publisher)


def require_worker(actor: Actor | None, publisher: str, dataset: str | None = None) -> Actor:
    """The actor where they have a part in the work for a publisher, whichever. Raises as `require_editor`."""
    return _require(actor, lambda found: found.may_work(publisher, dataset), publisher)


def require_insider(actor: Actor | None, publisher: str, dataset: str | None = None) -> Actor:
    """The actor where they see the work of a publisher. Raises as `require_editor`."""
    return _require(actor, lambda found: found.may_see(publisher, dataset), publisher)


def require_maintainer(actor: Actor | None) -> Actor:
    """The actor where they are a maintainer, else `NotSignedInError` or `NotPermittedError`."""
    found = require_signed_in(actor)
    if not found.is_maintainer and not (found.is_reading and found.may_oversee):
        _require_scope(found, replace(found, scope=None).is_maintainer)
        raise NotPermittedError(N_("Only a maintainer can do this"))
    return found


def require_overseer(actor: Actor | None) -> Actor:
    """The actor where they may read everything, of all publishers, else `NotSignedInError` or `NotPermittedError`."""
    found = require_signed_in(actor)
    if not found.may_oversee:
        _require_scope(found, replace(found, scope=None).may_oversee)
        raise NotPermittedError(N_("Only maintainers and auditors can do this"))
    return found


def require_figures(actor: Actor | None) -> Actor:
    """The actor where they may see the figures of all publishers, else as `require_overseer`."""
    found = require_signed_in(actor)
    if not found.may_see_figures:
        raise NotPermittedError(N_("Only maintainers, auditors and evaluators can do this"))
    return found


def _require(actor: Actor | None, may: Callable[[Actor], bool], publisher: str) -> Actor:
    found = require_signed_in(actor)
    if may(found) or (found.is_reading and found.may_oversee):
        return found
    _require_scope(found, may(replace(found, scope=None)))
    text = N_("%(name)s can't act for the publisher “%(publisher)s”")
    raise NotPermittedError(text, name=found.name, publisher=publisher)


def _require_scope(actor: Actor, owner_may: bool) -> None:
    """Raises `ScopeError` where the owner may do what their token isn't for."""
    if owner_may and actor.scope is not None:
        raise ScopeError(
            N_("The token is limited to “%(limit)s”. Use or create one that is for this"),
            limit=actor.scope.dataset or actor.scope.publisher,
        )
