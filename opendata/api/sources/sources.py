"""The source of a dataset: where its table is fetched from, when, and what became of the last runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import IDENTIFIER, Instant, Shape, Switch, Text, Whole
from opendata.domain.access.scopes import Verb
from opendata.domain.sources.timetable import Cycle, Outcome
from opendata.errors import N_, KeptMessage
from opendata.problems import choose_voice
from opendata.services.sources.values import SourceInput, SourceView

blueprint = ApiBlueprint("sources", N_("Where the tables of datasets are fetched from automatically."))

_SOURCE = "/datasets/<identifier:dataset>/source"
_NO_DAY = N_("“day” must be a whole number from 1 to 28")


class SourceBody(Shape):
    """Where the table of a dataset is fetched from, and when."""

    url = Text(
        required=True,
        longest=2000,
        metadata={
            "description": "An address that begins with https, http, sftp, postgresql or sqlite, with the user if there"
            " is one and without the password. `{secret}` in the query of a web address is replaced by the secret."
        },
    )
    resource = Text(
        required=True, longest=100, metadata={"description": "The name of the table.", "pattern": IDENTIFIER}
    )
    query = Text(longest=20_000, metadata={"description": "The SELECT that a database is asked with."})
    secret = Text(
        longest=20_000,
        metadata={
            "description": "The password, token or private key. It is kept encrypted and never shown. Without it, the"
            " one that is kept stays; empty removes it."
        },
    )
    host_key = Text(
        longest=20_000,
        data_key="hostKey",
        attribute="hostKey",
        metadata={"description": "The public key of an SFTP server, in OpenSSH's form."},
    )
    cycle = Text(
        longest=20,
        metadata={"enum": list(Cycle), "description": "How often. `dataset`: as often as the dataset is updated."},
    )
    at = Text(longest=5, metadata={"description": "The time of day in the portal's zone, such as 06:30."})
    day = Whole(1, 28, error=_NO_DAY, metadata={"description": "The day of the week (1 is Monday), or of the month."})
    submit = Switch(metadata={"description": "Whether a draft without errors is submitted automatically."})
    contact = Text(
        longest=254, metadata={"description": "The e-mail address that gets a mail when something is wrong."}
    )


class RunBody(Shape):
    """What a person says about the next run."""

    may_be_absent = True

    accept_key = Text(
        longest=20_000,
        data_key="acceptKey",
        attribute="acceptKey",
        metadata={"description": "`offeredKey` as it was shown, once somebody has compared its fingerprint."},
    )


def _say(found: Any) -> str | None:
    reason: KeptMessage | None = found.reason
    return choose_voice().fill(reason["message"], reason["params"]) if reason else None


class SourceRunShape(Schema):
    """One time that the table was fetched."""

    begun = Instant(required=True)
    ended = Instant(required=True, allow_none=True)
    outcome = fields.String(
        required=True,
        metadata={"enum": list(Outcome), "description": "What became of it. After `stopped`, nothing is fetched."},
    )
    reason = fields.Function(
        _say,
        required=True,
        metadata={"type": ["string", "null"], "description": "Why, in the language the request asks for."},
    )
    bytes = fields.Integer(required=True, allow_none=True, metadata={"description": "The size of the file."})
    draft = fields.String(
        required=True, allow_none=True, metadata={"description": "The id of the draft that the file went into."}
    )


class SourceShape(Schema):
    """Where the table of a dataset is fetched from, and the newest runs."""

    kind = fields.String(required=True, metadata={"enum": ["http", "sftp", "sql"]})
    url = fields.String(required=True)
    resource = fields.String(required=True)
    query = fields.String(required=True)
    has_secret = fields.Boolean(required=True, data_key="hasSecret")
    host_key = fields.String(required=True, data_key="hostKey")
    offered_key = fields.String(
        required=True,
        data_key="offeredKey",
        metadata={"description": "The key that an SFTP server showed and that nobody has accepted yet."},
    )
    fingerprint = fields.String(required=True, metadata={"description": "The fingerprint of `offeredKey`."})
    cycle = fields.String(required=True, metadata={"enum": list(Cycle)})
    at = fields.String(required=True)
    day = fields.Integer(required=True)
    submit = fields.Boolean(required=True)
    contact = fields.String(required=True)
    author = fields.String(
        required=True, metadata={"description": "The account as which drafts are made: the one that saved this last."}
    )
    changed = Instant(required=True)
    due = Instant(
        required=True, allow_none=True, metadata={"description": "The time of the next run, null while it is stopped."}
    )
    waiting = fields.Boolean(
        required=True, attribute="is_waiting", metadata={"description": "Whether a run is asked for or under way."}
    )
    runs = fields.List(fields.Nested(SourceRunShape), required=True, metadata={"description": "The newest first."})


@blueprint.operation("GET", _SOURCE, shape=SourceShape, problems=(403, 404), public=False)
def get_source(dataset: str) -> SourceView:
    """Get where the table of a dataset is fetched from, and what became of the last runs."""
    return services().sources.get(caller(), dataset)


@blueprint.operation(
    "PUT", _SOURCE, shape=SourceShape, body=SourceBody, problems=(400, 403, 404, 413, 415, 422), needs=Verb.UPLOAD
)
def put_source(body: Mapping[str, Any], dataset: str) -> SourceView:
    """Have the table of a dataset fetched automatically; it arrives as a draft of your account.

    What isn't given has its default. If the server or the user changes, the secret must be given again.
    """
    return services().sources.put(caller(), dataset, SourceInput.from_values(body))[0]


@blueprint.operation("DELETE", _SOURCE, status=204, problems=(403, 404), needs=Verb.UPLOAD)
def delete_source(dataset: str) -> None:
    """Stop fetching the table of a dataset. Drafts and versions stay."""
    services().sources.delete(caller(), dataset)


@blueprint.operation(
    "POST",
    f"{_SOURCE}/run",
    status=202,
    shape=SourceShape,
    body=RunBody,
    problems=(400, 403, 404, 409, 413, 415, 422),
    needs=Verb.UPLOAD,
)
def run_source(body: Mapping[str, Any], dataset: str) -> SourceView:
    """Have the table fetched now. A worker does it in a moment: `runs` shows what became of it."""
    return services().sources.ask(caller(), dataset, accept_key=body.get("acceptKey", ""))
