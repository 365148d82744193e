"""The appointments that somebody holds, as what they may do for which publishers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES, WATCHING_ROLES, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One appointment: a role at a publisher, or for the whole instance (None)."""

    role: Role
    publisher: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """What somebody may do: `everywhere` are their roles for the instance, the rest the ids of publishers.

    `own` are the publishers that they were appointed at. The other sets also have the publishers below these.
    """

    everywhere: frozenset[Role] = frozenset()
    own: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    reviewed: frozenset[str] = frozenset()
    led: frozenset[str] = frozenset()

    @property
    def seen(self) -> frozenset[str]:
        """The publishers whose work they see."""
        return self.edited | self.reviewed | self.led

    @property
    def works(self) -> bool:
        """Whether they have any appointment."""
        return bool(self.everywhere or self.own)

    @property
    def only_watches(self) -> bool:
        """Whether they may change nothing but their own account."""
        return bool(self.everywhere) and self.everywhere <= {*WATCHING_ROLES} and not self.own


NONE = Posts()


@dataclass(frozen=True, slots=True)
class Reach:
    """The publishers that each appointment at one of them reaches, itself among them."""

    below: dict[str, frozenset[str]] = field(default_factory=dict)

    def spread(self, posts: Iterable[Post]) -> Posts:
        """What appointments mean together."""
        held = tuple(posts)
        at = {role: self._list(item.publisher for item in held if item.role == role) for role in PUBLISHER_ROLES}
        return Posts(
            everywhere=frozenset(item.role for item in held if item.publisher is None and item.role in INSTANCE_ROLES),
            own=frozenset(item.publisher for item in held if item.publisher is not None),
            edited=at[Role.EDITOR] | at[Role.LEAD],
            reviewed=at[Role.REVIEWER] | at[Role.LEAD],
            led=at[Role.LEAD],
        )

    def _list(self, publishers: Iterable[str | None]) -> frozenset[str]:
        return frozenset(
            found for name in publishers if name is not None for found in self.below.get(name, frozenset({name}))
        )


def posts_of_before(role: Role, publisher: str | None) -> tuple[Post, ...]:
    """The appointments of an account that has only the role and the publisher which earlier releases know.

    An editor of theirs reviewed as well.
    """
    if role == Role.MAINTAINER:
        return (Post(role=role),)
    if role == Role.EDITOR and publisher is not None:
        return tuple(Post(role=one, publisher=publisher) for one in (Role.EDITOR, Role.REVIEWER))
    return ()


def role_of_before(posts: Collection[Post], home: str | None = None) -> tuple[Role, str | None]:
    """What an account with these appointments is to earlier releases, which must not let it do more than it may.

    A role that they don't know becomes that of a reader. `home` is the publisher that a reader belongs to.
    """
    if any(item.role == Role.MAINTAINER for item in posts):
        return Role.MAINTAINER, None
    for role in (Role.LEAD, Role.EDITOR):
        places = sorted(item.publisher for item in posts if item.role == role and item.publisher is not None)
        if places:
            return Role.EDITOR, home if home in places else places[0]
    places = sorted(item.publisher for item in posts if item.publisher is not None)
    return Role.READER, (home if home in places or not places else places[0])


def find_clash(posts: Collection[Post]) -> Role | None:
    """The role that can't be held beside others, if it is."""
    watching = [item.role for item in posts if item.role in WATCHING_ROLES]
    return watching[0] if watching and len(posts) > 1 else None
