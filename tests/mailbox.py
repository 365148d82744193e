"""A mail server of this process (aiosmtpd): keeps what it takes, and answers what a test wants it to."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.servers import free_port

USER, PASSWORD = "portal", "p@ss:w/rd%"
QUOTED = "p%40ss%3Aw%2Frd%25"
"""The password as an address has it."""


@dataclass
class Mailbox:
    """What a server took, its raw bytes too, and the answers that it gives next, in place of its own."""

    address: str = ""
    messages: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    """Command (`MAIL`, `RCPT`, `DATA`) → its next answers, used up one by one."""

    def url(self, scheme: str = "smtp", user: str = "") -> str:
        """The address for the settings."""
        return f"{scheme}://{user}{'@' if user else ''}{self.address}"

    def clear(self) -> None:
        """Forget everything."""
        for kept in (self.messages, self.raw, self.recipients, self.answers):
            kept.clear()

    def read_last(self) -> tuple[str, str, str]:
        """Recipient, subject and text of the newest mail, as a person sees them."""
        message = self.messages[-1]
        return str(message["To"]), str(message["Subject"]), read_text(message)

    def texts(self) -> list[str]:
        """The texts of all mails."""
        return [read_text(message) for message in self.messages]

    async def handle_MAIL(  # noqa: N802 - the names of aiosmtpd
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._answer("MAIL")

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer("RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._answer("DATA")
        if answer.startswith("250"):
            data = envelope.content if isinstance(envelope.content, bytes) else b""
            self.raw.append(data)
            self.messages.append(BytesParser(policy=policy.default).parsebytes(data))  # type: ignore[arg-type]
            self.recipients.extend(envelope.rcpt_tos)
        return answer

    def _answer(self, command: str) -> str:
        waiting = self.answers.get(command)
        return waiting.pop(0) if waiting else "250 taken"


def read_text(message: EmailMessage) -> str:
    """The text of a mail, decoded."""
    return str(message.get_content()).replace("\r\n", "\n")


@dataclass(frozen=True)
class MailServers:
    """The same mailbox behind three doors, and the certificate that two of them show."""

    plain: Mailbox
    starttls: Mailbox
    tls: Mailbox
    certificate: Path


def check_login(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Whether somebody may sign in."""
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "mail.pem", folder / "mail.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.fixture(scope="session")
def _mail_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServers]:
    certificate, key = make_certificate(tmp_path_factory.mktemp("mail"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    options: list[dict[str, Any]] = [
        {"enable_SMTPUTF8": True, "auth_require_tls": False},
        {"enable_SMTPUTF8": False, "tls_context": context, "require_starttls": True, "auth_required": True},
        {"enable_SMTPUTF8": True, "ssl_context": context, "auth_require_tls": False},
    ]
    boxes, running = [], []
    for option in options:
        box, port = Mailbox(), free_port()
        server = Controller(box, hostname="127.0.0.1", port=port, authenticator=check_login, **option)
        server.start()
        box.address = f"127.0.0.1:{port}"
        boxes.append(box)
        running.append(server)
    yield MailServers(*boxes, certificate)
    for server in running:
        server.stop()


@pytest.fixture
def mail_servers(_mail_servers: MailServers) -> Iterator[MailServers]:
    """Three mail servers, all empty."""
    yield _mail_servers
    for box in (_mail_servers.plain, _mail_servers.starttls, _mail_servers.tls):
        box.clear()


@pytest.fixture
def mailbox(mail_servers: MailServers) -> Mailbox:
    """A mail server without TLS, which is empty."""
    return mail_servers.plain
