"""The tables. Rows hold state and no behaviour; the rules live in `services`, the strictest of them here as well."""

from __future__ import annotations

from opendata.db.models.access import Grant
from opendata.db.models.accounts import IdempotencyKey, Token, User, UserSession
from opendata.db.models.appointments import Appointment, Invitation
from opendata.db.models.base import Base, Leased, UtcDateTime
from opendata.db.models.catalogue import (
    Alias,
    Damage,
    Dataset,
    Flaw,
    Publisher,
    Schema,
    SchemaUse,
    Version,
    index_metadata,
    name_shelf,
)
from opendata.db.models.drafts import Draft, DraftAttachment, DraftResource, SchemaBench
from opendata.db.models.events import Event, EventChain
from opendata.db.models.exchange.announcing import (
    MailSubscription,
    PublicEvent,
    PublicEventProgress,
    Webhook,
    WebhookDelivery,
)
from opendata.db.models.exchange.conformance import ConformanceScore
from opendata.db.models.exchange.harvest import ExternalLink, HarvestItem, HarvestRun, HarvestSource
from opendata.db.models.exchange.snapshots import CatalogueSnapshot, SnapshotTurn
from opendata.db.models.exchange.upward import ExchangeSender, HigherPlatform, ReceivedRecord, UpwardRecord
from opendata.db.models.factors import Challenge, ExternalIdentity, Passkey, RecoveryCode, SecondFactor
from opendata.db.models.governance.basics import (
    BasicEdition,
    BasicEntry,
    BasicGuide,
    BasicImport,
    BasicLink,
    BasicVersion,
)
from opendata.db.models.governance.counts import ControlCount, ControlRound, DatasetCount
from opendata.db.models.governance.duties import (
    CalendarYear,
    DutyFeed,
    DutyProgress,
    DutyReminder,
    DutyRule,
    DutyRuleUse,
    Obligation,
)
from opendata.db.models.governance.grounds import NegativeList, SelfCheck, SelfCheckItem
from opendata.db.models.governance.inventory import IndexCounter, IndexNumber, InventoryFile, OpeningDate
from opendata.db.models.governance.lists import OwnListState
from opendata.db.models.governance.quality import DatasetMeasure, TableMeasure
from opendata.db.models.governance.registers import OperationReport, RegistrationEvent, RegistrationRow
from opendata.db.models.governance.reports import AnnualReport
from opendata.db.models.governance.requests import Request, RequestEvent
from opendata.db.models.governance.site import LastCheck, Reuse, ReuseDataset, SiteFile, SitePage, SitePageVersion
from opendata.db.models.mail import AddressChange, OutboxMail
from opendata.db.models.reviews import DraftComment, ReviewCheck
from opendata.db.models.sign_ins import Failures, KeptFormRow, KnownPlace, Recovery
from opendata.db.models.sources import Source, SourceRun
from opendata.db.models.uploads import UPLOAD_STATES, Upload, UploadPiece
from opendata.db.models.usage import Download, KeyMark, PageRevision, QueueMessage

__all__ = [
    "UPLOAD_STATES",
    "AddressChange",
    "Alias",
    "AnnualReport",
    "Appointment",
    "Base",
    "BasicEdition",
    "BasicEntry",
    "BasicGuide",
    "BasicImport",
    "BasicLink",
    "BasicVersion",
    "CalendarYear",
    "CatalogueSnapshot",
    "Challenge",
    "ConformanceScore",
    "ControlCount",
    "ControlRound",
    "Damage",
    "Dataset",
    "DatasetCount",
    "DatasetMeasure",
    "Download",
    "Draft",
    "DraftAttachment",
    "DraftComment",
    "DraftResource",
    "DutyFeed",
    "DutyProgress",
    "DutyReminder",
    "DutyRule",
    "DutyRuleUse",
    "Event",
    "EventChain",
    "ExchangeSender",
    "ExternalIdentity",
    "ExternalLink",
    "Failures",
    "Flaw",
    "Grant",
    "HarvestItem",
    "HarvestRun",
    "HarvestSource",
    "HigherPlatform",
    "IdempotencyKey",
    "IndexCounter",
    "IndexNumber",
    "InventoryFile",
    "Invitation",
    "KeptFormRow",
    "KeyMark",
    "KnownPlace",
    "LastCheck",
    "Leased",
    "MailSubscription",
    "NegativeList",
    "Obligation",
    "OpeningDate",
    "OperationReport",
    "OutboxMail",
    "OwnListState",
    "PageRevision",
    "Passkey",
    "PublicEvent",
    "PublicEventProgress",
    "Publisher",
    "QueueMessage",
    "ReceivedRecord",
    "Recovery",
    "RecoveryCode",
    "RegistrationEvent",
    "RegistrationRow",
    "Request",
    "RequestEvent",
    "Reuse",
    "ReuseDataset",
    "ReviewCheck",
    "Schema",
    "SchemaBench",
    "SchemaUse",
    "SecondFactor",
    "SelfCheck",
    "SelfCheckItem",
    "SiteFile",
    "SitePage",
    "SitePageVersion",
    "SnapshotTurn",
    "Source",
    "SourceRun",
    "TableMeasure",
    "Token",
    "Upload",
    "UploadPiece",
    "UpwardRecord",
    "User",
    "UserSession",
    "UtcDateTime",
    "Version",
    "Webhook",
    "WebhookDelivery",
    "index_metadata",
    "name_shelf",
]
