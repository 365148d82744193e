"""What a draft keeps of a file that can't be used: no data, and a report that says why."""

from __future__ import annotations

from typing import Any

from opendata.db.models import DraftAttachment, DraftResource
from opendata.domain.findings import Finding
from opendata.tables.report.report import TaskReport, store_task


def refuse_table(resource: DraftResource, why: Finding) -> None:
    """Note that no table comes out of a file."""
    task = TaskReport(name=resource.name, place=resource.file, bytes=resource.upload_bytes, sha256=resource.upload)
    task.add(why)
    resource.checked, resource.valid, resource.rows = True, False, 0
    resource.report, resource.profile = store_task(task.describe()), []
    resource.findings = resource.csv = resource.parquet = resource.plain = resource.texts = None
    resource.part_csv = resource.part_parquet = resource.parts = resource.texts_of = resource.marks = None
    resource.published_schema = resource.proposed_schema = resource.changes = None


def refuse_attachment(attachment: DraftAttachment, why: Finding) -> dict[str, Any]:
    """The report on an attachment that can't be used."""
    task = TaskReport(name=attachment.name, place=attachment.file, bytes=attachment.upload_bytes)
    task.add(why)
    return store_task(task.describe())
