"""Where alerts go: a webhook in Slack's form, e-mail, both or nowhere; addresses are secrets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from farmy_assets.annotation.people import parse_email
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow.alerts.troubles import TroubleLimits

WEBHOOK_VARIABLE = "FARMY_ALERT_WEBHOOK"
SMTP_VARIABLE = "FARMY_ALERT_SMTP"
SECRETS_OF = {
    WEBHOOK_VARIABLE: "FARMY_ALERT_WEBHOOK_SECRET",
    SMTP_VARIABLE: "FARMY_ALERT_SMTP_SECRET",
}
"""The variables that name a secret of AWS Secrets Manager in place of the value itself."""
_SMTP_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class SmtpServer:
    """A mail server; `smtps` speaks TLS from the first byte on, `smtp` from STARTTLS on."""

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class AlertSettings:
    """Where alerts go, and what is one.

    Attributes:
        webhook: An address that takes Slack's form of messages; empty for none.
        server: The mail server; None for no e-mail.
        sender: The address that e-mail comes from.
        receivers: The addresses that it goes to.
        repeat_after: After how long a trouble that is still there is told again.
        limits: From when on something is a trouble.
    """

    webhook: str = field(default="", repr=False)
    server: SmtpServer | None = None
    sender: str = ""
    receivers: tuple[str, ...] = ()
    repeat_after: timedelta = timedelta(hours=24)
    limits: TroubleLimits = field(default_factory=TroubleLimits)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "AlertSettings":
        """The settings that variables describe; no address is in an error's text.

        Raises:
            InvalidInputError: A variable makes no sense.
        """
        server = _server(environment.get(SMTP_VARIABLE, "").strip())
        texts = environment.get("FARMY_ALERT_EMAIL_TO", "").split(",")
        receivers = tuple(parse_email(text) for text in texts if text.strip())
        sender = environment.get("FARMY_ALERT_EMAIL_FROM", "").strip()
        if server and not (receivers and sender):
            msg = f"{SMTP_VARIABLE} needs FARMY_ALERT_EMAIL_TO and FARMY_ALERT_EMAIL_FROM as well"
            raise InvalidInputError(msg)
        plain = TroubleLimits()
        return cls(
            webhook=_webhook(environment.get(WEBHOOK_VARIABLE, "").strip()),
            server=server,
            sender=parse_email(sender) if sender else "",
            receivers=receivers,
            repeat_after=timedelta(hours=_number(environment, "FARMY_ALERT_REPEAT_HOURS", 24)),
            limits=TroubleLimits(
                stale_days=round(_number(environment, "FARMY_ALERT_STALE_DAYS", plain.stale_days)),
                conflict_share=_number(
                    environment, "FARMY_ALERT_CONFLICT_PERCENT", 100 * plain.conflict_share
                )
                / 100,
            ),
        )


def _webhook(text: str) -> str:
    parts = urlsplit(text)
    if text and not (parts.scheme in {"http", "https"} and parts.hostname):
        msg = f"{WEBHOOK_VARIABLE} is no web address; write it like https://hooks.example.com/..."
        raise InvalidInputError(msg)
    return text


def _server(text: str) -> SmtpServer | None:
    if not text:
        return None
    wrong = f"{SMTP_VARIABLE} is no mail server; write it like smtps://user:password@host:465"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError(wrong) from error
    if parts.scheme not in _SMTP_PORTS or not parts.hostname:
        raise InvalidInputError(wrong)
    return SmtpServer(
        host=parts.hostname,
        port=port or _SMTP_PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _number(environment: Mapping[str, str], name: str, otherwise: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        msg = f"{name}={text!r} is no number"
        raise InvalidInputError(msg)
    return float(text)
