"""Duties of the ledger that are fulfilled by what the portal itself publishes for a publisher and a year."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Obligation
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context


def select_yearly(
    session: Session, rules: Collection[str], year: int, publishers: Collection[str]
) -> Sequence[Obligation]:
    """The duties of publishers by some rules about a year, what is due first first."""
    query = select(Obligation).where(
        Obligation.rule_id.in_(rules), Obligation.period == str(year), Obligation.publisher_id.in_(publishers)
    )
    return session.scalars(query.order_by(Obligation.due, Obligation.id)).all()


def finish_yearly(context: Context, session: Session, actor: Actor, rows: Collection[Obligation], path: str) -> None:
    """Fulfil those that are open by what is published at a path of the portal."""
    base = context.settings.base_url
    for row in rows:
        if row.done_on is None and row.waived_on is None:
            row.done_on, row.changed = context.today(), context.now()
            row.evidence = {"url": f"{base}{path}"} if base else {"text": path}
            row.pauses = [{**item, "end": item.get("end") or row.done_on.isoformat()} for item in row.pauses]
            details = {"day": row.done_on.isoformat(), "evidence": row.evidence}
            context.log(session, actor, "finish-duty", "obligation", str(row.id), **details)
