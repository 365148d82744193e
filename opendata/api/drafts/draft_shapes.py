"""What the API says about drafts: where one stands, what its tables are, and the report on them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.fields import Address, Instant, Note, Sentences
from opendata.api.core.shapes import page_of
from opendata.domain.drafts import DraftState
from opendata.domain.editions.modes import Mode
from opendata.domain.editions.series import Cut
from opendata.domain.privacy import Unread
from opendata.domain.review.checklist import Check, Part, Remark, Result
from opendata.metadata.reasons import BUMPS
from opendata.services.drafts.intake import RESOURCE_TYPES

_EDITION: dict[str, Any] = {"required": True, "allow_none": True, "dump_default": None}


class DraftResourceShape(Schema):
    """A table or an attachment of a draft. Carried ones come unchanged from the base version.

    An attachment has no rows and no schema, and counts as valid. Its text is screened for personal data.
    """

    name = fields.String(required=True)
    type = fields.String(required=True, metadata={"enum": list(RESOURCE_TYPES)})
    filename = fields.String(
        required=True, metadata={"description": "The name an attachment's file is published under; empty for a table."}
    )
    mediatype = fields.String(required=True, metadata={"description": "Of an attachment; empty for a table."})
    title = fields.String(required=True)
    file = fields.String(required=True, metadata={"description": "The file's name at the sender's."})
    bytes = fields.Integer(required=True)
    rows = fields.Integer(required=True, allow_none=True, metadata={"description": "Null until it is checked."})
    valid = fields.Boolean(required=True, allow_none=True, metadata={"description": "Null until it is checked."})
    carried = fields.Boolean(required=True)
    schema = fields.Dict(required=True, allow_none=True)
    schema_name = fields.String(required=True, data_key="schemaName")
    dialect = fields.Dict(required=True, allow_none=True)
    proposed_schema = fields.Dict(
        required=True,
        allow_none=True,
        attribute="proposed_schema.descriptor",
        dump_default=None,
        data_key="proposedSchema",
        metadata={"description": "Offered where no schema was given and every column was read as text."},
    )
    disclosure = fields.String(
        required=True,
        metadata={"description": "`open` where everybody may have it although the dataset isn't open, else empty."},
    )
    decisions = fields.Dict(
        required=True, allow_none=True, metadata={"description": "What was decided about its personal data."}
    )
    treated = fields.Dict(
        required=True, allow_none=True, metadata={"description": "What the decisions did; the manifest has it too."}
    )
    risk = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The risk of the confirmed quasi-identifiers."}
    )
    texts = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "Personal data in an attachment's text: `kind`, `count`, `certainty`, `examples`."},
    )
    is_read = fields.Boolean(
        required=True,
        allow_none=True,
        data_key="isRead",
        metadata={
            "description": "Whether all the text of an attachment was screened. If not, the person who signs the check"
            " of personal data declares that the file has none. Null for tables and before the check."
        },
    )
    unread = fields.String(
        required=True,
        metadata={"description": "Why an attachment isn't read completely, else empty.", "enum": ["", *Unread]},
    )
    errors = fields.Integer(required=True, metadata={"description": "How many errors the report counts."})
    has_findings = fields.Boolean(
        required=True, data_key="hasFindings", metadata={"description": "Whether there is a list of findings."}
    )
    recipe = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "The steps from the file to the table: `{steps: [{verb, field, …}]}`."},
    )
    offered = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The steps that are kept for the table's next file."}
    )
    profile = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "What is in each column of a valid table: counts, least, greatest, histogram."},
    )
    reading = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What was understood of the file: form, encoding, header, decisions with their reasons."
        },
    )
    choices = fields.Dict(
        required=True, allow_none=True, metadata={"description": "What was said about how the file is to be read."}
    )
    meaning = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the file says about the table as a whole: `title`, `unit`, `units`, `period`,"
            " `source`, `compiledBy`, `footnotes` as they would be published; `questions` names what was found, isn't"
            " certain and isn't published until you confirm it; `found` says what was found, where, in which line"
            " and how sure; `said` what a person said. Null before the check and for attachments."
        },
    )
    no_rows = fields.Boolean(
        required=True,
        data_key="noRows",
        metadata={"description": "Whether somebody said that the table has no rows this time."},
    )
    changes = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "The rows that differ from the version before: `key`, `added`, `removed`, `changed`,"
            " `unchanged`, `cells` by column. Null without a version to compare with."
        },
    )
    mode = fields.String(
        **_EDITION,
        attribute="edition.mode",
        metadata={
            "enum": [*Mode, None],
            "description": "What the rows of its file are to the published table; null for what is carried,"
            " where it isn't known before the check, and in lists where the sender didn't say it.",
        },
    )
    mode_reason = fields.String(
        **_EDITION,
        attribute="edition.reason",
        data_key="modeReason",
        metadata={"description": "Why, in words and figures; empty where its sender said it."},
    )
    mode_asks = fields.Boolean(
        **_EDITION,
        attribute="edition.asks",
        data_key="modeAsks",
        metadata={"description": "Whether somebody must confirm `mode` before the draft can be submitted."},
    )
    part = fields.Dict(
        **_EDITION,
        attribute="edition.part",
        metadata={
            "description": "Where rows are added: how many `rows` the file has, of them `added`, `corrected` (their key"
            " was there with other values) and `repeated` (they were there already). `unread` has cells of columns that"
            " tell the rows apart, by column, that can't be compared with those of the table."
        },
    )
    series = fields.Function(
        lambda item: asdict(item.series) if item.series is not None else None,
        required=True,
        metadata={
            "type": ["object", "null"],
            "description": "The files that a joined table has its rows from: `cut`, `column`, whether it was `added`,"
            " and the `parts` in order (`file`, `value`, `rows`, and the `firstRow` of these in the report).",
        },
    )


class SeriesShape(Schema):
    """Tables of a draft that look like the parts of one: the same columns, names that differ by period or area."""

    cut = fields.String(required=True, metadata={"enum": list(Cut)})
    tables = fields.List(fields.String(), required=True, metadata={"description": "In the order of their rows."})
    files = fields.List(fields.String(), required=True)
    values = fields.List(
        fields.String(), required=True, metadata={"description": "What the name of each says, such as `2026-01`."}
    )
    column = fields.String(required=True, metadata={"description": "The column that tells their rows apart."})
    added = fields.Boolean(required=True, metadata={"description": "Whether it is added: no column holds it yet."})
    differences = fields.Function(
        lambda item: [{"what": what, "table": table, "detail": detail} for what, table, detail in item.differences],
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "object"},
            "description": "Why they can't be joined: `what` differs (`columns`, `unit` or `schema`) in which `table`.",
        },
    )
    asks = fields.Boolean(
        required=True,
        metadata={"description": "Whether somebody must join them or keep them apart before the draft is submitted."},
    )
    is_apart = fields.Boolean(
        required=True, data_key="apart", metadata={"description": "Whether somebody keeps them apart."}
    )


class NextVersionShape(Schema):
    """The version that a draft would become; `version` is null where nothing is new."""

    version = fields.String(required=True, allow_none=True)
    bump = fields.String(required=True, allow_none=True, metadata={"enum": [*BUMPS, None]})
    reasons = Sentences()
    changes = Note()


class PlaceShape(Schema):
    """Where in a draft a remark belongs: a table, its column, a row from 1, or a property of the metadata."""

    table = fields.String()
    column = fields.String()
    row = fields.Integer()
    field = fields.String()


class CheckShape(Schema):
    """A check that someone signed."""

    check = fields.String(required=True, metadata={"enum": list(Check)})
    result = fields.String(required=True, metadata={"enum": list(Result)})
    by = fields.String(required=True)
    part = fields.String(required=True, metadata={"enum": list(Part)})
    at = Instant(required=True)
    remark = fields.String(required=True)
    place = fields.Nested(PlaceShape, required=True, allow_none=True)
    digest = fields.String(required=True, metadata={"description": "What was signed."})
    in_force = fields.Boolean(
        required=True,
        data_key="inForce",
        metadata={"description": "Whether it still counts: a change or a return ends what was signed."},
    )


class CommentShape(Schema):
    """Something said about a draft."""

    kind = fields.String(required=True, metadata={"enum": list(Remark)})
    by = fields.String(required=True)
    at = Instant(required=True)
    text = fields.String(required=True)
    check = fields.String(required=True, allow_none=True, metadata={"enum": [*Check, None]})
    place = fields.Nested(PlaceShape, required=True, allow_none=True)


class DraftShape(Schema):
    """A draft: a proposed next version of a dataset."""

    id = fields.String(required=True)
    dataset = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": list(DraftState)})
    stage = fields.String(required=True, metadata={"description": "What is being done at the moment."})
    progress = fields.Float(required=True, metadata={"minimum": 0, "maximum": 1})
    series = fields.List(
        fields.Nested(SeriesShape),
        required=True,
        metadata={"description": "Tables of the draft that look like one. Empty in lists and after its end."},
    )
    bytes = fields.Integer(
        required=True, metadata={"description": "How much of its files the work has gone through, about."}
    )
    total = fields.Integer(required=True, metadata={"description": "The size of its files, in bytes."})
    is_at_work = fields.Boolean(
        required=True,
        data_key="atWork",
        metadata={
            "description": "Whether something is being done, or will be without you. If not, the draft waits for"
            " a person."
        },
    )
    base = fields.String(required=True, allow_none=True, metadata={"description": "The version it started from."})
    version = fields.String(required=True, allow_none=True, metadata={"description": "The version it became."})
    next = fields.Nested(
        NextVersionShape, required=True, allow_none=True, metadata={"description": "The version it would become."}
    )
    breaking = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "The notice of a breaking change: `reason`, `announced`, `effective`."},
    )
    scheduled = Instant(
        required=True, allow_none=True, metadata={"description": "When it is published, where that is later."}
    )
    publish_at = Instant(
        required=True,
        allow_none=True,
        data_key="publishAt",
        metadata={"description": "The earliest time of publication that somebody chose."},
    )
    replaces = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The draft that was returned or invalid, and whose corrected files this one has."},
    )
    digest = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Names exactly what was submitted (`sha256:…`); null while the draft may change."},
    )
    checks = fields.List(
        fields.Nested(CheckShape),
        required=True,
        metadata={"description": "All that was signed, in order; empty in lists."},
    )
    open_checks = fields.List(
        fields.String(),
        required=True,
        data_key="openChecks",
        metadata={"description": "What a reviewer has yet to sign before the draft can be approved."},
    )
    comments = fields.List(
        fields.Nested(CommentShape),
        required=True,
        metadata={"description": "All that was said about it, in order; empty in lists."},
    )
    notes = fields.String(required=True)
    period = fields.String(required=True, metadata={"description": "What the edition is about; empty if unknown."})
    proposed_period = fields.String(
        required=True, data_key="proposedPeriod", metadata={"description": "What its tables say about that."}
    )
    reason = fields.String(
        required=True,
        metadata={
            "description": "Why the draft is correct although the check left warnings or texts may have personal data."
        },
    )
    comment = fields.String(required=True, metadata={"description": "Why it was returned."})
    error = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "What failed on our side, or why the draft is held (`Held`); it is tried again."},
    )
    author = fields.String(required=True)
    submitter = fields.String(required=True, allow_none=True)
    approver = fields.String(required=True, allow_none=True)
    contributors = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Who uploaded, changed or submitted it: none of them may approve it."},
    )
    created = Instant(required=True)
    modified = Instant(required=True)
    resources = fields.List(fields.Nested(DraftResourceShape), required=True)
    dropped = fields.List(fields.String(), required=True, metadata={"description": "What is left out of the version."})
    privacy = fields.List(
        fields.Dict(), required=True, metadata={"description": "What the screening for personal data found."}
    )
    undecided = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "What of that needs a decision before the draft can be submitted."},
    )
    text_findings = fields.List(
        fields.Dict(),
        required=True,
        data_key="textFindings",
        metadata={
            "description": "Personal data in metadata, notes, names and descriptions of tables and columns, and"
            " attachments: `part`, `property`, `resource`, `field`, `kind`, `count`, `certainty`, `examples`. If"
            " `needsReason`, the draft is submitted only with a reason. Empty in lists."
        },
    )
    report = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "A Frictionless report; null before the check and in lists."},
    )
    url = Address("/workspace/drafts/{0.id}", metadata={"description": "Its page."})


class ErasedShape(Schema):
    """How much was erased."""

    files = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


DraftPage = page_of(DraftShape)
