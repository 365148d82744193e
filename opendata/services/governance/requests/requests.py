"""All that skins ask about requests, built once."""

from __future__ import annotations

from dataclasses import dataclass

from opendata.services.access.grants import Grants
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.stops import Stops
from opendata.services.core.context import Context
from opendata.services.governance.requests.asking import Asking
from opendata.services.governance.requests.board import Board
from opendata.services.governance.requests.figures import Figures
from opendata.services.governance.requests.following import Following
from opendata.services.governance.requests.handling import Handling
from opendata.services.governance.requests.keeping import Keeping
from opendata.services.governance.requests.replying import Replying


@dataclass(frozen=True, slots=True)
class Requests:
    """Asking, following, handling, the board, the figures, and what is done from time to time."""

    asking: Asking
    following: Following
    handling: Handling
    board: Board
    figures: Figures
    keeping: Keeping


def build_requests(context: Context, manifests: Manifests, grants: Grants, stops: Stops) -> Requests:
    """The services of requests."""
    return Requests(
        Asking(context, manifests),
        Following(context),
        Handling(context, stops, Replying(context, grants)),
        Board(context),
        Figures(context),
        Keeping(context),
    )
