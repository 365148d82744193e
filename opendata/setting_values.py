"""How the texts of settings become values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from opendata.errors import N_, UsageError

REVIEW_CHECKS = ("secrecy", "privacy", "wording", "timing", "method")
"""The checks of a review that there are, in the order in which pages show them."""

_FIXED_CHECKS = ("secrecy", "privacy")


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return f"OPENDATA_{name.upper()}"


S3_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99})*)/?")
"""The address of a bucket, or of what is in it below a prefix."""


def is_bucket(text: str) -> bool:
    """Whether the place of a store is an address, not a folder."""
    return text.startswith("s3://")


_LAST_PORT = 65535

_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def parse_plain(name: str, default: object, text: str, choices: Sequence[str] = ()) -> object:
    """A value of the type of the default; one or some of the choices, where there are any. Raises `UsageError`."""
    if isinstance(default, bool):
        return _BOOLEANS[_choose(name, text.lower(), tuple(_BOOLEANS))]
    if isinstance(default, int):
        if not re.fullmatch(r"0*[1-9][0-9]{0,14}", text):
            raise UsageError(
                N_("%(variable)s must be a whole number above 0, not “%(value)s”"),
                variable=variable_of(name),
                value=text[:100],
            )
        return int(text)
    if isinstance(default, tuple):
        parts = (part.strip() for part in text.split(","))
        return tuple(dict.fromkeys(_choose(name, part, choices) for part in parts))
    return _choose(name, text, choices) if choices else text


def parse_or_never(name: str, default: object, text: str) -> object:
    """A whole number, of which 0 means never, or no limit. Raises `UsageError`."""
    return 0 if re.fullmatch("0+", text) else parse_plain(name, default, text)


def parse_port(name: str, default: object, text: str) -> object:
    """A port to listen on; 0: none. Raises `UsageError`."""
    found = parse_or_never(name, default, text)
    if isinstance(found, int) and found > _LAST_PORT:
        raise UsageError(
            N_("%(variable)s must be a port, at most %(most)s, not “%(value)s”"),
            variable=variable_of(name),
            most=_LAST_PORT,
            value=text[:100],
        )
    return found


def parse_metrics_token(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """A token that nobody guesses. Raises `UsageError`, which doesn't name it."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,200}", text):
        raise UsageError(
            N_(
                "%(variable)s must have 16 to 200 letters, digits and characters of “._~+/=-”. Make one with:"
                " openssl rand -hex 32"
            ),
            variable=variable_of(name),
        )
    return text


def parse_review_checks(name: str, default: object, text: str) -> object:
    """Some of the checks of a review, among them those that can't be switched off. Raises `UsageError`."""
    found = parse_plain(name, default, text, REVIEW_CHECKS)
    missing = [check for check in _FIXED_CHECKS if isinstance(found, tuple) and check not in found]
    if missing:
        raise UsageError(
            N_("%(variable)s must include %(checks)s. These checks can't be switched off"),
            variable=variable_of(name),
            checks=", ".join(missing),
        )
    return found


def _choose(name: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise UsageError(
            N_("%(variable)s must be one of %(choices)s, not “%(value)s”"),
            variable=variable_of(name),
            choices=", ".join(choices),
            value=text,
        )
    return text


def parse_timezone(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """A time zone that this machine knows. Raises `UsageError`."""
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise UsageError(
            N_("%(variable)s must be a time zone such as Asia/Shanghai, not “%(value)s”"),
            variable=variable_of(name),
            value=text,
        ) from None
    return text


def parse_store(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """A folder, or the address of a bucket. Raises `UsageError`."""
    if is_bucket(text) and not S3_ADDRESS.fullmatch(text):
        raise UsageError(
            N_("%(variable)s must be a folder or an address such as s3://bucket/prefix, not “%(value)s”"),
            variable=variable_of(name),
            value=text[:100],
        )
    return text.rstrip("/") if is_bucket(text) else text


def parse_address(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """A web address without a final slash. Raises `UsageError`."""
    if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", text):
        raise UsageError(
            N_("%(variable)s must be a web address such as https://data.example.org, not “%(value)s”"),
            variable=variable_of(name),
            value=text,
        )
    return text.rstrip("/")


def parse_queue(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The address of a Redis. Raises `UsageError`."""
    if not re.fullmatch(r"(rediss?|unix)://\S+", text):
        raise UsageError(
            N_("%(variable)s must be an address such as redis://127.0.0.1:6379/0, not “%(value)s”"),
            variable=variable_of(name),
            value=text.rpartition("@")[2],  # the part before it is a password
        )
    return text


def parse_scanner(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The address of a clamd. Raises `UsageError`."""
    if not re.fullmatch(r"unix:/\S+|tcp://([^\s/:@]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}", text):
        raise UsageError(
            N_("%(variable)s must be an address such as unix:/run/clamav/clamd.ctl, not “%(value)s”"),
            variable=variable_of(name),
            value=text,
        )
    return text


def parse_mail(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The address of a mail server. Raises `UsageError`, which doesn't repeat the password."""
    host = r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    found = re.fullmatch(rf"(smtps?|smtp\+starttls)://([^\s/:@]+:[^\s/:@]+@)?{host}/?", text)
    if not found or int((found[4] or ":25")[1:]) not in range(1, 65536):
        raise UsageError(
            N_(
                "%(variable)s must be an address such as smtps://user:password@mail.example.org, not “%(value)s”. In"
                " name and password, write @ as %%40, : as %%3A, / as %%2F and %% as %%25"
            ),
            variable=variable_of(name),
            value=re.sub(r"(?<=://).*@|^.*@", "…@", text)[:100],
        )
    return text


def parse_sender(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The address that mail comes from, in ASCII so that every server takes it. Raises `UsageError`."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", text):
        raise UsageError(
            N_("%(variable)s must be an address such as noreply@data.example.org, not “%(value)s”"),
            variable=variable_of(name),
            value=text[:100],
        )
    return text


def parse_hosts(name: str, default: object, text: str) -> tuple[str, ...]:  # noqa: ARG001 - all take the same
    """Hosts, each with a port if it has one. Raises `UsageError`."""
    message = N_("%(variable)s must list hosts such as data.example.org or 10.0.0.5:8000, not “%(value)s”")
    host = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
    return _split(name, text.lower(), message, lambda part: bool(host.fullmatch(part)))


def parse_contacts(name: str, default: object, text: str) -> tuple[str, ...]:  # noqa: ARG001 - all take the same
    """Addresses to write, browse or call. Raises `UsageError`."""
    message = N_("%(variable)s must list addresses such as mailto:security@example.org, not “%(value)s”")
    contact = re.compile(r"(mailto:[^\s@]+@[^\s@]+|https://\S+|tel:[+0-9-]+)")
    return _split(name, text, message, lambda part: bool(contact.fullmatch(part)))


def parse_networks(name: str, default: object, text: str) -> tuple[str, ...]:  # noqa: ARG001 - all take the same
    """Addresses and networks. Raises `UsageError`."""
    message = N_("%(variable)s must list addresses or networks such as 10.0.0.0/8, not “%(value)s”")
    return _split(name, text, message, _is_network)


def parse_source_hosts(name: str, default: object, text: str) -> tuple[str, ...]:  # noqa: ARG001 - all take the same
    """Hosts, each with a port if it has one, and networks. Raises `UsageError`."""
    message = N_(
        "%(variable)s must list hosts or networks such as files.example.org:22 or 10.1.0.0/16, not “%(value)s”"
    )
    host = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
    return _split(name, text.lower(), message, lambda part: bool(host.fullmatch(part)) or _is_network(part))


def _is_network(part: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(part, strict=False)
    except ValueError:
        return False
    return True


def _split(name: str, text: str, message: str, is_fine: Callable[[str], bool]) -> tuple[str, ...]:
    """The parts of a list, each of which must be fine. Raises `UsageError` with the message."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        if not is_fine(part):
            raise UsageError(message, variable=variable_of(name), value=part[:100])
    return found


def parse_prefix(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """A path without a final slash. Raises `UsageError`."""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", text):
        raise UsageError(
            N_("%(variable)s must be a path such as /_files, not “%(value)s”"),
            variable=variable_of(name),
            value=text,
        )
    return text.rstrip("/")


INDEX_PARTS = re.compile(r"\{(uscc|organisation|year|month|serial)\}")
"""What the pattern of index numbers fills in."""


def parse_index_pattern(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The pattern of index numbers, which must tell every two apart. Raises `UsageError`."""
    parts = INDEX_PARTS.findall(text)
    rest = INDEX_PARTS.sub("", text)
    is_whole = parts.count("serial") == 1 and "year" in parts and bool({"uscc", "organisation"} & set(parts))
    if not is_whole or not re.fullmatch(r"[0-9A-Za-z/._-]{0,40}", rest):
        raise UsageError(
            N_(
                "%(variable)s must have {uscc} or {organisation}, {year}, {serial} once, and between them only letters,"
                " digits and / . _ -, such as %(example)s, not “%(value)s”"
            ),
            variable=variable_of(name),
            example="{uscc}/{year}-{serial}",
            value=text[:100],
        )
    return text


def show_default(value: object) -> str:
    """A default as people write it."""
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path):
        return "./var"
    return str(value)
