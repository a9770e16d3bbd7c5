"""Messages to people: by e-mail over SMTP, by SMS over HTTP, or into the bank's outbox folder."""

from __future__ import annotations

import http.client
import json
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from creditbank.gateways import disk, keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.clock import new_id
from creditbank.gateways.problem import Problem

OUTBOX = "outbox:"
"""The setting under which messages are written into the bank's folder instead of being sent."""
_SECONDS = 10


class CourierProblem(Problem):
    """A message could not be handed over; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address: ``kind`` is email or phone; a short message has no subject."""

    kind: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Couriers:
    """Who carries messages for a bank.

    Attributes:
        bank: its folder, for the outbox and for ``keys/sms.json``.
        mail: ``smtps://user:password@host:465``, ``smtp://host:587`` (with STARTTLS off loopback), or ``outbox:``.
        sender: the address that messages come from.
        sms: the address of an HTTPS service that takes ``{"to": ..., "text": ...}``, or ``outbox:``.
    """

    bank: Bank
    mail: str
    sender: str
    sms: str

    def carry(self, letter: Letter) -> None:
        """Hand one message over.

        Raises:
            CourierProblem: nobody took it.
        """
        way = self.mail if letter.kind == "email" else self.sms
        try:
            if way == OUTBOX:
                self._keep(letter)
            elif letter.kind == "email":
                self._mail(letter)
            else:
                self._short(letter)
        except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as error:
            # The cause may quote the address; what is said of it names only its kind.
            raise CourierProblem(
                en=f"A message could not be handed over ({type(error).__name__}). Nothing was changed."
                " Look at CREDITBANK_MAIL and CREDITBANK_SMS.",
                zh=f"消息未能发出（{type(error).__name__}）。没有任何改动。请检查 CREDITBANK_MAIL 和 CREDITBANK_SMS。",
            ) from None

    def _keep(self, letter: Letter) -> None:
        folder = self.bank.home / "outbox"
        disk.make_folder(folder, mode=0o700)
        said = {"kind": letter.kind, "to": letter.to, "subject": letter.subject, "text": letter.text}
        content = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
        disk.write_whole(folder / f"{new_id()}.json", content.encode(), mode=0o600)

    def _mail(self, letter: Letter) -> None:
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = self.sender, letter.to, letter.subject
        made["Date"], made["Message-ID"] = formatdate(), make_msgid(domain=self.sender.rpartition("@")[2] or None)
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(letter.text)
        at = urlsplit(self.mail)
        host, secure = at.hostname or "", ssl.create_default_context()
        if at.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, at.port or 465, timeout=_SECONDS, context=secure)
        elif at.scheme == "smtp":
            server = smtplib.SMTP(host, at.port or 587, timeout=_SECONDS)
        else:
            raise ValueError("CREDITBANK_MAIL begins with smtp: or smtps:")
        with server:
            # A code in the clear goes no further than this machine.
            if at.scheme == "smtp" and host not in ("127.0.0.1", "::1", "localhost"):
                server.starttls(context=secure)
            if at.username:
                server.login(unquote(at.username), unquote(at.password or ""))
            server.send_message(made)

    def _short(self, letter: Letter) -> None:
        at = urlsplit(self.sms)
        host = at.hostname or ""
        if at.scheme == "https":
            line: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, at.port, timeout=_SECONDS, context=ssl.create_default_context()
            )
        elif at.scheme == "http" and host in ("127.0.0.1", "::1", "localhost"):
            line = http.client.HTTPConnection(host, at.port, timeout=_SECONDS)
        else:
            raise ValueError("CREDITBANK_SMS is an https: address")
        token = (keys.read(self.bank, "sms") or {}).get("token", "")
        said = json.dumps({"to": letter.to, "text": letter.text}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            line.request("POST", at.path or "/", body=said, headers=headers)
            answer = line.getresponse()
            answer.read(4096)
            if not 200 <= answer.status < 300:
                raise ValueError(f"the service answered {answer.status}")
        finally:
            line.close()
