"""Documents against the official shapes of both profiles: nothing violates them; and the check would notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from rdflib import Graph

from opendata.exchange.dcat.catalogue import PageLinks
from opendata.exchange.dcat.profiles import LATEST, OLDER, Profile
from opendata.services.core.actors import SYSTEM
from opendata.services.packages.demo import fill_demo
from opendata.wiring import Services
from tests.exchange.dcat.documents import parse, write_catalogue, write_one, write_version
from tests.exchange.dcat.shapes import find_findings
from tests.exchange.samples import ALL, EXTERNAL, FULL, LEAST
from tests.instances import lend_app, make_services
from tests.servers import CHECKOUT

REAL = ("country-codes", "currency-codes", "doacoes-covid-19-mg", "gdp", "language-codes", "population", "world-cities")
PAGE = PageLinks(address="https://x/1", first="https://x/1", last="https://x/2", next="https://x/2", total=9, size=2)


def list_samples(profile: Profile) -> Mapping[str, Graph]:
    """Documents of the samples."""
    names = ("least", "full", "conditional", "closed", "archived")
    return {
        "catalogue": parse(write_catalogue([LEAST, FULL, EXTERNAL], profile=profile, page=PAGE)),
        "external": parse(write_one(EXTERNAL, profile=profile)),
        "empty": parse(write_catalogue([], profile=profile)),
        "version": parse(write_version(FULL, profile=profile)),
        **{name: parse(write_one(entry, profile=profile)) for name, entry in zip(names, ALL, strict=True)},
    }


@pytest.mark.slow
@pytest.mark.parametrize("profile", [LATEST, OLDER], ids=lambda item: item.id)
def test_samples_violate_no_shape(standards: Path, profile: Profile) -> None:
    found = {name: find_findings(graph, standards, profile.id) for name, graph in list_samples(profile).items()}
    assert {name: findings["Violation"] for name, findings in found.items() if "Violation" in findings} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "said", "instead"),
    [
        (LATEST, "xsd:nonNegativeInteger", "xsd:decimal"),
        (OLDER, "xsd:decimal", "xsd:nonNegativeInteger"),
        (LATEST, "xsd:hexBinary", "xsd:string"),
        (LATEST, "file-type/CSV", "file-type/NO_SUCH_TYPE"),
        (OLDER, "frequency/MONTHLY", "frequency/SOMETIMES"),
        (LATEST, "language/ZHO", "language/XXX"),
        (OLDER, "dcat:accessURL", "dcat:landingPage"),
        (LATEST, "foaf:name", "foaf:nick"),
    ],
)
def test_the_shapes_notice_what_is_wrong(standards: Path, profile: Profile, said: str, instead: str) -> None:
    text = write_one(FULL, profile=profile).decode()
    assert said in text
    assert "Violation" in find_findings(parse(text.replace(said, instead).encode()), standards, profile.id)


@pytest.mark.slow
def test_the_datasets_of_the_demo_violate_no_shape(standards: Path, tmp_path: Path) -> None:
    services = make_services(tmp_path / "instance")
    filled = fill_demo(services, CHECKOUT / "schemas", CHECKOUT / "datasets")
    assert filled.published == filled.datasets > 5
    assert list(list_violations(services, standards)) == []
    services.database.dispose()


@pytest.mark.slow
def test_real_packages_violate_no_shape(standards: Path, realdata: Path, tmp_path: Path) -> None:
    services = make_services(tmp_path / "instance")
    for name in REAL:
        assert services.imports.import_package(SYSTEM, str(realdata / "datapackages" / name)).created
    assert list(list_violations(services, standards)) == []
    services.database.dispose()


def list_violations(services: Services, standards: Path) -> Iterator[str]:
    """What the shapes find in the catalogue of an instance, its datasets and its newest versions, in both profiles."""
    with lend_app(services) as app:
        client = app.test_client()
        addresses = ["/catalog.ttl"]
        for entry in services.entries.iterate():
            addresses += [f"/datasets/{entry.id}.ttl", f"/datasets/{entry.id}/{entry.version}/dcat.ttl"]
        for profile in (LATEST, OLDER):
            for address in addresses:
                answer = client.get(f"{address}?profile={profile.id}")
                assert answer.status_code == 200
                yield from find_findings(parse(answer.data), standards, profile.id).get("Violation", [])
