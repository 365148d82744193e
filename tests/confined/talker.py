"""A process that is talked with: each message says what it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

from opendata.conversing import Line, converse


def handle(line: Line) -> None:
    """Do what each message says."""
    while True:
        word, _, rest = line.hear().decode().partition(" ")
        if word == "echo":
            for piece in rest.split():
                line.say(piece.encode())
        elif word == "allocate":
            line.say(str(len(bytearray(int(rest)))).encode())
        elif word == "spin":
            while True:
                pass
        elif word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "connect":
            line.say(try_to(lambda port=int(rest): socket.create_connection(("127.0.0.1", port))))
        elif word == "start":
            line.say(try_to(lambda: subprocess.run([sys.executable, "-c", ""], check=False)))
        else:
            raise ValueError(word)


def try_to(act: object) -> bytes:
    """What becomes of a call."""
    try:
        act()  # type: ignore[operator]
    except PermissionError as error:
        return f"refused: {error}".encode()
    return b"done"


if __name__ == "__main__":
    converse(handle)
