"""What slow clients do to the readers of a served instance: 60 of each kind at once, and the home page meanwhile.

Printed is the 95th percentile of the home page's time for each kind. The peer is the same instance without them.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests

from bench._machine import describe_machine, serve_instance
from bench.attack import Watch, send

FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname="
KINDS = {
    "none": None,
    "no byte": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "half a body": b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n" + FORM,
    "an answer nobody takes": b"GET /datasets/lakes/1.0.0/lakes.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a byte a second": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=15.0)
    args = parser.parse_args()
    print(describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="opendata-bench-") as home,
        serve_instance(Path(home)) as (address, token, root),
    ):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        body = {"id": "lakes", "title": "Lakes", "publisher": "bench", "licenses": [{"name": "CC-BY-4.0"}]}
        session.post(f"{address}/api/v1/datasets", json=body).raise_for_status()
        rows = "".join(f"A{number:06},{'x' * 200}\n" for number in range(100_000))
        draft, _ = send(session, address, "lakes", "lakes.csv", f"code,note\n{rows}".encode())
        session.post(f"{address}{draft}/submit").raise_for_status()
        while session.get(f"{address}{draft}").json()["status"] != "published":
            time.sleep(0.2)
        for kind, words in KINDS.items():
            p95, most = measure(address, root, words, args.clients, args.seconds, trickles="second" in kind)
            print(f"{kind:24} home p95 {p95 * 1000:6.0f} ms, longest {most * 1000:6.0f} ms", flush=True)


def measure(
    address: str, root: int, words: bytes | None, clients: int, seconds: float, *, trickles: bool
) -> tuple[float, float]:
    """The 95th percentile and the longest time of the home page, in seconds."""
    place = urlsplit(address).hostname, urlsplit(address).port
    with ExitStack() as opened:
        slow = []
        for _ in range(clients if words is not None else 0):
            client = opened.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(place)
            client.sendall(words or b"")
            slow.append(client)
        with Watch(address, root) as watch:
            for _ in range(round(seconds)):
                time.sleep(1)
                for client in slow if trickles else ():
                    with suppress(OSError):  # it has been cut off
                        client.sendall(b"x")
        return watch.p95, max(watch.times)


if __name__ == "__main__":
    main()
