"""The tables of the database as files of a backup: rows as JSON, one a line."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Date, DateTime, LargeBinary, Table, func, null, select, text
from sqlalchemy.orm import Session

from opendata.db.models import Dataset
from opendata.db.models.catalogue import index_metadata

_AT_ONCE = 500


def dump_table(session: Session, table: Table, folder: Path) -> dict[str, Any]:
    """Write the rows of a table, one JSON object a line; how many, and the digest of the file."""
    hashed, rows = hashlib.sha256(), 0
    order = list(table.primary_key)
    with (folder / f"{table.name}.jsonl").open("wb") as file:
        for row in session.execute(select(table).order_by(*order).execution_options(yield_per=_AT_ONCE)):
            values = {key: _plain(value) for key, value in row._mapping.items()}
            line = json.dumps(values, ensure_ascii=False).encode() + b"\n"
            file.write(line)
            hashed.update(line)
            rows += 1
        file.flush()
        os.fsync(file.fileno())
    return {"rows": rows, "sha256": hashed.hexdigest()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value  # a moment is a date too


def load_table(session: Session, table: Table, file: Path) -> None:
    """Put the rows of a file into a table; nothing where there is no such file."""
    times = [column.name for column in table.columns if isinstance(_type_of(column), DateTime)]
    days = [column.name for column in table.columns if isinstance(_type_of(column), Date)]
    documents = [column.name for column in table.columns if isinstance(_type_of(column), JSON)]
    files = [column.name for column in table.columns if isinstance(_type_of(column), LargeBinary)]
    if not file.exists():
        return  # the backup is older than the table
    with file.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            row |= {name: datetime.fromisoformat(row[name]) for name in times if row.get(name) is not None}
            row |= {name: date.fromisoformat(row[name]) for name in days if row.get(name) is not None}
            row |= index_metadata(row["meta"]) if table is Dataset.__table__ else {}  # an older backup hasn't got them
            row |= {name: null() for name in documents if name in row and row[name] is None}
            row |= {name: base64.b64decode(row[name]) for name in files}
            session.execute(table.insert().values(**row))
    if (
        session.get_bind().dialect.name == "postgresql"
        and "id" in table.columns
        and table.c.id.autoincrement is not False
    ):
        last = session.scalar(select(func.max(table.c.id)))
        if isinstance(last, int):
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})"))


def _type_of(column: Any) -> Any:
    """The type beneath our own ones."""
    return getattr(column.type, "impl_instance", None) or getattr(column.type, "impl", column.type)
