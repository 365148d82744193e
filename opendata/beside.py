"""Where the folders are that belong to the program but aren't code: migrations, sample schemas and datasets.

A checkout has them beside the package. A wheel has copies within it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEELS = _PACKAGE / "beside_package"


def find_beside(name: str) -> Path:
    """The folder of this name."""
    return (_IN_WHEELS if _IN_WHEELS.is_dir() else _PACKAGE.parent) / name


def find_instance_folder() -> Path:
    """Where an instance lies if nothing else is said: in the checkout, or in the folder in which a wheel's user is."""
    return (Path.cwd() if _IN_WHEELS.is_dir() else _PACKAGE.parent) / "var"
