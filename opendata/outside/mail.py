"""Mail: a text goes to the mail server of the settings, and what the server answers comes back.

Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (TLS from the start), RFC 6531 (addresses beyond ASCII),
RFC 3834 (mail that programs send), RFC 2369 and 8058 (ending a subscription). Certificates are verified;
`SSL_CERT_FILE` names other authorities to trust.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from opendata.domain.mail.addresses import split_for_server
from opendata.errors import N_, BackendError, InputError
from opendata.outside.measured import measure_outgoing
from opendata.settings import Settings

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_MOST_ANSWER = 200
_MOST_SUBJECT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in plain text. `sender_name` is shown beside the sender's address; `message_id` has its angle brackets.

    `end` is the address that ends such mail at one click (RFC 8058); empty where it isn't a subscription.
    """

    recipient: str
    sender_name: str
    subject: str
    text: str
    message_id: str
    date: datetime
    language: str
    end: str = ""


class Mailer:
    """A mail server at `smtp://`, `smtp+starttls://` or `smtps://`, and the address that mail comes from."""

    def __init__(self, url: str, sender: str, seconds: float) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender
        self._seconds = seconds
        self.address = f"{self._host}:{self._port}"

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection over which several mails can go. Raises `BackendError` if there can be none."""
        server = self._open()
        try:
            yield Connection(self, server, self._sender)
        finally:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _open(self) -> smtplib.SMTP:
        with self.watch():
            if self._scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    self._host, self._port, timeout=self._seconds, context=ssl.create_default_context()
                )
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=self._seconds)
        try:
            with self.watch():
                if self._scheme == "smtp+starttls":
                    server.starttls(context=ssl.create_default_context())
                server.ehlo_or_helo_if_needed()
                if self._user:
                    server.login(self._user, self._password)
        except BackendError:
            server.close()
            raise
        return server

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Say as `BackendError` what went wrong on the connection."""
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            message = N_("The mail server at %(address)s doesn't accept the user name or password: %(answer)s")
            raise BackendError(
                message, address=self.address, answer=self.say(error.smtp_code, error.smtp_error)
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            if "STARTTLS" in str(error):
                message = N_("The mail server at %(address)s doesn't offer STARTTLS, so nothing is sent to it")
            else:
                message = N_("The mail server at %(address)s doesn't let anybody sign in, but the settings name a user")
            raise BackendError(message, address=self.address) from None
        except smtplib.SMTPResponseException as error:
            message = N_("The mail server at %(address)s refuses to take mail: %(answer)s")
            raise BackendError(
                message, address=self.address, answer=self.say(error.smtp_code, error.smtp_error)
            ) from None
        except ssl.SSLCertVerificationError as error:
            message = N_("The certificate of the mail server at %(address)s can't be verified: %(reason)s")
            raise BackendError(message, address=self.address, reason=error.verify_message or str(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            message = N_("The mail server at %(address)s isn't responding: %(reason)s")
            raise BackendError(message, address=self.address, reason=_name(error)) from None

    def say(self, code: int, answer: bytes | str) -> str:
        """An answer of the server on one line, without the password if it repeats that."""
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        return f"{code} {text.replace(self._password, '*****') if self._password else text}"[:_MOST_ANSWER].strip()


class Connection:
    """An open connection to a mail server."""

    def __init__(self, mailer: Mailer, server: smtplib.SMTP, sender: str) -> None:
        self._mailer = mailer
        self._server = server
        self._sender = sender

    def send(self, mail: Mail) -> str:
        """Send a mail; what the server answers once it has taken it.

        Raises `InputError` where it refuses this mail or its recipient for good, `BackendError` where it may take it
        later, or isn't responding. After that the connection is of no use.
        """
        local, host = split_for_server(mail.recipient)
        is_ascii = local.isascii()
        with measure_outgoing("mail", self._mailer.address), self._mailer.watch():
            if not is_ascii and not self._server.has_extn("smtputf8"):
                text = N_("The mail server at %(address)s doesn't take addresses with letters beyond ASCII")
                raise InputError(text, address=self._mailer.address)
            data = _build(mail, self._sender, Address(username=local, domain=host)).as_bytes()
            self._check(*self._server.mail(self._sender, () if is_ascii else ("SMTPUTF8", "BODY=8BITMIME")), least=600)
            self._check(*self._server.rcpt(f"{local}@{host}"))
            code, answer = self._send_data(data)
            self._check(code, answer)
            return self._mailer.say(code, answer)

    def _send_data(self, data: bytes) -> tuple[int, bytes | str]:
        try:
            return self._server.data(data)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error

    def _check(self, code: int, answer: bytes | str, *, least: int = 500) -> None:
        """Raises where the server doesn't accept; for good from the code `least` on."""
        if 200 <= code < 300:
            return
        if code >= least:
            with suppress(OSError, smtplib.SMTPException):  # it may have hung up, which the next mail notices
                self._server.rset()
            text = N_("The mail server refuses this mail or its recipient: %(answer)s")
            raise InputError(text, answer=self._mailer.say(code, answer))
        raise smtplib.SMTPResponseException(code, answer)


def find_mailer(settings: Settings) -> Mailer | None:
    """The mail server of the settings; None where the portal sends no mail."""
    return Mailer(settings.mail_url, settings.mail_from, settings.mail_seconds) if settings.sends_mail else None


def _build(mail: Mail, sender: str, recipient: Address) -> EmailMessage:
    policy = SMTP if recipient.username.isascii() else SMTPUTF8
    built = EmailMessage(policy=policy.clone(cte_type="7bit"))  # what every server passes on unchanged
    built["From"] = Address(display_name=_clean(mail.sender_name), addr_spec=sender)
    built["To"] = recipient
    built["Subject"] = _clean(mail.subject)
    built["Date"] = format_datetime(mail.date)
    built["Message-ID"] = mail.message_id
    built["Auto-Submitted"] = "auto-generated"
    if mail.end:
        built["List-Unsubscribe"] = f"<{mail.end}>"
        built["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    built.set_content(mail.text)
    built["Content-Language"] = mail.language  # what comes before the content and begins so is dropped with the old one
    return built


def _clean(text: str) -> str:
    """A text as part of a header: without line ends, which would begin another header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_MOST_SUBJECT]


def _name(error: Exception) -> str:
    if "timed out" in str(error):
        return N_("it took too long to answer")
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
