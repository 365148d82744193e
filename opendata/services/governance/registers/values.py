"""What is shown of registrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from opendata.domain.registers.form import Answer, Document
from opendata.domain.registers.registration import (
    OPEN_STATES,
    RegistrationKind,
    RegistrationState,
    RegistrationStep,
)
from opendata.domain.texts import I18n
from opendata.services.core.values import PublisherView


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetLabel:
    """The dataset that a registration is about."""

    id: str
    uuid: str
    title: str
    i18n: I18n


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step that was taken; `by` is empty for one of the portal itself, or of an account that is gone."""

    step: RegistrationStep
    state: RegistrationState
    day: date
    note: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationView:
    """A registration for those who work on it.

    `state` is that of today. `newest` is the newest version of the dataset, `is_changed` that it isn't the one that is
    registered. `previous` is the code of the registration that this one is about. `steps` are those that are possible.
    """

    id: int
    dataset: DatasetLabel
    publisher: PublisherView
    version: str
    newest: str
    kind: RegistrationKind
    state: RegistrationState
    code: str
    previous: str
    taken: date | None
    accepted: date | None
    check_due: date | None
    notice_first: date | None
    notice_last: date | None
    registered: date | None
    valid_until: date | None
    renew_from: date | None
    said: Mapping[str, str]
    documents: Sequence[Document]
    steps: Sequence[RegistrationStep]
    returned: str
    revision: int
    created: datetime
    changed: datetime

    @property
    def is_changed(self) -> bool:
        """Whether the data has another version than the one that is registered."""
        return self.state == RegistrationState.REGISTERED and self.version != self.newest

    @property
    def is_decided(self) -> bool:
        """Whether the office has decided, or the application was cancelled."""
        return self.state not in OPEN_STATES

    @property
    def may_change(self) -> bool:
        """Whether the application can still be changed: it isn't with the office."""
        return self.state in (RegistrationState.PREPARING, RegistrationState.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRegistration:
    """What everybody sees of a registration."""

    code: str
    version: str
    kind: RegistrationKind
    state: RegistrationState
    registered: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """An application as the register asks for it."""

    registration: RegistrationView
    answers: Sequence[Answer]

    @property
    def gaps(self) -> Sequence[Answer]:
        """The fields that the register asks for and nothing fills."""
        return [item for item in self.answers if item.is_missing]
