"""What a portal has about a year for the text of the annual report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualFacts:
    """Numbers of a publisher or of all.

    In the year: datasets and versions published first, downloads, requests of all kinds but applications with their
    replies, duties that were due. On `day`: open datasets, entries of the basic catalogue and those that a dataset
    fulfils, what is late or lacks a ground.
    """

    year: int
    day: date
    datasets: int
    first_published: int
    versions: int
    downloads: int
    entries: int
    fulfilled: int
    applications: int
    carried_in: int
    concluded: int
    carried_out: int
    asked: int
    replied: int
    on_time: int
    duties: int
    duties_kept: int
    duties_late: int
    plans_missed: int
    no_ground: int
    requests_late: int
