"""How long `opendata --help` takes, against `frictionless --help`: whole processes, the median of eleven."""

from __future__ import annotations

import statistics
import subprocess
import time

from bench._machine import PROGRAM, describe_machine


def main() -> None:
    """Time both by turns, print the medians and their ratio."""
    print(describe_machine())
    commands = {"opendata": [PROGRAM, "--help"], "frictionless": [PROGRAM.with_name("frictionless"), "--help"]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(11):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, seconds in medians.items():
        print(f"{name} --help: {seconds * 1000:.0f} ms")
    print(f"ratio (frictionless / opendata): {medians['frictionless'] / medians['opendata']:.1f}")


if __name__ == "__main__":
    main()
