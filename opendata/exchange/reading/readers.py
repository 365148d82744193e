"""The reader of each kind of source: a kind without one can't be chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opendata.domain.harvest.items import Dialogue
from opendata.domain.harvest.sources import HarvestKind
from opendata.exchange.reading.ckan import read_ckan
from opendata.exchange.reading.data_json import read_data_json
from opendata.exchange.reading.data_packages import read_data_packages
from opendata.exchange.reading.dcat import read_dcat
from opendata.exchange.reading.instance import read_instance
from opendata.exchange.reading.oai import read_oai

READERS: Mapping[HarvestKind, Callable[[str], Dialogue]] = {
    HarvestKind.CKAN: read_ckan,
    HarvestKind.DATA_JSON: read_data_json,
    HarvestKind.DCAT: read_dcat,
    HarvestKind.DATA_PACKAGE: read_data_packages,
    HarvestKind.OAI: read_oai,
    HarvestKind.OPENDATA: read_instance,
}
