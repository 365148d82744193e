"""Frictionless' own verdict, unchanged, from a process of its own that can be stopped: `--rules frictionless`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from opendata.cli.core.failures import Failure
from opendata.cli.core.language import say
from opendata.errors import N_

SECONDS = 600
"""How long it may take unless told otherwise."""

MEMORY = 8 << 30
"""How many bytes of addresses it may ask for; a table of a million rows takes a tenth of it."""


def check_by_engine(
    source: str, schema: Mapping[str, Any] | None, is_package: bool, limit: int, seconds: int = SECONDS
) -> dict[str, Any]:
    """The report descriptor of frictionless; raises `Failure` where it takes too long or ends without a report."""
    request = {
        "parent": os.getpid(),
        "seconds": seconds + 5,  # of the processor: it ends there automatically, should nobody be left to stop it
        "memory": MEMORY,
        "source": source,
        "schema": schema,
        "is_package": is_package,
        "limit": limit,
    }
    # -P: a folder with hostile data may be the current one, and nothing is to be imported from there.
    command = [sys.executable, "-P", "-m", "opendata.cli.packages.engine_process"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as child:
        try:
            output, messages = child.communicate(json.dumps(request).encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            _stop(child)
            raise Failure(_describe_timeout(seconds)) from None
        except BaseException:  # interrupted: it is of a session of its own and would not hear of it
            _stop(child)
            raise
    if child.returncode == -signal.SIGXCPU:
        raise Failure(_describe_timeout(seconds))
    if child.returncode:
        lines = messages.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else signal.strsignal(-child.returncode) or str(child.returncode)
        raise Failure(say(N_("frictionless stopped without giving a report: %(reason)s"), reason=reason[:500]))
    report: dict[str, Any] = json.loads(output)
    return report


def _describe_timeout(seconds: int) -> str:
    text = N_(
        "frictionless didn't finish within %(seconds)s seconds and was stopped. To allow more time, use --time-limit"
    )
    return say(text, seconds=seconds)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended in this moment
    child.wait()
