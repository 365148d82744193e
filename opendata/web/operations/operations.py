"""For machines that look after the portal: is it alive and ready, which keys sign, who takes security reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, jsonify, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.moments import format_time
from opendata.errors import N_, NotFoundError, NotSignedInError
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.sending.content import IMMUTABLE, describe_bytes, send
from opendata.services.monitoring.probes import NEEDED
from opendata.telemetry.draining import is_draining
from opendata.telemetry.exposing import CONTENT_TYPE, is_token
from opendata.web.core.instance import absolute_url, services

blueprint = Blueprint("operations", __name__)

_CONTACT_DAYS = 180
"""How long a copy of the contact may be used: less than a year, as the standard recommends."""


@blueprint.get("/healthz")
def show_health() -> Response:
    """The process answers."""
    return _plain("ok\n")


@blueprint.get("/readyz")
def show_readiness() -> Response:
    """Everything that readers need answers too; else a problem. Further lines say what hinders those who send.

    As JSON: what was found of each part.
    """
    if request.accept_mimetypes.best_match(["text/plain", "application/json"]) == "application/json":
        return _describe_parts()
    if is_draining():
        answer = _plain("draining: this node is being taken out of service\n")
        answer.status_code = 503
        return answer
    services().monitoring.probes.require_ready()
    health = services().health
    lines = ["ready"]
    fault = health.find_write_fault()
    if fault is not None:
        lines.append(f"nothing can be sent: {fault}")
    if health.has_scanner():
        lines.append("scanner: not answering, uploads are held" if health.find_scanner_fault() else "scanner: ready")
    if services().settings.sends_mail:
        lines.append("mail: not getting through" if services().outbox.is_stuck() else "mail: ready")
    return _plain("\n".join([*lines, ""]))


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Figures of all processes for Prometheus, for those who have the token; without one in the settings, nothing."""
    token = services().settings.metrics_token
    if not token:
        abort(404)
    if not is_token(request.headers.get("Authorization"), token):
        raise NotSignedInError(N_("This address needs the token of OPENDATA_METRICS_TOKEN"))
    return Response(
        services().monitoring.exposing.write(),
        headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "private, no-store"},
    )


@blueprint.get("/.well-known/opendata-keys.json")
def show_keys() -> Response:
    """The keys that sign what is published, oldest first, each vouched for by the one before it."""
    response = Response(json.dumps({"keys": list(services().keys.list())}), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/.well-known/opendata-records.json")
@cost_class("light")
def list_records() -> Response:
    """The paths of the signed records that no page gives as they are, such as those of the negative list."""
    found = services().public_records.list(request.args.get("cursor"))
    text = json.dumps({"items": [{"path": path} for path in found.items], "next": found.next})
    response = Response(text, mimetype="application/json", headers={"Cache-Control": "public, max-age=300"})
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/.well-known/opendata-records/<path:record>")
@cost_class("light")
def send_record(record: str) -> AnyResponse:
    """A signed record, exactly the bytes that are signed; with the suffix `.sig` its detached signature."""
    data = services().public_records.read(record)
    media_type = "text/plain; charset=utf-8" if record.endswith(".sig") else "application/json"
    return send(describe_bytes(data, media_type, IMMUTABLE))


@blueprint.get("/.well-known/security.txt")
def show_security_contact() -> Response:
    """Where to report weaknesses (RFC 9116)."""
    settings = services().settings
    if not settings.security_contact:
        raise NotFoundError(N_("This portal names no contact for reports of weaknesses"))
    expires = datetime.now(UTC).replace(hour=0, minute=0, second=0) + timedelta(days=_CONTACT_DAYS)
    lines = [
        *(f"Contact: {address}" for address in settings.security_contact),
        f"Expires: {format_time(expires)}",
        f"Preferred-Languages: {', '.join(settings.languages)}",
        f"Canonical: {absolute_url(url_for('operations.show_security_contact'))}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain", headers={"Cache-Control": "public, max-age=3600"})


def _describe_parts() -> Response:
    """Each part, whether it answers and in how many milliseconds."""
    parts, voice = services().monitoring.probes.list(), choose_voice()
    is_ready = not is_draining() and all(part.is_ok for part in parts if part.name in NEEDED)
    answer = jsonify(
        status="draining" if is_draining() else "ready" if is_ready else "unavailable",
        parts={
            part.name: {
                "ok": part.is_ok,
                "needed": part.name in NEEDED,
                "ms": round(part.seconds * 1000, 1),
                **({"detail": voice.say_error(part.fault)} if part.fault is not None else {}),
            }
            for part in parts
        },
    )
    answer.status_code = 200 if is_ready else 503
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
