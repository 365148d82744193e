"""From service times to throughput: asymptotic bounds and mean value analysis of a closed network of stations.

Source: Denning and Buzen, "The Operational Analysis of Queueing Network Models" (1978), for the utilisation law and the
bounds; Reiser and Lavenberg, "Mean-Value Analysis of Closed Multichain Queuing Networks" (1980), for the recursion.

    seconds at each station → a station of several cores is as many queues that share its work evenly
                            → X(N) = N / sum of R(N), R = D (1 + Q(N - 1)), Q = X R, from N = 1 up
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NODES = (1, 2, 3, 5, 10, 20, 50, 100)
CORES = {"a node": 2, "database": 8, "object store": 16, "queue": 1, "nginx": 4}
"""What each station has in the model; a node does both: serve readers and work at drafts."""

READERS_AT_ONCE = 16
"""So many requests each node has at hand: two processes with eight threads."""

DRAFTS_AT_ONCE = 2
FLUSH_SECONDS = 0.001
"""What a commit waits for a disk that PostgreSQL, as it was measured, didn't wait for."""

COMMITS = 12
"""So many changes of the audit log a publication makes, about."""

READING = {"page": 0.6, "REST": 0.3, "range of 1 MB": 0.1}


@dataclass(frozen=True, slots=True)
class Demands:
    """Seconds of a core: for each kind of request at each station, and what publications and machines take besides."""

    kinds: Mapping[str, Mapping[str, float]]
    lock: float
    follow: float
    follow_database: float
    idle_node: float
    idle_database: float


@dataclass(frozen=True, slots=True)
class Station:
    """One station: how many servers it has, and the seconds that a request takes of them in all."""

    name: str
    servers: int
    seconds: float

    @property
    def each(self) -> float:
        """The seconds of each server."""
        return self.seconds / self.servers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What so many nodes do."""

    throughput: float
    response: float
    bound: float
    first: str
    used: Mapping[str, float]


def list_stations(demands: Demands, mix: Mapping[str, float], nodes: int) -> Sequence[Station]:
    """The stations of so many nodes for an average request of a mix.

    What machines take while idle isn't there for requests: it makes them slower by that much.
    """
    taken: dict[str, float] = {}
    for kind, share in mix.items():
        for name, seconds in demands.kinds[kind].items():
            taken[name] = taken.get(name, 0.0) + share * seconds
    published = mix.get("publication", 0.0)
    # The first machine's own indexes are in the figure of a publication already.
    at_nodes = taken["web"] + taken["worker"] + published * (nodes - 1) * demands.follow
    at_database = taken["database"] + published * (nodes - 1) * demands.follow_database
    node_cores, cores = CORES["a node"], CORES["database"]
    return [
        Station("nodes", nodes * node_cores, at_nodes / (1 - demands.idle_node / node_cores)),
        Station("database", cores, at_database / max(1e-9, 1 - nodes * demands.idle_database / cores)),
        Station("object store", CORES["object store"], taken["object store"]),
        Station("queue", CORES["queue"], taken["queue"]),
        Station("nginx", CORES["nginx"], taken["nginx"]),
        Station("audit log's lock", 1, published * (demands.lock + COMMITS * FLUSH_SECONDS)),
    ]


def solve(stations: Sequence[Station], customers: int) -> Outcome:
    """Exact mean value analysis with so many requests at hand all the time."""
    queues = [0.0] * len(stations)
    throughput = response = 0.0
    for count in range(1, customers + 1):
        waits = [station.each * (1 + queue) for station, queue in zip(stations, queues, strict=True)]
        response = sum(station.servers * wait for station, wait in zip(stations, waits, strict=True))
        throughput = count / response
        queues = [throughput * wait for wait in waits]
    slowest = max(stations, key=lambda station: station.each)
    return Outcome(
        throughput,
        response,
        min(1 / slowest.each, customers / sum(station.seconds for station in stations)),
        slowest.name,
        {station.name: throughput * station.each for station in stations},
    )


def show_model(demands: Demands) -> None:
    """Print what 1 to 100 nodes do, and what is busiest."""
    print(f"model: cores {CORES}, {READERS_AT_ONCE} readers and {DRAFTS_AT_ONCE} drafts at once on each node")
    for title, mix, each in (
        ("reads", READING, READERS_AT_ONCE),
        ("publications", {"publication": 1.0}, DRAFTS_AT_ONCE),
    ):
        print(f"{'nodes':>5} {title + ' a second':>22} {'bound':>8} {'response':>10}  busiest stations")
        for nodes in NODES:
            found = solve(list_stations(demands, mix, nodes), each * nodes)
            busiest = sorted(found.used.items(), key=lambda item: -item[1])[:3]
            said = ", ".join(f"{name} {share:.0%}" for name, share in busiest)
            print(f"{nodes:5} {found.throughput:22.1f} {found.bound:8.1f} {1000 * found.response:7.0f} ms  {said}")
