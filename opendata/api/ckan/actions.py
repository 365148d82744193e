"""The actions by name: what each does, what its requests cost, and what `help_show` says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opendata.domain.access.costs import Cost
from opendata.exchange.ckan.parameters import Parameters

Run = Callable[[Parameters], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One call. Its documentation is that of the function."""

    run: Run
    cost: Cost = Cost.LIGHT

    @property
    def text(self) -> str:
        """What `help_show` says."""
        return (self.run.__doc__ or "").strip()


ACTIONS: dict[str, Action] = {}
"""Every action that reads."""

WRITES = frozenset(
    f"{subject}_{verb}"
    for subject, verbs in {
        "package": "create update patch delete revise resource_reorder collaborator_create collaborator_delete"
        " relationship_create relationship_update relationship_delete owner_org_update",
        "resource": "create update patch delete view_create view_update view_delete create_default_resource_views",
        "organization": "create update patch delete purge member_create member_delete",
        "group": "create update patch delete purge member_create member_delete",
        "dataset": "purge",
        "bulk_update": "private public delete",
        "member": "create delete",
        "tag": "create delete",
        "vocabulary": "create update delete",
        "user": "create update patch delete invite",
        "follow": "user dataset group",
        "unfollow": "user dataset group",
        "datastore": "create upsert delete records_delete function_create function_delete run_triggers",
        "api_token": "create revoke",
        "activity": "create",
        "rating": "create",
        "related": "create update delete",
        "term_translation": "update update_many",
        "task_status": "update update_many delete",
        "config_option": "update",
        "xloader": "submit hook",
        "datapusher": "submit hook",
    }.items()
    for verb in verbs.split()
)
"""The actions of CKAN that change something: none of them does here."""

PRIVATE = frozenset(
    """
    user_list user_show user_autocomplete api_token_list config_option_list config_option_show member_list
    member_roles_list package_collaborator_list job_list job_show
    """.split()  # noqa: SIM905 - so many words are read more easily so
)
"""The actions of CKAN that read what isn't public here: nobody's account is."""


def action(name: str, *names: str, cost: Cost = Cost.LIGHT) -> Callable[[Run], Run]:
    """Register the function below as an action, under further names too."""

    def register(run: Run) -> Run:
        for item in (name, *names):
            ACTIONS[item] = Action(run=run, cost=cost)
        return run

    return register


def list_help(name: str) -> str | None:
    """What `help_show` says of an action; None of one that there isn't."""
    if name in ACTIONS:
        return ACTIONS[name].text
    if name in WRITES:
        return "Changes something. This portal has its own API for that: see /api/docs"
    return "Not public here" if name in PRIVATE else None
