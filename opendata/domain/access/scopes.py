"""What a token may be used for: verbs, and the publisher or dataset it is limited to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verb(StrEnum):
    """What may be done with a token. Every token may read what its owner may read, within its limits."""

    READ = "read"
    UPLOAD = "upload"
    PUBLISH = "publish"
    ADMIN = "admin"


VERBS = tuple(Verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token may be used for, at most what its owner may do; `expires` is when it ends, None: never.

    If it is limited to a dataset, `publisher` is that dataset's.
    """

    verbs: frozenset[Verb]
    publisher: str | None = None
    dataset: str | None = None
    expires: datetime | None = None

    @property
    def is_limited(self) -> bool:
        """Whether it is for one publisher or dataset only."""
        return self.publisher is not None or self.dataset is not None

    def covers(self, publisher: str, dataset: str | None) -> bool:
        """Whether it is for this dataset of this publisher; None: for something that is about no single dataset."""
        if self.publisher is not None and self.publisher != publisher:
            return False
        return self.dataset is None or self.dataset == dataset

    @property
    def listed(self) -> tuple[Verb, ...]:
        """Its verbs in their order."""
        return tuple(verb for verb in VERBS if verb in self.verbs)


def write_verbs(verbs: Iterable[Verb]) -> str:
    """Verbs as the database keeps them."""
    return " ".join(verb for verb in VERBS if verb in set(verbs))
