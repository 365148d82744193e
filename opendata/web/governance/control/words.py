"""What the gauges of the control room and their groups are called."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

GROUPS: Mapping[str, str] = {
    "waiting": N_("Waiting"),
    "due": N_("Due and overdue"),
    "returned": N_("To be mended"),
    "failed": N_("Failed"),
    "grounds": N_("Not open"),
    "withdrawn": N_("Taken down"),
    "quality": N_("Quality"),
}

GAUGES: Mapping[str, str] = {
    "mine": N_("My unfinished drafts"),
    "to-review": N_("Drafts that I can review"),
    "in-review": N_("Drafts in review"),
    "scheduled": N_("Approved, not published yet"),
    "never-published": N_("Open datasets without any data yet"),
    "returned": N_("Returned drafts"),
    "invalid": N_("Drafts with errors"),
    "failed": N_("Drafts that failed on our side"),
    "sources-failed": N_("Sources that can't be fetched"),
    "mail-failed": N_("Mail that couldn't be delivered"),
    "duties-late": N_("Overdue duties"),
    "duties-soon": N_("Duties due within a week"),
    "requests-late": N_("Requests that are overdue"),
    "requests-open": N_("Requests to reply to"),
    "reuses-waiting": N_("Re-uses that wait for a decision"),
    "links-dead": N_("Re-uses with a dead link"),
    "plan-missed": N_("Not opened by the planned day"),
    "closed": N_("Closed datasets"),
    "conditional": N_("Datasets on application"),
    "for-some": N_("Datasets for an area or a group"),
    "withdrawn": N_("Withdrawn versions"),
    "stopped": N_("Stopped versions"),
    "alarming": N_("Versions that may have personal data"),
    "archived": N_("Archived datasets"),
    "no-ground": N_("Not open, without a reason or legal basis"),
    "no-contact": N_("Datasets without a contact"),
    "no-licence": N_("Datasets without a licence"),
    "much-missing": N_("Tables with a column that is mostly empty"),
    "repeated-rows": N_("Tables with repeated rows"),
    "few-rows": N_("Tables with fewer than ten rows"),
    "fragments": N_("Tables with the same columns as others of the publisher"),
    "stiff": N_("Tables that look like a document poured into a grid"),
    "undescribed": N_("Tables with columns that nothing explains"),
}
