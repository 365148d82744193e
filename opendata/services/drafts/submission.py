"""What you give when you submit a draft: why warnings are accepted, what number, what readers learn in advance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import object_session

from opendata.db.models import Draft
from opendata.domain.editions.modes import Mode
from opendata.domain.manifest import Manifest
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.moments import format_time, read_day, read_moment
from opendata.domain.review.checklist import REQUIRED
from opendata.errors import N_, InvalidMetadataError, Listed, StateError, fault
from opendata.metadata.reasons import BUMPS
from opendata.services.catalogue.grounds.gate import require_ground
from opendata.services.core.access import is_listed
from opendata.services.core.context import Context
from opendata.services.drafts.attachments import require_sound_names
from opendata.services.drafts.draft_view import count_warnings, is_said_empty, say_empty
from opendata.services.drafts.meaning.meanings import require_unit
from opendata.services.drafts.next_version import carries_data, foresee, metadata_of, publishes_entry_only, seal
from opendata.services.drafts.series.joining import list_unanswered
from opendata.services.privacy.gate import keep_seen, require_decided
from opendata.services.privacy.texts import list_text_findings, require_explained, settle_unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What was said when a draft was submitted.

    `bump` is the least part of the version number to raise. `breaking` explains the breaking change, `effective` (an
    ISO date) says from when it applies: until then the change is announced, and published on that day. `publish_at` (an
    ISO date and time, in the portal's zone unless it names one) is the earliest time of publication, empty: as soon as
    possible. `checks` are those that the submitter signs where nobody else reviews; None: all that are required.
    `no_rows` names the tables that have no rows this time.
    """

    notes: str | None = None
    reason: str | None = None
    bump: str | None = None
    breaking: str | None = None
    effective: str | None = None
    publish_at: str | None = None
    checks: Collection[str] | None = None
    no_rows: Collection[str] = ()


def take_submission(context: Context, row: Draft, base: Manifest | None, said: Submission) -> None:
    """Keep with a draft what was said of it. `base` is the manifest of the version it starts from.

    Raises `StateError` where it cannot become a version, `InvalidMetadataError` for what is missing or not possible.
    """
    require_publishable(row, base)
    require_grounded(context, row)
    require_unit(row)
    for item in row.resources:
        if item.name in said.no_rows:
            say_empty(item, True)
    require_rows(row)
    require_editions(row)
    require_decided(row, is_reviewed=context.settings.review != "none")
    keep_seen(row)
    if said.reason is not None:
        row.reason = said.reason.strip()
    if said.notes is not None:
        row.notes = said.notes.strip()
    if not row.reason and count_warnings(row):
        raise _refuse("/reason", N_("The check gave warnings. Say why the table is still correct"))
    _take_bump(row, base, said.bump)
    _take_notice(context, row, base, said)
    settle_unread(row)
    require_explained(row, row.reason, list_text_findings(row, metadata_of(row)))
    row.publish_at = read_time(context, said.publish_at)
    if context.settings.review == "none" and said.checks is not None:
        missing = [check for check in REQUIRED if check not in said.checks]
        text = N_("Sign this check: nobody else reviews the draft")
        if missing:
            raise InvalidMetadataError(faults=[fault(f"/{check}", text) for check in missing])


def read_time(context: Context, text: str | None) -> datetime | None:
    """The time of a timed release; None for an empty text. Raises `InvalidMetadataError` for none, or one that is past.

    A time without a zone is in the portal's.
    """
    if not text or not text.strip():
        return None
    found = read_moment(text.strip(), ZoneInfo(context.settings.timezone))
    if found is None:
        raise _refuse("/publishAt", N_("Enter a date and time, such as 2026-12-31T09:00"))
    if found < context.clock():
        raise _refuse("/publishAt", N_("This time is in the past. Choose a later time, or leave it empty"))
    return found


def require_publishable(row: Draft, base: Manifest | None) -> None:
    """Raises `StateError` if a draft can't become public: its data may not, or it lacks a table.

    The entry of a closed dataset may be published still, and changed: that is how you close a dataset under review.
    """
    is_closed = metadata_of(row).disclosure.is_closed
    is_new = row.dataset.proposed is not None or not is_listed(row.dataset)
    if publishes_entry_only(row) and is_new and not carries_data(row):
        return
    if is_closed:
        raise StateError(
            N_(
                "The dataset “%(dataset)s” is marked “%(attribute)s”, so its data can't be published. If the"
                " data can be made public, change its disclosure to “open” first"
            ),
            dataset=row.dataset_id,
            attribute=metadata_of(row).disclosure.attribute,
        )
    require_sound_names(row, base)


def require_grounded(context: Context, row: Draft, metadata: DatasetMetadata | None = None) -> None:
    """Raises `InvalidMetadataError` where what a draft doesn't open has no ground on the negative list in force."""
    session = object_session(row)
    if session is not None:
        require_ground(context, session, row.dataset, (metadata or metadata_of(row)).disclosure)


def require_direct(context: Context, row: Draft, base: Manifest | None, metadata: DatasetMetadata, reason: str) -> None:
    """Raises `InvalidMetadataError` or `StateError` where not even the owner can publish a draft with this metadata."""
    require_grounded(context, row, metadata)
    require_sound_names(row, base)
    require_unit(row)
    require_rows(row)
    require_editions(row)
    require_decided(row, is_reviewed=False)
    require_explained(row, reason, list_text_findings(row, metadata))


def require_rows(row: Draft) -> None:
    """Raises `InvalidMetadataError` if a table of a draft has no rows and nobody said that this is meant."""
    text = N_(
        "The table “%(name)s” has no rows. Upload the file with its rows, say that the table has no rows this time, or"
        " remove it from the draft"
    )
    empty = [item for item in row.resources if item.checked and item.rows == 0 and not is_said_empty(item)]
    if empty:
        raise InvalidMetadataError(
            faults=[fault(f"/resources/{item.name}/noRows", text, name=item.called) for item in empty]
        )


def require_editions(row: Draft) -> None:
    """Raises `InvalidMetadataError` if it isn't clear what a file is to the published table or to other files."""
    text = N_("Say whether the file of “%(name)s” replaces the table, is added to it, or is a new table")
    asked = [item for item in row.resources if (item.edition or {}).get("asks")]
    faults = [fault(f"/resources/{item.name}/mode", text, name=item.called) for item in asked]
    alone = N_("The rows of “%(name)s” aren't added to the published table yet. Choose again what the file is")
    faults += [
        fault(f"/resources/{item.name}/mode", alone, name=item.called)
        for item in row.resources
        if (item.edition or {}).get("mode") == Mode.APPEND and "part" not in (item.edition or {})
    ]
    faults += list_unanswered(row)
    if faults:
        raise InvalidMetadataError(faults=faults)


def require_sealed(row: Draft, base: Manifest | None) -> None:
    """Raises `StateError` where a draft, or the metadata it carries, changed after it was submitted."""
    if row.sealed != seal(row, base):
        raise StateError(
            N_(
                "The draft or its metadata has changed since it was submitted. Return it so that it can be"
                " submitted again"
            )
        )


def find_due(row: Draft, context: Context) -> datetime | None:
    """When a draft is published: at its time, and not before a change that it announces. None where that is now."""
    times = [row.publish_at] if row.publish_at else []
    effective = row.breaking["effective"] if row.breaking else None
    if effective:
        zone = ZoneInfo(context.settings.timezone)
        times.append(datetime.combine(date.fromisoformat(effective), time(), zone).astimezone(UTC))
    due = max(times, default=None)
    return due if due is not None and due > context.clock() else None


def _take_bump(row: Draft, base: Manifest | None, bump: str | None) -> None:
    if not bump:
        return
    if bump not in BUMPS:
        raise _refuse("/bump", N_("Choose one of: %(choices)s"), choices=Listed(BUMPS))
    row.bump = None
    computed = foresee(row, base).computed
    if computed is not None and BUMPS.index(bump) < BUMPS.index(computed):
        raise _refuse(
            "/bump",
            N_("The changes make this at least a “%(bump)s” version. You can raise the number, but not lower it"),
            bump=computed,
        )
    row.bump = bump


def _take_notice(context: Context, row: Draft, base: Manifest | None, said: Submission) -> None:
    """A breaking change has its reason and its day; nothing else has."""
    if not foresee(row, base).is_breaking:
        row.breaking = None
        return
    reason = (said.breaking or "").strip() or (row.breaking["reason"] if row.breaking else "")
    if not reason:
        text = N_("This version is a breaking change. Say why it is necessary")
        raise _refuse("/breaking", text)
    today = context.clock().astimezone(ZoneInfo(context.settings.timezone)).date()
    effective = _read_effective(said.effective, today)
    row.breaking = {
        "reason": reason,
        "announced": format_time(context.clock()),
        "effective": (effective or today).isoformat(),
    }


def _read_effective(text: str | None, today: date) -> date | None:
    if not text:
        return None
    found = read_day(text)
    if found is None:
        raise _refuse("/effective", N_("Enter a date, such as 2026-12-31"))
    if found < today:
        raise _refuse("/effective", N_("This date is in the past. The notice must come before the change"))
    return found


def _refuse(pointer: str, message: str, **params: object) -> InvalidMetadataError:
    return InvalidMetadataError(faults=[fault(pointer, message, **params)])
