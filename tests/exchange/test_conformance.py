"""The points of entries: all of them where everything is said, and what is lost names what wins it."""

from __future__ import annotations

from dataclasses import replace

from opendata.domain.catalogue.conformance import MOST, Scheme, name_band, rank_gains, sum_points
from opendata.exchange.conformance.scoring import score
from opendata.metadata.properties.reading import load_profile
from opendata.wording.conformance import INDICATORS
from tests.exchange.samples import ALL, ARCHIVED, CLOSED, CONDITIONAL, EXTERNAL, FULL, LEAST


def test_an_entry_that_says_everything_wins_everything() -> None:
    scored = score(FULL)
    assert sum_points(scored) == (MOST, MOST)
    assert [item.code for item in scored if item.lost] == ["columns"]
    assert [item.field for item in rank_gains(scored)] == ["columns"]
    assert sum_points(score(ARCHIVED)) == (MOST, MOST)


def test_a_title_alone_wins_what_our_documents_always_say() -> None:
    scored = score(LEAST)
    points, most = sum_points(scored)
    assert most == MOST
    assert points == 10 + 5 + 10 + 5 + 5
    gains = rank_gains(scored)
    assert gains[0].rate >= gains[-1].rate
    assert {"keywords", "themes", "licenses", "description", "contactPoint", "resources"} <= {i.field for i in gains}


def test_nobody_is_asked_to_fill_in_what_may_not_be_public() -> None:
    for entry in (CLOSED, replace(CONDITIONAL, public=frozenset())):
        assert "resources" not in {item.field for item in rank_gains(score(entry))}
        assert sum_points(score(entry))[0] == MOST - 185
    assert sum_points(score(CONDITIONAL)) == (MOST, MOST)


def test_files_at_another_portal_count_and_nobody_is_asked_to_upload_them_here() -> None:
    lost = {item.code for item in score(EXTERNAL) if item.lost}
    assert not lost & {"access-url", "download-url", "format", "machine-readable", "byte-size", "distribution", "item"}
    assert "resources" not in {item.field for item in rank_gains(score(EXTERNAL))}
    gone = replace(EXTERNAL, dead=frozenset(item.address for item in EXTERNAL.external))
    assert {"access-url", "byte-size", "distribution"} <= {item.code for item in score(gone) if item.lost}


def test_each_part_counts_once() -> None:
    metadata = replace(FULL.metadata, keywords=(), licenses=({"name": "DB37-T-3523.5"},))
    points, _ = sum_points(score(replace(FULL, metadata=metadata)))
    assert points == MOST - 30 - 10


def test_all_that_is_named_exists() -> None:
    known = set(load_profile().properties) | {"resources", "columns", ""}
    for entry in ALL:
        for item in score(entry):
            assert item.field in known
            assert item.code in INDICATORS
            assert item.minutes or not item.field
    assert {item.scheme for item in score(FULL)} == set(Scheme)
    assert [name_band(points) for points in (405, 351, 350, 221, 220, 121, 120, 0)] == [
        *("excellent", "excellent", "good", "good", "sufficient", "sufficient", "bad", "bad")
    ]
