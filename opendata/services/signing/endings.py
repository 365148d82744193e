"""A change to what a draft carries ends its approval at once, and says so to its author and its reviewers."""

from __future__ import annotations

from collections.abc import Iterable

from opendata.db.models import Dataset, Draft
from opendata.domain.drafts import DraftState
from opendata.domain.review.checklist import Remark
from opendata.errors import N_
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.signing.signatures import add_comment, send_back
from opendata.wording.voice import voice_of

_CHANGED = N_(
    "%(name)s changed the dataset's metadata after the draft was submitted. Everything signed before is void."
    " Check the draft and submit it again"
)


def end_reviews(context: Context, dataset: Dataset, drafts: Iterable[Draft], actor: Actor, why: str = _CHANGED) -> None:
    """Return the drafts of a dataset that wait for approval or publication: what they carry has changed.

    One whose publication has begun carries what was approved. `why` is a text with the `name` of who changed it.
    """
    text = voice_of(context.settings.languages[0]).translate(why) % {"name": actor.name}
    for row in drafts:
        is_waiting = row.status in (DraftState.SUBMITTED, DraftState.APPROVED) or (
            row.status == DraftState.FAILED and row.wanted == "publish"
        )
        if is_waiting and row.sealed and row.id != dataset.publishing_id and row.target is None:
            send_back(row, context.clock(), text)
            add_comment(row, kind=Remark.ENDED, actor=actor.name, at=context.clock(), text=text)
            row.modified = context.clock()
            row.revision += 1
