"""What the operating system says against a disk, as errors of the program: full, read-only, broken, gone."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from opendata.errors import N_, BackendError, StorageFullError

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_FAULTY = frozenset(
    (
        *(errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.ENOTCONN),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ETIMEDOUT),
    )
)
FULL = N_("The disk is full, so nothing can be saved. Published data can still be read. Try again once there is room")
FAULTY = N_("The disk can't be used at the moment: %(reason)s")


def name_disk_fault(error: OSError) -> BackendError | None:
    """The error that a failed call amounts to where it is the disk's fault; else None."""
    if error.errno in _FULL:
        return StorageFullError(FULL)
    if error.errno in _FAULTY:
        return BackendError(FAULTY, reason=os.strerror(error.errno))
    return None


def require_room(folder: Path, least: int, size: int = 0) -> None:
    """Raises `StorageFullError` where the disk of a folder has fewer than `least` bytes left after `size` more."""
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free - size < least:
        raise StorageFullError(FULL)


def is_read_only(folder: Path) -> bool:
    """Whether nothing can be written into a folder: its disk is read-only, or it isn't ours to write."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY) or not os.access(folder, os.W_OK)
    except OSError:
        return True
