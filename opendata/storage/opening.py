"""The stores of an instance, opened where its settings say: in folders, or in buckets of an object store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from opendata.errors import N_, UsageError
from opendata.setting_values import is_bucket
from opendata.settings import Settings, variable_of
from opendata.storage.local import LocalStore
from opendata.storage.objects.cache import BlobCache
from opendata.storage.objects.client import S3Access, parse_place
from opendata.storage.objects.store import S3Store
from opendata.storage.store import Lock, Store


@dataclass(frozen=True, slots=True)
class Stores:
    """What anybody may have, and all else."""

    public: Store
    private: Store


def open_stores(settings: Settings, lock: Lock) -> Stores:
    """The stores of an instance; object stores are asked nothing yet. Raises `UsageError`.

    `lock` holds a name on all machines of the instance.
    """
    if is_bucket(settings.store) and settings.store == settings.private_store:
        raise UsageError(
            N_("%(variable)s and %(other)s name the same place, so everything would be public"),
            variable=variable_of("store"),
            other=variable_of("private_store"),
        )
    return Stores(
        _open(settings.store, settings.public_folder, settings, lock),
        _open(settings.private_store, settings.private_folder, settings, lock),
    )


def check_stores(settings: Settings) -> None:
    """Ask object stores whether they can be used. Raises `BackendError`, `UsageError` with what is wrong.

    A process that forks afterwards couldn't use them any more.
    """
    if is_bucket(settings.store) or is_bucket(settings.private_store):
        stores = open_stores(settings, _refuse_lock)
        for store in (stores.public, stores.private):
            if isinstance(store, S3Store):
                store.check()
                store.is_conditional()


def _refuse_lock(name: str) -> AbstractContextManager[Callable[[], None]]:
    raise UsageError(name)  # to ask takes no lock


def open_store(place: str, settings: Settings, lock: Lock, *, writes: bool = True) -> Store:
    """The store in a folder or at an address. Raises `UsageError`."""
    if is_bucket(place):
        return _open(place, Path(), settings, lock)
    return LocalStore(Path(place), writes=writes)


def list_written(settings: Settings) -> Sequence[Path]:
    """The folders that must be writable before anything can be sent or published."""
    public = () if is_bucket(settings.store) else (settings.public_folder,)
    return (settings.private_folder, *public, settings.home)


def _open(place: str, folder: Path, settings: Settings, lock: Lock) -> Store:
    if not is_bucket(place):
        return LocalStore(folder)
    if find_spec("obstore") is None:
        raise UsageError(N_("A store at an address s3:// needs the extra “s3”: pip install 'opendata[s3]'"))
    cache = BlobCache(settings.home / Path(settings.cache or "cache").expanduser(), settings.cache_bytes)
    return S3Store(parse_place(place, read_access(settings)), cache, lock)


def read_access(settings: Settings) -> S3Access:
    """How the object store is spoken to. Raises `UsageError`."""
    secret = settings.s3_secret
    if settings.s3_secret_file:
        try:
            secret = Path(settings.s3_secret_file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError):
            raise UsageError(
                N_("The file that %(variable)s names can't be read: %(file)s"),
                variable=variable_of("s3_secret_file"),
                file=settings.s3_secret_file,
            ) from None
    if settings.s3_key_id and not secret:
        text = N_("%(name)s is set, so %(variable)s must be set too")
        raise UsageError(text, name=variable_of("s3_key_id"), variable=variable_of("s3_secret"))
    return S3Access(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        key_id=settings.s3_key_id,
        secret=secret,
        encryption=settings.s3_encryption,
        encryption_key=settings.s3_encryption_key,
        has_path_style=settings.s3_path_style,
        seconds=settings.s3_seconds,
    )
