"""How calls come in and answers go out: paths, bodies of all kinds, the envelope, errors, other origins, JSONP.

An answer never depends on who asks: only what is public is in it. Source: ckan/views/api.py of CKAN 2.10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from opendata import errors
from opendata.api.ckan.actions import ACTIONS, PRIVATE, WRITES
from opendata.api.core.current import absolute
from opendata.exchange.ckan.faults import AbsentError, CkanError, DeniedError, ParameterError, RequestError
from opendata.metering import charge
from opendata.problems import choose_voice, note_refusal, status_of
from opendata.services.access.pace import Allowance

MOST_BYTES = 256 * 1024
"""The largest body of a call."""

_JSON = "application/json;charset=utf-8"
_SCRIPT = "application/javascript;charset=utf-8"
_CALLBACK = re.compile(r"[A-Za-z0-9_.$]{1,100}", re.ASCII)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_ALLOWED = "Authorization, X-CKAN-API-Key, X-CKAN-API-KEY, Content-Type"
_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RawJson:
    """A result that is JSON already."""

    text: str


class BusyError(CkanError):
    """The portal has no time for a call now."""

    def __init__(self, error: errors.OpendataError, status: int) -> None:
        super().__init__(choose_voice().say_error(error))
        self.status = status
        self.kind = "Rate Limit Error" if status == 429 else "Service Unavailable"
        self.seconds = getattr(error, "seconds", _RETRY_SECONDS)


def answer(name: str) -> Response:
    """Answer a call."""
    try:
        found = _write_success(name, _call(name))
    except RequestError as error:
        return _send(json.dumps(error.text, ensure_ascii=False), error.status)
    except CkanError as error:
        return _send_error(name, error)
    except errors.OpendataError as error:
        return _send_error(name, translate(error))
    except RequestEntityTooLarge:
        told = RequestError(f"JSON Error: the body has more than {MOST_BYTES:,} bytes")
        return _send(json.dumps(told.text), told.status)
    except Exception:
        current_app.logger.exception("%s %s", request.method, request.path)
        return _send_error(name, CkanError("Internal Server Error"))
    return _send(found, 200)


def translate(error: errors.OpendataError) -> CkanError:
    """What an error of the portal is called here."""
    text = choose_voice().say_error(error)
    note_refusal(current_app, error)
    if isinstance(error, errors.RateLimitError):
        g.allowance = Allowance(error.policy, error.limit, 0, error.seconds)
    if isinstance(error, errors.WaitError | errors.BackendError):
        return BusyError(error, status_of(error))
    if isinstance(error, errors.NotPublicError | errors.NotPermittedError | errors.NotSignedInError):
        return DeniedError(text)
    if isinstance(error, errors.NotFoundError | errors.WithdrawnError | errors.SuspendedError):
        return AbsentError(text)
    if isinstance(error, errors.InputError | errors.StateError):
        return ParameterError("query", text)
    current_app.logger.error("%s: %s", request.path, error)
    return CkanError("Internal Server Error")


def allow_origins(response: Response) -> Response:
    """Programs in any web page may read what is public."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response.headers["Access-Control-Allow-Headers"] = _ALLOWED
    response.headers["Access-Control-Max-Age"] = "86400"
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


def read_parameters() -> dict[str, Any]:
    """The parameters of a call, wherever they are. Raises `RequestError`."""
    if request.method != "POST" or request.query_string:
        return _flatten(request.args.to_dict(flat=False))
    request.max_content_length = MOST_BYTES
    data = request.get_data(cache=True)
    if not data.strip():
        return {}
    if request.mimetype in _FORMS:
        return _read_form(data)
    return _read_json(data)


def _call(name: str) -> Any:
    if name in WRITES:
        _refuse_write()
    if name in PRIVATE:
        charge("light")
        raise DeniedError("accounts and settings aren't public here")
    found = ACTIONS.get(name)
    if found is None:
        raise RequestError(f"Action name not known: {name[:100]}")
    charge(found.cost)
    parameters = read_parameters()
    if request.method == "GET":
        parameters.pop("callback", None)
    return found.run(parameters)


def _refuse_write() -> NoReturn:
    charge("light")
    if request.method != "POST":
        raise RequestError("JSON Error: Invalid request. Please use POST method for your request")
    raise DeniedError(f"nothing can be changed here. This portal has its own API for that: {absolute('/api/docs')}")


def _read_form(data: bytes) -> dict[str, Any]:
    if request.mimetype == _FORMS[0] and data.lstrip().startswith(b"{"):  # the old way of curl
        text = data.strip().removesuffix(b"=1").removesuffix(b"=")
        try:
            return _read_json(text)
        except RequestError:
            pass
    form = request.form.to_dict(flat=False)
    if len(form) == 1:
        ((key, values),) = form.items()
        if values in ([""], ["1"]) and key.lstrip().startswith(("{", "[")):
            return _read_json(key.encode("utf-8", "replace"))
    return _flatten(form)


def _read_json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise RequestError("JSON Error: Error decoding JSON data. It isn't UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise RequestError(f"JSON Error: Error decoding JSON data. Error: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise RequestError("JSON Error: Request data JSON decoded to something that isn't an object")
    return found


def _flatten(found: Mapping[str, list[str]]) -> dict[str, Any]:
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _write_success(name: str, result: Any) -> str:
    text = result.text if isinstance(result, RawJson) else json.dumps(result, ensure_ascii=False)
    return f'{{"help": {json.dumps(_link_help(name))}, "success": true, "result": {text}}}'


def _send_error(name: str, error: CkanError) -> Response:
    told: dict[str, Any] = {"__type": error.kind}
    told |= {key: list(value) for key, value in error.fields.items()} if error.fields else {"message": error.text}
    document = {"help": _link_help(name), "success": False, "error": told}
    response = _send(json.dumps(document, ensure_ascii=False), error.status)
    if isinstance(error, BusyError):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _send(text: str, status: int) -> Response:
    text = text.encode("utf-8", "replace").decode()
    callback = request.args.get("callback", "") if request.method == "GET" else ""
    if request.headers.get("Sec-Fetch-Site") == "same-origin":  # pages of ours run no script that data could make
        callback = ""
    if callback and _CALLBACK.fullmatch(callback):
        script = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        response = Response(f"/**/{callback}({script});", status)
        response.headers["Content-Type"] = _SCRIPT
    else:
        response = Response(text, status)
        response.headers["Content-Type"] = _JSON
    response.headers["Cache-Control"] = "no-cache" if status == 200 else "no-store"
    return response


def _link_help(name: str) -> str:
    return absolute(f"/api/3/action/help_show?name={name[:100]}")
