"""Where a source may be fetched from: a name is resolved once, and the address that was allowed is connected to.

Source: the OWASP page on preventing server-side request forgery. Addresses inside a network are refused unless the
operator names their host or network (`OPENDATA_SOURCE_HOSTS`).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from opendata.errors import N_, BackendError, KeptMessage, NotPermittedError, OpendataError

_CONNECT_SECONDS = 15.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_INSIDE = N_("“%(host)s” is inside a network. The operator of the portal must allow it (OPENDATA_SOURCE_HOSTS)")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Deadline:
    """The time at which a fetch ends, whatever it is waiting for: its socket is shut then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.has_passed = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def watch(self, connection: socket.socket) -> None:
        """Shut this socket at the deadline."""
        with self._lock:
            self._sockets.append(connection)
            if self.has_passed:
                _shut(connection)

    def require(self) -> None:
        """Raises `BackendError` once it has passed."""
        if self.has_passed:
            raise BackendError(N_("It took longer than %(seconds)s seconds"), seconds=round(self.seconds))

    def _end(self) -> None:
        with self._lock:
            self.has_passed = True
            for connection in self._sockets:
                _shut(connection)


@dataclass(frozen=True, slots=True)
class Guard:
    """The hosts and networks inside the own network that may be asked; all public ones may."""

    allowed: Sequence[str] = ()
    _networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for part in self.allowed:
            try:
                self._networks.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                continue

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, in the order to try them. Raises `BackendError`, `NotPermittedError`."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise BackendError(N_("There is no host “%(host)s”"), host=host) from None
        addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
        is_named = host in self.allowed or f"{_bracket(host)}:{port}" in self.allowed
        for text in addresses:
            if not is_named and not self._is_allowed(ipaddress.ip_address(text.partition("%")[0])):
                raise NotPermittedError(
                    N_(
                        "“%(host)s” has the address %(address)s, which is inside a network. The operator of the portal"
                        " must allow it (OPENDATA_SOURCE_HOSTS)"
                    ),
                    host=host,
                    address=text,
                )
        return addresses

    @contextmanager
    def connect(self, host: str, port: int, deadline: Deadline) -> Iterator[socket.socket]:
        """A connection to one of the addresses that were allowed. Raises as `resolve` does."""
        reason = ""
        for address in self.resolve(host, port):
            deadline.require()
            try:
                connection = socket.create_connection((address, port), timeout=min(_CONNECT_SECONDS, deadline.seconds))
            except OSError as error:
                reason = error.strerror or str(error)
                continue
            with connection:
                deadline.watch(connection)
                yield connection
            return
        raise BackendError(
            N_("“%(host)s” doesn't answer on port %(port)s: %(reason)s"), host=host, port=port, reason=reason
        )

    def _is_allowed(self, address: _Address) -> bool:
        inner = _find_inner(address)
        for network in self._networks:
            if any(item.version == network.version and item in network for item in (address, inner)):
                return True
        is_inner = isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local
        return inner.is_global and not (is_inner or inner.is_multicast or inner.is_reserved)


def say_refusal(error: OpendataError) -> KeptMessage:
    """Why something outside wasn't reached, for those who may not learn which addresses our network has."""
    if isinstance(error, NotPermittedError) and "address" in error.params:
        return {"message": _INSIDE, "params": {"host": error.params["host"]}}
    return error.describe()


def _find_inner(address: _Address) -> _Address:
    """The IPv4 address that one of IPv6 leads to, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already
