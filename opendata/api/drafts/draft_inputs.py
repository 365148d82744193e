"""What the API takes for drafts: how sent files are read, and what accompanies a step of the review."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from marshmallow import fields, validate

from opendata.api.core.fields import Choice, Inner, Many, Object, Shape, Switch, Text, Translations, Whole
from opendata.api.core.inputs import PageQuery
from opendata.domain.disclosure import OPEN
from opendata.domain.drafts import DraftState
from opendata.domain.editions.modes import AUTO, Mode
from opendata.errors import N_
from opendata.metadata.dataset import MAX_TEXT, MAX_TITLE
from opendata.metadata.reasons import BUMPS
from opendata.services.drafts.intake import RESOURCE_TYPES


def _disclosure(**options: Any) -> fields.String:
    error = N_("This must be “open”, or be left out")
    return fields.String(
        validate=validate.OneOf([OPEN], error=error),
        error_messages={"invalid": error, "null": error},
        metadata={"description": "`open`: everybody may have it, although the dataset isn't open (an aggregate)."},
        **options,
    )


def _rows() -> Many:
    error = N_("This must be a list of row numbers, counted from 1")
    return Many(fields.Integer(strict=True, error_messages={"invalid": error, "null": error, "too_large": error}))


def _place() -> Whole:
    return Whole(1, 2**31 - 1, error=N_("This must be a whole number, 1 or more"), strict=True, allow_none=True)


def _say_no_rows() -> Switch:
    text = N_("The table has no rows this time. Without it, a table without rows isn't published.")
    return Switch(data_key="noRows", metadata={"description": text})


DialectInput = Shape.from_dict(
    {
        "delimiter": Text(longest=1),
        "quoteChar": Text(longest=1, allow_none=True),
        "doubleQuote": Switch(),
        "escapeChar": Text(longest=1, allow_none=True),
        "skipInitialSpace": Switch(),
        "header": Switch(),
        "headerRows": _rows(),
        "headerJoin": Text(longest=100),
        "commentRows": _rows(),
        "commentChar": Text(longest=100, allow_none=True),
        "csv": Object(metadata={"description": "The same options where frictionless nests them."}),
        "lineTerminator": Text(longest=10, metadata={"description": "Told by the file itself."}),
        "nullSequence": Text(longest=100, allow_none=True, metadata={"description": "Say it in the schema instead."}),
        "caseSensitiveHeader": Switch(),
        "csvddfVersion": fields.Raw(),
        "$schema": Text(longest=1000),
        "type": Text(longest=100),
        "name": Text(longest=100),
        "title": Text(longest=MAX_TITLE),
        "description": Text(longest=MAX_TEXT),
    },
    name="DialectInput",
)
"""How a CSV file is written (Table Dialect v2)."""


def _mode(choices: Collection[str], **options: Any) -> fields.String:
    text = (
        N_(
            "What the rows are to the published table: `replace`, all of it again; `append`, further rows (a key that"
            " is there already has corrected values); `new`, a table of its own; `auto`, found out by columns, names"
            " and keys."
        )
        if AUTO in choices
        else N_(
            "What the rows are to the published table: `replace`, all of it again; `append`, further rows (a key that"
            " is there already has corrected values)."
        )
    )
    wrong = (
        N_("This must be one of: replace, append, new, auto")
        if AUTO in choices
        else N_("This must be one of: replace, append, new")
    )
    return fields.String(
        validate=validate.OneOf([*choices], error=wrong),
        error_messages={"invalid": wrong, "null": wrong},
        metadata={"description": text},
        **options,
    )


def _repeats() -> Switch:
    text = N_("Add rows without a key even if the table has them already. Without it they aren't there twice.")
    return Switch(metadata={"description": text})


_NO_TYPE = N_("This must be “table” or “attachment”")
_DECISIONS = {
    "description": "What is done with columns that have personal data:"
    " `{columns: [{field, treatment, …}], aggregate, quasi}`."
}
_SCHEMA = {"description": "A name of the library (`name` or `name@version`), or a Table Schema."}


_RECIPE = {
    "description": N_(
        "All steps from the file to the table, in order: `{steps: [{verb, field, …}]}`, in place of those before;"
        " null: none. Verbs: `repair`, `missing`, `replace`, `edit`, `strip-suffix`, `split-unit`, `add-year`,"
        " `leave-out`, `fill-down`, `drop`, `rename`, `reorder`, `join-headers`, `unpivot`. The reference of"
        " steps says what each needs."
    )
}


ChoicesInput = Shape.from_dict(
    {
        "encoding": Text(longest=40),
        "dialect": Inner(DialectInput),
        "header_rows": _rows(),
        "first_row": _place(),
        "last_row": _place(),
        "first_column": _place(),
        "last_column": _place(),
        "fill_merged": Switch(),
        "exact": Switch(),
        "columns": Object(metadata={"description": "Columns given the names of fields: label → name."}),
        "kept": Object(metadata={"description": "What was chosen for an earlier file, as the draft gave it."}),
    },
    name="ChoicesInput",
)
"""How to read a file, where that differs from what was detected."""


_MEANING = {
    "description": "What the file says about the table as a whole, corrected: `title`, `i18n`, `unit`, `units` (column"
    " → unit), `period`, `source`, `compiledBy`, `footnotes`. A property that is null says that there is no such thing."
}


class ResourceOptionInput(Shape):
    """What you say about one of the files sent; anything you leave out is as in the previous version."""

    file = Text(required=True, longest=500, metadata={"description": "The name of the file part."})
    type = fields.String(
        validate=validate.OneOf(RESOURCE_TYPES, error=_NO_TYPE),
        error_messages={"invalid": _NO_TYPE, "null": _NO_TYPE},
        metadata={"description": "A table, or a file that accompanies one; as its bytes tell where missing."},
    )
    name = Text(
        longest=100,
        metadata={
            "description": "The table's name. Where missing, it is made from the file's, or found if `mode` is given."
        },
    )
    schema = Choice(metadata=_SCHEMA)
    dialect = Inner(DialectInput)
    encoding = Text(longest=40)
    title = Text(longest=MAX_TITLE)
    description = Text(longest=MAX_TEXT)
    i18n = Translations()
    choices = Inner(ChoicesInput, metadata={"description": "How the file is to be read, where not as found."})
    disclosure = _disclosure()
    decisions = Object(metadata=_DECISIONS)
    meaning = Object(metadata=_MEANING)
    no_rows = _say_no_rows()
    mode = _mode([*Mode, AUTO])
    repeats = _repeats()


class PlainOptionInput(Shape):
    """The options of a single file, as parts of a multipart form."""

    name = Text(longest=100)
    schema = Choice()
    dialect = Inner(DialectInput)
    mode = _mode([*Mode, AUTO])


RepairInput = Shape.from_dict(
    {"fieldName": Text(longest=MAX_TEXT, required=True), "kind": Text(longest=100, required=True)}, name="RepairInput"
)
"""One kind of repair, for the wrong cells of one column."""


SeriesInput = Shape.from_dict(
    {
        "tables": Many(
            Text(longest=100),
            required=True,
            metadata={"description": "The tables of the draft that are one with this one, in the order of their rows."},
        ),
        "column": Text(
            longest=100,
            allow_none=True,
            metadata={
                "description": "The column that tells their rows apart. It is added unless the files have it. Missing:"
                " as proposed. Null or empty: none."
            },
        ),
    },
    name="SeriesInput",
)
"""Which tables of a draft are one."""


class ResourceChanges(Shape):
    """Other rules for a sent table, which is then checked again; null: none."""

    schema = Choice(allow_none=True, metadata=_SCHEMA)
    for_next = Switch(
        data_key="forNext",
        metadata={"description": "With a `schema`: the next files of this table are checked by it as well."},
    )
    dialect = Inner(DialectInput, allow_none=True)
    choices = Inner(
        ChoicesInput, metadata={"description": "How the file is to be read; in place of what was said before."}
    )
    disclosure = _disclosure(allow_none=True)
    decisions = Object(allow_none=True, metadata=_DECISIONS)
    meaning = Object(
        allow_none=True,
        metadata={
            "description": "What the file says about the table as a whole, corrected: `title`, `i18n`, `unit`, `units`"
            " (column → unit), `period`, `source`, `compiledBy`, `footnotes`. A property that is null says that there"
            " is no such thing. Null: all that was said is forgotten."
        },
    )
    name = Text(longest=100, metadata={"description": "Another name, for a table that isn't published yet."})
    no_rows = _say_no_rows()
    mode = _mode([*Mode])
    target = Text(
        longest=100,
        allow_none=True,
        metadata={"description": "The published table that the file is for; null: a table of its own."},
    )
    repeats = _repeats()
    series = Inner(
        SeriesInput,
        allow_none=True,
        metadata={
            "description": "Joins tables of the draft into this one. Null: takes a joined table apart, and keeps tables"
            " apart that are proposed as one."
        },
    )
    recipe = Object(allow_none=True, metadata=_RECIPE)
    repairs = Many(
        Inner(RepairInput),
        metadata={
            "description": "Which wrong cells are repaired, and how, in place of the repairs before; the report"
            " proposes them. An empty list: none. Other steps stay."
        },
    )


PUBLISH_AT = {
    "description": "The earliest time of publication: an ISO date and time, in the portal's zone unless it names one."
    " The approved draft is published at that time. Until then it is invisible."
}


class DraftChanges(Shape):
    """What to change about the draft as a whole."""

    period = Text(
        longest=60,
        required=True,
        allow_none=True,
        metadata={
            "description": "What the edition is about: `2026`, `2026-H1`, `2026-Q3`, `2026-10`, `2026-W40`,"
            " `2026-10-31`, or `2026-01/2026-10`. Empty: no period. Null: what its tables say."
        },
    )


class DraftQuery(PageQuery):
    """Which drafts."""

    status = fields.String(
        validate=validate.OneOf([str(item) for item in DraftState], error=N_("This isn't a status of a draft")),
        metadata={"description": "Only drafts of this status."},
    )
    ended = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        error_messages={"invalid": N_("This must be “true” or “false”")},
        metadata={"description": "Only drafts that are published or discarded (`true`), or only all others (`false`)."},
    )


class SubmitInput(Shape):
    """What reviewers and readers are to know about the version, if anything."""

    may_be_absent = True

    notes = Text(longest=MAX_TEXT)
    reason = Text(
        longest=MAX_TEXT,
        metadata={
            "description": "Why the draft is correct although the check left warnings or texts may have personal data."
            " Needed then."
        },
    )
    bump = Text(
        longest=10,
        metadata={"enum": list(BUMPS), "description": "Raises the number at least so far; it is never lowered."},
    )
    breaking = Text(
        longest=MAX_TEXT,
        metadata={"description": "Why readers' programs will fail. Needed for a breaking change."},
    )
    effective = Text(
        longest=10,
        metadata={
            "format": "date",
            "description": "The day from which a breaking change applies: it is announced until then,"
            " and published on that day.",
        },
    )
    publish_at = Text(longest=40, data_key="publishAt", metadata=PUBLISH_AT)


class ReturnInput(Shape):
    """Why the draft goes back to its author."""

    comment = Text(required=True, longest=MAX_TEXT)
