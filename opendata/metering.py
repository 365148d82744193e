"""What a request costs, said in one line at its view: `@cost_class("rows")`, or `charge("heavy")` once that is known.

    @blueprint.get("/datasets/<dataset>/<version>/<resource>/chart.svg")
    @cost_class("rows")                    # below the route, so that the view itself is what is wrapped
    def send_chart(dataset, version, resource): …

The request is counted for its client, and answered with 429 beyond the limit of a minute. Queries (`rows`, `heavy`)
also wait until few enough others run, and count as running until their answer is made, one that streams until it is
sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import after_this_request, current_app, g, request
from werkzeug.wrappers import Response

from opendata.domain.access.costs import Cost

if TYPE_CHECKING:
    from opendata.wiring import Services

View = TypeVar("View", bound=Callable[..., Any])

COST = "opendata_cost"
"""The attribute of a view that names its class: the OpenAPI document tells from it which operations may be refused."""


def cost_class(name: str) -> Callable[[View], View]:
    """Have the requests of a view counted in this class: `light`, `tables`, `rows` or `heavy`."""
    cost = Cost(name)

    def mark(view: View) -> View:
        @wraps(view)
        def charged(*arguments: Any, **options: Any) -> Any:
            charge(cost)
            return view(*arguments, **options)

        setattr(charged, COST, cost)
        return cast("View", charged)

    return mark


def charge(name: str, *, tables: Sequence[tuple[str, str, str]] = ()) -> None:
    """Count the request at hand in a class. One that was charged before counts there too, and changes its slot.

    `tables` are the tables it reads (dataset, version, resource), where its address doesn't name them: a client that is
    refused is shown their files. Raises `RateLimitError`, `TooManyAtOnceError`, `OverloadedError`.
    """
    cost = Cost(name)
    services = cast("Services", current_app.extensions["opendata"])
    who, address = g.get("caller") or g.get("actor") or g.get("reader"), request.remote_addr or ""
    if cost is not Cost.CHANGES:
        g.bulk_tables = tables or _find_table()
    g.allowance = services.pace.count(cost, who, address)
    held: ExitStack | None = g.get("held_slot")
    if held is not None:
        held.close()
    elif cost.is_held:
        held = g.held_slot = ExitStack()
        after_this_request(_let_go)
    if held is not None and cost.is_held:
        held.enter_context(services.pace.hold(cost, who, address))


def charge_select(text: str, *, is_whole: bool = False) -> None:
    """Count a SELECT over public tables, which was charged as `rows`: joins and whole answers are `heavy`.

    Raises `InputError` for what is wrong with it, and as `charge`.
    """
    services = cast("Services", current_app.extensions["opendata"])
    sources, joins = services.queries.weigh_select(text)
    if is_whole or joins:
        charge(Cost.HEAVY, tables=[(item.dataset, item.version, item.resource) for item in sources])


def _find_table() -> Sequence[tuple[str, str, str]]:
    """The table that the address names."""
    parts = request.view_args or {}
    names = [str(parts.get(name) or "") for name in ("dataset", "version", "resource")]
    return [(names[0], names[1], names[2])] if all(names) else ()


def _let_go(response: Response) -> Response:
    held: ExitStack = g.held_slot
    if response.is_streamed and not response.direct_passthrough:
        response.call_on_close(held.close)
    else:
        held.close()
    return response
