"""What the gauges of the control room and their groups are called."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

GROUPS: Mapping[str, str] = {
    "waiting": N_("Waiting"),
    "due": N_("Due and overdue"),
    "returned": N_("To be mended"),
    "failed": N_("Failed"),
    "jobs": N_("Work in the background"),
    "fetched": N_("Fetched tables"),
    "grounds": N_("Not open"),
    "withdrawn": N_("Taken down"),
    "quality": N_("Quality"),
    "storage": N_("Storage"),
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
    "jobs-waiting": N_("Drafts that wait for a worker"),
    "jobs-running": N_("Drafts that a worker is at"),
    "jobs-repeated": N_("Drafts tried more than once"),
    "sources": N_("Tables that are fetched automatically"),
    "sources-failed": N_("Sources that can't be fetched"),
    "harvests-failed": N_("Portals that can't be harvested"),
    "mail-failed": N_("Mail that couldn't be delivered"),
    "duties-late": N_("Overdue duties"),
    "duties-soon": N_("Duties due within a week"),
    "requests-late": N_("Requests that are overdue"),
    "requests-open": N_("Requests to reply to"),
    "reuses-waiting": N_("Re-uses that wait for a decision"),
    "links-dead": N_("Re-uses with a dead link"),
    "plan-missed": N_("Not opened by the planned day"),
    "unregistered": N_("Under authorised operation and not registered: must be"),
    "registration-outdated": N_("Changed since they were registered"),
    "registration-ending": N_("Registrations to renew"),
    "registration-slow": N_("Registrations whose check takes too long"),
    "registration-noticed": N_("Registrations after their public notice: enter the code"),
    "registration-returned": N_("Registrations that were returned"),
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
    "bytes-versions": N_("Published versions; files that versions share count in each"),
    "bytes-drafts": N_("Files of drafts"),
    "bytes-uploads": N_("Uploads that aren't in a draft yet"),
}

SINCE: Mapping[str, str] = {
    "sources": N_("Last run"),
    "sources-failed": N_("Last run"),
    "bytes-versions": N_("Published"),
    "bytes-drafts": N_("Changed"),
    "bytes-uploads": N_("Begun"),
}
"""What the time of a row is, where the row doesn't wait since then."""

UNITS: Mapping[str, str] = {"bytes": N_("Size"), "failures": N_("Failures in a row")}
"""What the amount of a row is."""

ROOMS: Mapping[str, str] = {
    "database": N_("Database"),
    "search": N_("Search index"),
    "public": N_("Disk of the stores"),
    "private": N_("Disk of the private store"),
}
"""What takes room on the machine."""
