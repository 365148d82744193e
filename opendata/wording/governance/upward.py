"""What higher platforms speak, and where a record is on its way there, in words."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.upward.platforms import PlatformKind
from opendata.domain.upward.records import RecordState
from opendata.errors import N_

PLATFORM_KINDS: Mapping[str, str] = {
    PlatformKind.OPENDATA: N_("A portal of this program"),
    PlatformKind.CKAN: N_("CKAN (Action API)"),
    PlatformKind.HTTP: N_("Signed messages with the national guide's metadata"),
}

RECORD_STATES: Mapping[str, str] = {
    RecordState.WAITING: N_("waiting to be sent"),
    RecordState.DELIVERED: N_("delivered"),
    RecordState.REFUSED: N_("refused by the platform"),
    RecordState.FAILED: N_("failed, tried again"),
    RecordState.WITHDRAWN: N_("not at the platform"),
}
