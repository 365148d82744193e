"""Random lives of publishers: what merges, splits, moves and closes must always leave true."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from opendata.db.models import Dataset, Grant, Token, User
from opendata.domain.offices.tree import MAX_DEPTH, list_above
from opendata.errors import InvalidMetadataError, StateError
from opendata.services.access.tokens import TokenOptions
from opendata.services.catalogue.publishers import follow_publishers, read_parents
from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import make_actor, make_services, make_tables
from tests.selection import examples

PUBLISHERS = tuple(f"p{number}" for number in range(6))
DATASETS = tuple(f"d{number}" for number in range(5))
ACCOUNTS = tuple(f"a{number}" for number in range(4))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CONDITIONAL = {"attribute": "conditional", "reason": "第三方权益", "legalBasis": "条例第十五条"}

PUBLISHER, DATASET, ACCOUNT = st.sampled_from(PUBLISHERS), st.sampled_from(DATASETS), st.sampled_from(ACCOUNTS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), PUBLISHER, st.none() | PUBLISHER),
        st.tuples(st.just("merge"), st.sets(PUBLISHER, min_size=1, max_size=3), PUBLISHER),
        st.tuples(
            st.just("split"),
            PUBLISHER,
            st.tuples(st.dictionaries(DATASET, PUBLISHER), st.dictionaries(ACCOUNT, PUBLISHER), PUBLISHER),
        ),
        st.tuples(st.just("move"), st.dictionaries(DATASET, PUBLISHER, min_size=1, max_size=3), st.none()),
        st.tuples(st.just("close"), PUBLISHER, st.booleans()),
    ),
    max_size=12,
)


class Clock:
    """A clock that goes on by an hour at each step."""

    now = BEGIN

    def __call__(self) -> datetime:
        return self.now


def make_house(home: Path, clock: Clock) -> Services:
    make_services(home).database.dispose()
    services = build_services(Settings(home=home, review="none"), clock=clock)
    make_tables(services)
    for name in PUBLISHERS:
        services.publishers.create(SYSTEM, {"id": name, "title": name})
    for number, name in enumerate(DATASETS):
        owner = PUBLISHERS[number % 3]
        services.datasets.create(SYSTEM, {"id": name, "title": name, "publisher": owner, "disclosure": CONDITIONAL})
    for number, name in enumerate(ACCOUNTS):
        make_actor(services, name, publisher=PUBLISHERS[number % 3])
        services.accounts.create_token(name, options=TokenOptions(publisher=PUBLISHERS[number % 3]))
    grant = {"holder": "规划院", "purpose": "规划", "until": "2027-01-01"}
    for holder in PUBLISHERS[:3]:
        services.grants.give(SYSTEM, "d4", {**grant, "publisher": holder})
    return services


def act(services: Services, verb: str, who: object, what: object) -> bool:
    """Do one step; False where it is refused."""
    reason = f"{verb}"
    try:
        if verb == "place":
            services.publishers.update(SYSTEM, str(who), {"parent": what})
        elif verb == "merge":
            services.succession.merge(SYSTEM, who, str(what), reason=reason)  # type: ignore[arg-type]
        elif verb == "split":
            datasets, accounts, rest = what  # type: ignore[misc]
            own = services.succession.show(SYSTEM, str(who))
            services.succession.split(
                SYSTEM,
                str(who),
                datasets={item.id: datasets[item.id] for item in own.datasets if item.id in datasets},
                accounts={name: accounts[name] for name in own.accounts if name in accounts},
                rest=rest,
                reason=reason,
            )
        elif verb == "move":
            services.succession.move(SYSTEM, who, reason=reason)  # type: ignore[arg-type]
        else:
            decide = services.succession.reopen if what else services.succession.close
            decide(SYSTEM, str(who), reason=reason)
    except (InvalidMetadataError, StateError):
        return False
    return True


def read_access(services: Services) -> dict[str, tuple[set[str], set[str], bool]]:
    """What each account may edit, by itself and by its token, and whether it has a grant of its publisher."""
    with services.database.unit() as session:
        owners = {row.id: row.publisher_id for row in session.scalars(select(Dataset))}
        users = {row.name: row for row in session.scalars(select(User))}
        limits = {row.user_id: row.publisher_id for row in session.scalars(select(Token))}
        holders = {row.publisher_id for row in session.scalars(select(Grant))}
    return {
        name: (
            {dataset for dataset, owner in owners.items() if owner == row.publisher_id},
            {dataset for dataset, owner in owners.items() if owner == limits[row.id]},
            row.publisher_id in holders,
        )
        for name, row in users.items()
    }


def owner_at(begun: str, moves: list[dict[str, str]], when: datetime) -> str:
    """Which publisher a dataset had at a time, told from its history alone."""
    found = begun
    for move in moves:
        if datetime.fromisoformat(move["at"]) <= when:
            assert move["source"] == found
            found = move["target"]
    return found


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_happens_each_dataset_has_one_living_publisher_and_its_history_says_where_it_was(
    steps: list[tuple[str, object, object]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        services = make_house(Path(folder) / "instance", clock)
        begun = {name: PUBLISHERS[number % 3] for number, name in enumerate(DATASETS)}
        seen: list[tuple[datetime, dict[str, str]]] = []
        for verb, who, what in steps:
            clock.now += timedelta(hours=1)
            before = read_access(services)
            is_done = act(services, verb, who, what)
            after = read_access(services)
            if not is_done:
                assert after == before
            if verb == "merge":
                for name, (own, by_token, has_grant) in before.items():
                    assert own <= after[name][0]
                    assert by_token <= after[name][1]
                    assert after[name][2] or not has_grant
            with services.database.unit() as session:
                owners = {row.id: row.publisher_id for row in session.scalars(select(Dataset))}
                parents = read_parents(session)
            seen.append((clock.now, owners))
            living = {item.id for item in services.publishers.list_all() if item.ended is None}
            assert set(owners.values()) <= living
            assert all(len(list_above(parents, name)) < MAX_DEPTH for name in parents)
            assert all(name not in list_above(parents, name) for name in parents)
            for name in living:
                assert parents[name] is None or parents[name] in living
        moves = {name: list(services.datasets.get(name, SYSTEM).moves) for name in DATASETS}
        for when, owners in seen:
            for name, owner in owners.items():
                assert owner_at(begun[name], moves[name], when) == owner  # type: ignore[arg-type]
        # A publisher that has ended says where it went, and what went on from there is found by its name.
        with services.database.unit() as session:
            for item in services.publishers.list_all():
                others = set((item.ending or {}).get("others", ()))
                assert item.id not in others
                if others:
                    assert set(follow_publishers(session, [item.id])).isdisjoint({item.id})
        services.database.dispose()
