"""What the form for metadata proposes: from what is typed, from the last version, from the publisher's last dataset."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import select

from opendata.db.models import Dataset
from opendata.domain.meaning.periods import read_period, span_periods
from opendata.errors import N_, NotFoundError, NotPublicError, SuspendedError, WithdrawnError
from opendata.metadata.expectation import learn_cycle
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.properties.proposing import Column, Proposal, propose
from opendata.metadata.properties.reading import load_profile
from opendata.services.catalogue.editions import Editions
from opendata.services.catalogue.publishers import Publishers
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView

_MOST_LOOKED_AT = 20
"""At most this many datasets of the publisher are searched for a contact."""


class Proposals:
    """Proposes what a property may say, for those who fill in the form."""

    def __init__(self, context: Context, publishers: Publishers, versions: Versions, editions: Editions) -> None:
        self._context = context
        self._publishers = publishers
        self._versions = versions
        self._editions = editions

    def propose(
        self, actor: Actor, texts: Sequence[str], *, dataset: DatasetView | None, publisher: str
    ) -> dict[str, Proposal]:
        """By the name of its property what can be proposed: `texts` are the title and the keywords as they are now."""
        columns = self._list_columns(actor, dataset) if dataset is not None else ()
        name = self._name_publisher(publisher)
        found = dict(propose(load_profile(), texts, name, columns))
        cycle = self._find_cycle(dataset) if dataset is not None else None
        found |= {"updateCycle": cycle} if cycle is not None else {}
        contact = self._find_contact(actor, dataset, publisher)
        return {**found, "contactPoint": contact} if contact else found

    def _list_columns(self, actor: Actor, dataset: DatasetView) -> Sequence[Column]:
        """The columns of the last version that this actor may look into."""
        if dataset.latest is None:
            return ()
        found = []
        for table in self._versions.get_manifest(dataset.id, dataset.latest).tables:
            titles = {field.name: field.title for field in table.schema.fields}
            with suppress(NotFoundError, NotPublicError, SuspendedError, WithdrawnError):
                columns = self._versions.get_profile(dataset.id, dataset.latest, table.name, actor)
                found += [Column(table.name, titles.get(item["name"], ""), item) for item in columns]
        return found

    def _find_cycle(self, dataset: DatasetView) -> Proposal | None:
        """The update cycle that the periods of the editions so far follow."""
        periods = [period for text in self._editions.list_periods(dataset.id) if (period := read_period(text))]
        cycle = learn_cycle(periods)
        whole = span_periods(periods)
        if cycle is None or whole is None:
            return None
        reason = N_("the editions so far (%(period)s) follow each other like that")
        return Proposal(cycle, reason, {"period": whole.text})

    def _name_publisher(self, publisher: str) -> str:
        with suppress(NotFoundError):
            return self._publishers.get(publisher).title
        return ""

    def _find_contact(self, actor: Actor, dataset: DatasetView | None, publisher: str) -> Proposal | None:
        """The contact of that dataset of the publisher which was changed last and has one."""
        if find_identifier_fault("", publisher) or not actor.may_edit(publisher):
            return None
        query = select(Dataset).where(Dataset.publisher_id == publisher).order_by(Dataset.modified.desc())
        with self._context.read() as session:
            for row in session.scalars(query.limit(_MOST_LOOKED_AT)):
                contact = row.meta.get("contactPoint")
                if contact and (dataset is None or row.id != dataset.id):
                    reason = N_("the dataset “%(title)s” of the same publisher has it")
                    return Proposal(contact, reason, {"title": row.meta["title"]})
        return None
