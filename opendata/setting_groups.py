"""How a setting is declared, and the settings that belong together: each group is a base of `Settings`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from opendata.errors import N_, UsageError
from opendata.setting_values import variable_of


def declare(default: object, about: str, *, unit: str = "", secret: bool = False, has_password: bool = False) -> Any:
    """A setting. One that is a secret, or an address that may have a password in it, isn't in any `repr`."""
    metadata = {"about": about, "unit": unit, "secret": secret}
    return field(default=default, repr=not (secret or has_password), metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenidSettings:
    """Signing in through another system (OpenID Connect)."""

    oidc_issuer: str = declare(
        "",
        "Address of the system through which people may sign in (OpenID Connect), exactly as its discovery document"
        " names it, such as https://login.example.org/realms/gov; empty: none.",
    )
    oidc_client_id: str = declare("", "What that system calls the portal (client ID).")
    oidc_client_secret: str = declare(
        "", "The portal's secret at that system; empty: it is a public client.", secret=True
    )
    oidc_name: str = declare("", "What the button calls that system; empty: its host.")
    oidc_create: bool = declare(
        False,
        "Whether people whom that system knows, and the portal doesn't, get a reader's account when they first sign"
        " in.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSettings(OpenidSettings):
    """What is seen of the instance from outside, and how a node of it is taken out of service."""

    metrics_port: int = declare(
        0,
        "Port of this machine (127.0.0.1) at which figures for Prometheus are given at `/metrics`; 0: none.",
        unit="port",
    )
    metrics_token: str = declare(
        "",
        "Bearer token with which `/metrics` of the portal itself gives these figures; empty: that address answers 404.",
        secret=True,
    )
    log: str = declare(
        "",
        "`json` or `text`: log a line for each request and each job, in this form; empty: only what goes wrong, as"
        " text.",
    )
    otel: str = declare(
        "",
        "`on`: send traces by OpenTelemetry, as the variables `OTEL_*` say; `off`: never; empty: if"
        " `OTEL_EXPORTER_OTLP_ENDPOINT` is set.",
    )
    drain_seconds: int = declare(
        0,
        "After SIGTERM, how long `opendata serve` still serves while `/readyz` says that it isn't ready, so that the"
        " web server in front stops sending; 0: not at all.",
        unit="seconds",
    )
    finish_seconds: int = declare(
        20,
        "After that, how long requests and drafts at hand may take to finish. Requests are then cut off; drafts go to"
        " another worker.",
        unit="seconds",
    )

    @property
    def gives_figures(self) -> bool:
        """Whether processes count for Prometheus."""
        return bool(self.metrics_port or self.metrics_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceSettings(SeenSettings):
    """Who answers for what: the inventory, duties, requests, the portal's own lists. One group is built on another."""

    lists_publisher: str = declare(
        "", "The publisher under whose name the portal publishes its own lists every day; empty: it publishes none."
    )
    index_number: str = declare(
        "{uscc}/{year}-{serial}",
        "Pattern of the index numbers that items of the inventory get, from `{uscc}` (the publisher's unified social"
        " credit code), `{organisation}` (the nine characters of the organisation in it), `{year}`, `{month}` and"
        " `{serial}`.",
    )
    remind_days: int = declare(
        5, "How many working days before a duty is due people are reminded by mail.", unit="working days"
    )
    access_days: int = declare(
        15, "How long a publisher may take to answer an application for data.", unit="working days"
    )
    objection_days: int = declare(3, "How long a publisher may take to answer an objection.", unit="working days")
    asker_days: int = declare(180, "How long the portal keeps who made a request, after it ends.", unit="days")


def parse_issuer(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The address of another system: encrypted, unless it is this machine. Raises `UsageError`."""
    host = r"[A-Za-z0-9.-]+(:[0-9]{1,5})?"
    if not re.fullmatch(rf"(https://{host}|http://(localhost|127\.0\.0\.1)(:[0-9]{{1,5}})?)(/[^?#\s]*)?", text):
        raise UsageError(
            N_(
                "%(variable)s must be an address such as https://login.example.org/realms/gov, not “%(value)s”."
                " Without encryption (http) it can only be on this machine"
            ),
            variable=variable_of(name),
            value=re.sub(r"(?<=://).*@", "…@", text)[:100],
        )
    return text
