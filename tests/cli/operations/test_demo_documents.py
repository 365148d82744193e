"""The samples in the vocabularies of others: valid, and harvested back they say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opendata.exchange.dcat_us import first, third
from opendata.exchange.dcat_us.parts import Setting
from opendata.exchange.dcat_us.reading import read_catalogue
from opendata.exchange.schema_org.documents import describe_dataset
from opendata.exchange.signposting.links import MOST_BYTES, list_signposts, write_header
from opendata.metadata.dataset import read_metadata
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.exchange.dcat_us.test_documents import check_first, check_third, say_nothing
from tests.exchange.samples import ADDRESSES
from tests.servers import CHECKOUT


@pytest.mark.slow
def test_every_sample_has_valid_documents(home: Path, demo) -> None:
    demo(home)
    services = build_services(Settings(home=home))
    entries, portal = list(services.entries.iterate()), services.portals.get()
    agencies = {item.id: item for item in services.entries.list_agencies()}
    services.database.dispose()
    assert len(entries) == len(list((CHECKOUT / "datasets").glob("*/*/datapackage.json")))
    for language in ("zh", "en"):
        setting = Setting(addresses=ADDRESSES, portal=portal, language=language, agencies=agencies)
        document = b"".join(first.write_catalogue(entries, setting, ADDRESSES.at("/data.json")))
        check_first(json.loads(document))
        check_third(json.loads(b"".join(third.write_catalogue(entries, setting, ADDRESSES.at("/dcat-us-3.json")))))
        for entry in entries:
            found = describe_dataset(entry, ADDRESSES, portal, language)
            assert 50 <= len(found["description"]) <= 5000
            assert found["distribution"]
            assert say_nothing(found) == []
            assert 500 < len(write_header(list_signposts(entry, ADDRESSES))) <= MOST_BYTES
        harvest = read_catalogue(document)
        assert harvest.refused == []
        for item, entry in zip(harvest.datasets, entries, strict=True):
            assert item.faults == [], (entry.id, item.faults)
            assert item.identifier == f"urn:uuid:{entry.uuid}"
            got, given = read_metadata(item.metadata), entry.metadata
            cycle = "irregular" if given.update_cycle == "never" else given.update_cycle  # 1.1 has no word for it
            assert (got.update_cycle, got.disclosure, got.temporal) == (cycle, given.disclosure, given.temporal)
