"""The tables. Rows hold state and no behaviour; the rules live in `services`, the strictest of them here as well."""

from __future__ import annotations

from opendata.db.models.access import Grant
from opendata.db.models.accounts import IdempotencyKey, Token, User, UserSession
from opendata.db.models.appointments import Appointment, Invitation
from opendata.db.models.base import Base, UtcDateTime
from opendata.db.models.catalogue import Alias, Damage, Dataset, Publisher, Schema, SchemaUse, Version
from opendata.db.models.drafts import Draft, DraftAttachment, DraftResource, SchemaBench
from opendata.db.models.events import Event, EventChain
from opendata.db.models.factors import Challenge, Passkey, RecoveryCode, SecondFactor
from opendata.db.models.mail import AddressChange, OutboxMail
from opendata.db.models.reviews import DraftComment, ReviewCheck
from opendata.db.models.sign_ins import Failures, KnownPlace, Recovery
from opendata.db.models.sources import Source, SourceRun
from opendata.db.models.uploads import UPLOAD_STATES, Upload
from opendata.db.models.usage import Download

__all__ = [
    "UPLOAD_STATES",
    "AddressChange",
    "Alias",
    "Appointment",
    "Base",
    "Challenge",
    "Damage",
    "Dataset",
    "Download",
    "Draft",
    "DraftAttachment",
    "DraftComment",
    "DraftResource",
    "Event",
    "EventChain",
    "Failures",
    "Grant",
    "IdempotencyKey",
    "Invitation",
    "KnownPlace",
    "OutboxMail",
    "Passkey",
    "Publisher",
    "Recovery",
    "RecoveryCode",
    "ReviewCheck",
    "Schema",
    "SchemaBench",
    "SchemaUse",
    "SecondFactor",
    "Source",
    "SourceRun",
    "Token",
    "Upload",
    "User",
    "UserSession",
    "UtcDateTime",
    "Version",
]
