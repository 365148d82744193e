"""How the machines of a fleet reach each other: each in a network namespace of its own on one bridge, else by ports.

Namespaces need root and `ip`. There a machine has an address of its own, and its cable can be pulled.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.servers import free_port

PORT = 8000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine is: its address, and the words before each of its commands."""

    host: str
    port: int
    prefix: tuple[str, ...] = ()
    cable: str = ""
    """The name of its end at the bridge."""

    def pull(self) -> None:
        """Cut it off: what it sends or is sent is lost."""
        _run("ip", "link", "set", self.cable, "down")

    def plug(self) -> None:
        """Connect it again."""
        _run("ip", "link", "set", self.cable, "up")


class Network(Protocol):
    """What connects the machines. `host` is where they reach what they share."""

    host: str

    def add(self, *, listens: bool) -> Place:
        """The place of one machine more."""
        ...

    def remove(self) -> None:
        """Leave nothing behind."""
        ...


class Ports:
    """All on the loopback of this machine, each with a port."""

    host = "127.0.0.1"

    def add(self, *, listens: bool) -> Place:
        """A free port."""
        return Place(self.host, free_port() if listens else 0)

    def remove(self) -> None:
        """There is nothing."""


class Namespaces:
    """One bridge, and a network namespace with an address for each machine."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(3)
        self._bridge = f"od{self._mark}"
        first, second = secrets.randbelow(200) + 20, secrets.randbelow(250) + 1
        self._prefix = f"10.{first}.{second}"
        self._names: list[str] = []
        self.host = f"{self._prefix}.1"
        _run("ip", "link", "add", self._bridge, "type", "bridge")
        _run("ip", "addr", "add", f"{self.host}/24", "dev", self._bridge)
        _run("ip", "link", "set", self._bridge, "up")

    def add(self, *, listens: bool) -> Place:
        """A namespace more."""
        number = len(self._names) + 2
        name, cable, host = f"od{self._mark}-{number}", f"od{self._mark}v{number}", f"{self._prefix}.{number}"
        _run("ip", "netns", "add", name)
        self._names.append(name)
        _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "link", "set", cable, "master", self._bridge, "up")
        _run("ip", "-n", name, "addr", "add", f"{host}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run("ip", "-n", name, "link", "set", device, "up")
        return Place(host, PORT if listens else 0, ("nsenter", f"--net=/run/netns/{name}"), cable)

    def remove(self) -> None:
        """The namespaces go, their cables with them, then the bridge."""
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", self._bridge], capture_output=True)


def choose_network() -> Network:
    """Namespaces where this machine allows them."""
    if os.geteuid() == 0 and shutil.which("ip") and shutil.which("nsenter"):
        probe = None
        try:
            probe = Namespaces()
            probe.add(listens=False)
        except (OSError, subprocess.CalledProcessError):
            if probe is not None:
                probe.remove()
        else:
            probe.remove()
            return Namespaces()
    return Ports()


def _run(*words: str) -> Sequence[str]:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
