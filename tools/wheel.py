"""Builds the compiled pass into a wheel. Where no compiler is, the wheel has none and fits every machine."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

from build_native import FAST, TARGET, build


class CompiledWheel(BuildHookInterface[Any]):
    """Adds `opendata/_native.abi3.so`, which every Python from 3.11 on loads, to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile it, and say for which machines the wheel is. An editable install is left to `make`."""
        if version == "editable" or not build(TARGET, FAST):
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        build_data["artifacts"].append(f"/opendata/{TARGET.name}")
