"""What portals to harvest speak, and what became of a run and of each dataset, in words."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.harvest.runs import HarvestOutcome
from opendata.domain.harvest.sources import HarvestKind
from opendata.errors import N_

KINDS: Mapping[str, str] = {
    HarvestKind.CKAN: N_("CKAN (Action API)"),
    HarvestKind.DATA_JSON: N_("data.json (DCAT-US)"),
    HarvestKind.DCAT: N_("DCAT as RDF"),
    HarvestKind.DATA_PACKAGE: N_("Data Package, or a list of them"),
    HarvestKind.OAI: N_("OAI-PMH (Dublin Core)"),
    HarvestKind.OPENDATA: N_("A portal of this program"),
}

OUTCOMES: Mapping[str, str] = {
    HarvestOutcome.RUNNING: N_("under way"),
    HarvestOutcome.DONE: N_("done"),
    HarvestOutcome.UNCHANGED: N_("unchanged"),
    HarvestOutcome.FAILED: N_("failed"),
}

FATES: Mapping[str, str] = {"new": N_("new"), "changed": N_("changed"), "gone": N_("gone")}
