"""The work on a draft as it is seen from outside: counted, logged, traced, with the request that asked for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opendata.db.models import Draft
from opendata.services.drafts.lease import Lease
from opendata.telemetry.instruments import FINDINGS, JOB_SECONDS, JOBS, count_statements
from opendata.telemetry.tracing import end_span, start_job_span
from opendata.telemetry.trail import Trail, begin_trail, end_trail

logger = logging.getLogger("opendata.jobs.seen")

DONE, HELD, FAILED, LOST, MEMORY = "done", "held", "failed", "lost", "memory"
"""How the work on a draft can end."""

_UNKNOWN = "unknown"


class SeenJob:
    """The work at hand. `outcome` is set by the code that finds out how it ends."""

    def __init__(self, draft: str) -> None:
        self.trail = Trail("", draft=draft)
        self.outcome = DONE
        self.work = _UNKNOWN

    def note(self, row: Draft) -> None:
        """Note what is wanted, and which request asked for it."""
        self.work = row.wanted or _UNKNOWN
        self.trail.request_id, self.trail.traceparent = row.request_id or "", row.traceparent or ""
        start_job_span(self.trail, f"{self.work} draft")


@contextmanager
def see_job(lease: Lease) -> Iterator[SeenJob]:
    """Have the work on a draft, within this, seen."""
    job, begun = SeenJob(lease.draft), time.perf_counter()
    token = begin_trail(job.trail)
    try:
        yield job
    finally:
        lease.end_stage()
        seconds = time.perf_counter() - begun
        JOBS.add(1, job.work, job.outcome)
        JOB_SECONDS.observe(seconds, job.work)
        count_statements(job.trail.statements, job.trail.statement_seconds)
        end_trail(token)
        job.trail.status = 0 if job.outcome in (DONE, HELD) else 500
        end_span(job.trail)
        trail = job.trail
        fields = {
            "draft": trail.draft,
            "request": trail.request_id,
            "trace": trail.trace_id,
            "work": job.work,
            "outcome": job.outcome,
            "ms": round(seconds * 1000, 1),
            "statements": trail.statements,
            "sqlMs": round(trail.statement_seconds * 1000, 1),
        }
        logger.info("job", extra={"fields": {name: value for name, value in fields.items() if value != ""}})


def count_findings(report: dict[str, Any]) -> dict[str, Any]:
    """Count what the check of a table has found; its report itself."""
    for strength, count in (("error", report["stats"]["errors"]), ("remark", len(report.get("remarks", ())))):
        if count:
            FINDINGS.add(count, strength)
    return report
