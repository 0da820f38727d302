"""How a message leaves: a POST in Slack's form, or an e-mail.

The address of a webhook and the password of a mail server are secrets: no error's text has them,
and the client's own log is silent, since it would name the address.
"""

import logging
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from http import HTTPStatus
from typing import Protocol

from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from farmy_assets.errors import AlertNotSentError
from farmy_assets.workflow.alerts.settings import AlertSettings, SmtpServer

TIMEOUT_S = 10
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SLACK_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SUBJECT_CHARACTERS = 150

_silent = logging.getLogger(f"{__name__}.client")
_silent.setLevel(logging.CRITICAL)


class Channel(Protocol):
    """One way out."""

    def send(self, title: str, text: str) -> None:
        """Send a message.

        Raises:
            AlertNotSentError: It was not taken; trying again later can help.
        """


@dataclass(frozen=True)
class Webhook:
    """Any service that takes Slack's incoming-webhook form."""

    address: str = field(repr=False)

    def send(self, title: str, text: str) -> None:
        """Post a message; names in it cannot mention anybody."""
        client = WebhookClient(self.address, timeout=TIMEOUT_S, logger=_silent)
        try:
            answer = client.send(text=f"*{_escaped(title)}*\n{_escaped(text)}")
        except (OSError, ValueError, SlackClientError) as error:
            msg = f"the webhook does not answer ({type(error).__name__})"
            raise AlertNotSentError(msg) from None  # its text may hold the address
        if answer.status_code != HTTPStatus.OK:
            msg = f"the webhook answered {answer.status_code}: see whether its address still holds"
            raise AlertNotSentError(msg)


@dataclass(frozen=True)
class Mail:
    """E-mail, in plain text."""

    server: SmtpServer
    sender: str
    receivers: tuple[str, ...]

    def send(self, title: str, text: str) -> None:
        """Hand a message to the mail server."""
        message = EmailMessage()
        message["Subject"] = " ".join(f"Farmy: {title}".split())[:_SUBJECT_CHARACTERS]
        message["From"] = self.sender
        message["To"] = ", ".join(self.receivers)
        message.set_content(f"{text}\n")
        try:
            self._hand_over(message)
        except (OSError, smtplib.SMTPException) as error:
            msg = f"the mail server did not take the message ({type(error).__name__})"
            raise AlertNotSentError(msg) from None

    def _hand_over(self, message: EmailMessage) -> None:
        server, context = self.server, ssl.create_default_context()
        if server.is_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_S, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        with connection:
            connection.ehlo()
            is_safe = server.is_tls or server.host in _LOOPBACK
            if not server.is_tls and connection.has_extn("starttls"):
                connection.starttls(context=context)
                is_safe = True
            if server.user:
                if not is_safe:
                    raise AlertNotSentError("the mail server offers no TLS; use smtps://")
                connection.login(server.user, server.password)
            connection.send_message(message)


def channels_of(settings: AlertSettings) -> Mapping[str, Channel]:
    """The ways out that the settings name."""
    found: dict[str, Channel] = {}
    if settings.webhook:
        found["webhook"] = Webhook(settings.webhook)
    if settings.server:
        found["e-mail"] = Mail(settings.server, settings.sender, settings.receivers)
    return found


def _escaped(text: str) -> str:
    return "".join(_SLACK_ESCAPES.get(letter, letter) for letter in text)
