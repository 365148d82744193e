"""A process that does as it is told: the first word of the request says what."""

from __future__ import annotations

import os
import signal
import time

from opendata.confined import answer_one


def handle(request: bytes) -> bytes:
    """Do what the request says."""
    word, _, rest = request.decode().partition(" ")
    if word == "echo":
        print("what a library prints")
        return rest.encode()
    if word == "allocate":
        return bytes(str(len(bytearray(int(rest)))), "ascii")
    if word == "spin":
        while True:
            pass
    if word == "sleep":
        time.sleep(600)
    if word == "environment":
        return "\n".join(sorted(os.environ)).encode()
    if word == "nice":
        return str(os.nice(0)).encode()
    if word == "raise":
        raise ValueError(rest)
    if word == "abort":
        os.write(2, rest.encode())
        os.kill(os.getpid(), signal.SIGABRT)
    raise AssertionError(word)


if __name__ == "__main__":
    answer_one(handle)
