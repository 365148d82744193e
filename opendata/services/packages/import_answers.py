"""What an import asks before it publishes a table: whether no rows are meant, and what is done with personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from opendata.errors import N_, InvalidMetadataError, Listed, StateError, escape_pointer, fault
from opendata.metadata.package import PackageDescription, ResourceDescription
from opendata.privacy.treatments.parsing import require_shape
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.privacy.treating import read_decisions

_NO_ROWS = N_(
    "The table “%(name)s” has no rows. Import it with --no-rows if it has none this time, or add the rows to its file"
)
_PERSONAL = N_(
    "The table “%(name)s” has personal data in these columns: %(columns)s. Say in a file what is done with each, and"
    " name the file with “--privacy”"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the caller of an import says about all its tables."""

    partial: bool
    no_rows: bool
    privacy: Mapping[str, Any]
    reason: str

    def add_to(self, option: ResourceOption, resource: ResourceDescription) -> ResourceOption:
        """The option of a resource with what was said."""
        if option.type != "table":
            return option
        decisions = self.privacy.get(resource.name)
        return replace(option, no_rows=self.no_rows or resource.rows == 0, decisions=decisions)


def check_privacy(privacy: Mapping[str, Any], package: PackageDescription) -> Mapping[str, Any]:
    """The decisions by table. Raises `InvalidMetadataError` for a table that the package doesn't have."""
    known = {item.name for item in package.resources if not item.is_attachment}
    text = N_("The package has no table “%(name)s”")
    faults = [fault(f"/{escape_pointer(name)}", text, name=name[:100]) for name in privacy if name not in known]
    if faults:
        raise InvalidMetadataError(faults=faults)
    for document in privacy.values():
        require_shape(document)
    return privacy


def require_fitting(view: DraftView, privacy: Mapping[str, Any]) -> None:
    """Raises `InvalidMetadataError` where decisions don't fit the table that they are about."""
    for item in view.tables:
        if item.name in privacy and item.untreated is not None:
            read_decisions(privacy[item.name], item.untreated)


def find_unsaid(view: DraftView) -> Mapping[str, StateError]:
    """The tables of a draft about which something must be said before they are published, and what."""
    found: dict[str, StateError] = {}
    for item in view.tables:
        open_columns = dict.fromkeys(finding["field"] for finding in view.undecided if finding["resource"] == item.name)
        if open_columns:
            found[item.name] = StateError(_PERSONAL, name=item.name, columns=Listed(open_columns))
        elif not item.carried and item.rows == 0 and not item.no_rows:
            found[item.name] = StateError(_NO_ROWS, name=item.name)
    return found
