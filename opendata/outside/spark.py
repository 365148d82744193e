"""Runs pieces of tables on a Spark cluster: each is a task of `mapInArrow`, and groups come together by its shuffle.

The machines of the cluster have this program installed, and see the folder of a table under the same path.
"""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from opendata.errors import N_, BackendError
from opendata.starting import admit_pandas
from opendata.tables.pieces.running import Gather, OnDone, Spread

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_SHOWN = 2000
"""Characters of what went wrong that the log has, at most."""

In = TypeVar("In")
Out = TypeVar("Out")

OPTIONS: Mapping[str, str] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.speculation": "false",
    "spark.driver.maxResultSize": "0",
}
"""What a session is opened with. A row is a piece, or the values of a key in one, so a batch has one."""


class ClusterRunner:
    """Works on pieces in the session of a cluster."""

    def __init__(self, session: Any, *, groups: int = 16) -> None:
        self._session = session
        self._groups = groups

    def map(self, work: Callable[[In], Out], items: Sequence[In], *, on_done: OnDone | None = None) -> Iterator[Out]:
        """What comes of each item, in order."""
        if not items:
            return
        given = [pickle.dumps(item) for item in items]
        task = partial(_map, pickle.dumps(work), given)

        def collect() -> Any:
            return self._list(len(items)).mapInArrow(task, "id long, data binary").collect()

        found = {row["id"]: row["data"] for row in self._run(collect, on_done)}
        for number in range(len(items)):
            yield pickle.loads(bytes(found.pop(number)))  # noqa: S301 - made by this program

    def group(
        self, spread: Spread, items: Sequence[Any], gather: Gather, *, on_done: OnDone | None = None
    ) -> Iterator[bytes]:
        """What comes of each group, in no order."""
        import pyarrow as pa

        if not items:
            return
        given = [pickle.dumps(item) for item in items]
        columns = "key long, place long, data binary"
        data = pickle.dumps(gather)

        def gather_group(table: Any) -> Any:
            return _gather(data, table)

        # pyspark looks at the types to know how a group is given.
        gather_group.__annotations__ = {"table": pa.Table, "return": pa.Table}
        task = partial(_spread, pickle.dumps(spread), given)

        def collect() -> Any:
            frame = self._list(len(items)).mapInArrow(task, columns).repartition(self._groups, "key")
            return frame.groupBy("key").applyInArrow(gather_group, "data binary").collect()

        for row in self._run(collect, on_done):
            yield bytes(row["data"])

    def count_rows(self, parquet: Sequence[str]) -> int:
        """How many rows Spark itself reads out of Parquet files."""
        return int(self._session.read.parquet(*parquet).count())

    def _list(self, count: int) -> Any:
        """The numbers of items, each a task of its own."""
        return self._session.range(0, count, 1, count)

    def _run(self, collect: Callable[[], Any], on_done: OnDone | None) -> Sequence[Any]:
        """The rows that tasks of the cluster have made. Raises `BackendError` where they failed."""
        stages: dict[int, int] = {}
        with ThreadPoolExecutor(1, thread_name_prefix="spark") as pool:
            waiting = pool.submit(collect)
            try:
                while not wait([waiting], _LOOK_SECONDS).done:
                    if on_done is not None:
                        stages |= self._count_tasks()
                        on_done(sum(stages.values()))
            except BaseException:
                self._session.sparkContext.cancelAllJobs()  # else it is waited for
                raise
        try:
            found: Sequence[Any] = waiting.result()
        except Exception as error:  # py4j has a class for each fault of Java's
            logger.warning("tasks of the Spark cluster failed: %s", str(error)[:_SHOWN])
            raise BackendError(
                N_("The Spark cluster couldn't check the table. The log of this machine says why.")
            ) from error
        return found

    def _count_tasks(self) -> dict[int, int]:
        """How many tasks of each stage at work have ended."""
        tracker = self._session.sparkContext.statusTracker()
        infos = {stage: tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()}
        return {stage: info.numCompletedTasks for stage, info in infos.items() if info is not None}


def _map(work: bytes, items: Sequence[bytes], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    function = pickle.loads(work)  # noqa: S301 - made by this program
    for batch in batches:
        for number in batch.column(0).to_pylist():
            found = pickle.dumps(function(pickle.loads(items[number])))  # noqa: S301
            yield pa.record_batch([pa.array([number], pa.int64()), pa.array([found], pa.binary())], ["id", "data"])


def _spread(spread: bytes, items: Sequence[bytes], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    function = pickle.loads(spread)  # noqa: S301 - made by this program
    for batch in batches:
        for number in batch.column(0).to_pylist():
            for key, place, data in function(pickle.loads(items[number])):  # noqa: S301
                numbers = [pa.array([value], pa.int64()) for value in (key, place)]
                yield pa.record_batch([*numbers, pa.array([data], pa.binary())], ["key", "place", "data"])


def _gather(gather: bytes, table: pa.Table) -> pa.Table:
    import pyarrow as pa

    ordered = table.sort_by("place")
    found = pickle.loads(gather)(ordered.column("data").to_pylist())  # noqa: S301 - made by this program
    return pa.table({"data": pa.array([found], pa.binary())})


@contextmanager
def open_cluster(url: str, options: Mapping[str, str] | None = None) -> Iterator[ClusterRunner]:
    """A session at the master of a cluster, closed at the end. Raises `BackendError` without one."""
    if find_spec("pyspark") is None:
        raise BackendError(N_("This program was installed without Spark. Install opendata[spark]."))
    admit_pandas()
    from pyspark.sql import SparkSession

    # Nothing of pandas is used, but pyspark looks for it.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        builder = SparkSession.builder.appName("opendata").master(url)
        for name, value in {**OPTIONS, **(options or {})}.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    except Exception as error:
        logger.warning("no session at the Spark master: %s", str(error).splitlines()[0])
        raise BackendError(N_("The Spark cluster doesn't answer. Check OPENDATA_SPARK_URL.")) from error
    try:
        yield ClusterRunner(session)
    finally:
        session.stop()
