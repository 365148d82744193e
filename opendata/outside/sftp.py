"""SFTP: one file is fetched from a server whose key is known. It needs the extra `opendata[sftp]` (asyncssh).

The key of a server that nobody has accepted yet is shown, and nothing is sent to such a server.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from opendata.domain.sources.address import SourceAddress
from opendata.errors import N_, BackendError
from opendata.outside.fetched import Fetched, Target, refuse_size
from opendata.outside.guard import Deadline, Guard

_PIECE_BYTES = 1 << 17
PRIVATE_KEY = "-----BEGIN "
"""How a secret begins that is a private key; any other is a password."""


class UnknownKeyError(Exception):
    """The server has a key that nobody has accepted yet: `key` in OpenSSH's form, and its `fingerprint`."""

    def __init__(self, key: str, fingerprint: str) -> None:
        super().__init__(fingerprint)
        self.key = key
        self.fingerprint = fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpRequest:
    """What is asked for: a password or private key as the `secret`, and the server's key in OpenSSH's form."""

    address: SourceAddress
    secret: str = field(repr=False)
    host_key: str = ""


def find_key_fault(host_key: str) -> bool:
    """Whether a text isn't a public key in OpenSSH's form."""
    ssh = _import()
    try:
        ssh.import_public_key(host_key)
    except (ssh.KeyImportError, ValueError):
        return True
    return False


def name_key(host_key: str) -> str:
    """The fingerprint of a server's key, as `ssh-keygen -l` shows it."""
    return str(_import().import_public_key(host_key).get_fingerprint())


def fetch_sftp(request: SftpRequest, target: Target, guard: Guard, deadline: Deadline) -> Fetched:
    """Fetch a file. Raises `BackendError`, `NotPermittedError`, `TooLargeError`, and `UnknownKeyError`."""
    import asyncio

    ssh = _import()
    host = request.address.host
    with guard.connect(host, request.address.port, deadline) as connection:
        try:
            return asyncio.run(asyncio.wait_for(_fetch(ssh, request, target, connection), deadline.seconds))
        except TimeoutError:
            raise BackendError(N_("It took longer than %(seconds)s seconds"), seconds=round(deadline.seconds)) from None
        except ssh.PermissionDenied:
            raise BackendError(N_("The server doesn't accept the user and the password or key")) from None
        except ssh.HostKeyNotVerifiable:
            raise BackendError(
                N_(
                    "The server has another key than the one that was accepted. Ask its operator why. If the key was"
                    " changed, empty the field of the server's key and accept the new one"
                )
            ) from None
        except ssh.SFTPNoSuchFile:
            raise BackendError(N_("The server has no file “%(path)s”"), path=request.address.path) from None
        except (ssh.Error, OSError) as error:
            deadline.require()
            reason = getattr(error, "reason", "") or type(error).__name__
            raise BackendError(
                N_("The connection to “%(host)s” broke off: %(reason)s"), host=host, reason=reason
            ) from None


async def _fetch(ssh: Any, request: SftpRequest, target: Target, connection: socket.socket) -> Fetched:
    if not request.host_key:
        found = await ssh.get_server_host_key(sock=connection.dup(), config=None)
        if found is None:
            raise BackendError(N_("The server has no key by which it could be recognised"))
        raise UnknownKeyError(found.export_public_key().decode("ascii").strip(), str(found.get_fingerprint()))
    known = ssh.import_public_key(request.host_key)
    keys, password = [], None
    if request.secret.startswith(PRIVATE_KEY):
        try:
            keys = [ssh.import_private_key(request.secret.strip() + "\n")]
        except (ssh.KeyImportError, ssh.KeyEncryptionError):
            text = N_("The private key can't be read. Enter one in OpenSSH's form, without a passphrase")
            raise BackendError(text) from None
    else:
        password = request.secret
    async with (
        ssh.connect(
            sock=connection.dup(),
            config=None,
            username=request.address.user,
            password=password,
            client_keys=keys or None,
            known_hosts=([known], [], []),
            agent_path=None,
            preferred_auth="publickey" if keys else "password,keyboard-interactive",
        ) as session,
        session.start_sftp_client() as client,
        client.open(request.address.path, "rb") as remote,
    ):
        size = (await remote.stat()).size
        if size is not None and size > target.limit:
            raise refuse_size(target.limit)
        with target.path.open("wb") as file:
            await _copy(remote, target, file)
    return target.finish(request.address.path.rsplit("/", 1)[-1])


async def _copy(remote: Any, target: Target, file: BinaryIO) -> None:
    while data := await remote.read(_PIECE_BYTES):
        target.write(file, data if isinstance(data, bytes) else data.encode())


def _import() -> Any:
    try:
        import asyncssh
    except ImportError:
        text = N_("SFTP isn't installed on this portal. Its operator can add it: pip install “opendata[sftp]”")
        raise BackendError(text) from None
    return asyncssh
