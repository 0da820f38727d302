"""Messages leave by a real web server and a real mail server; no error tells a secret."""

from collections.abc import Iterator

import pytest

from farmy_assets.errors import AlertNotSentError, InvalidInputError
from farmy_assets.workflow.alerts.channels import Webhook, channels_of
from farmy_assets.workflow.alerts.settings import AlertSettings
from farmy_assets_tests.workflow.alerts.receivers import MailReceiver, WebhookReceiver, serving

TO = {
    "FARMY_ALERT_EMAIL_TO": "Lead@Example.com, night@example.com",
    "FARMY_ALERT_EMAIL_FROM": "farmy@example.com",
}


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def webhook() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    with serving(receiver):
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    with serving(receiver):
        yield receiver


def test_a_webhook_gets_slacks_form_and_no_name_in_it_mentions_anybody(
    webhook: WebhookReceiver,
) -> None:
    channels = channels_of(AlertSettings.from_environment({"FARMY_ALERT_WEBHOOK": webhook.address}))
    channels["webhook"].send("weeds & co", "<!channel> look")
    assert webhook.bodies == [{"text": "*weeds &amp; co*\n&lt;!channel&gt; look"}]
    assert webhook.paths == ["/services/T0/B0/s3cr3t"]


def test_mail_goes_to_everybody_and_a_line_break_in_a_title_adds_no_header(
    mail: MailReceiver,
) -> None:
    settings = AlertSettings.from_environment({"FARMY_ALERT_SMTP": mail.address, **TO})
    channels_of(settings)["e-mail"].send("stale\nBcc: evil@example.com", "anna (3).")
    assert mail.receivers == ["lead@example.com", "night@example.com"]
    (message,) = mail.messages
    head, _, body = message.partition("\r\n\r\n")
    assert "Subject: Farmy: stale Bcc: evil@example.com" in head
    assert not any(line.startswith("Bcc") for line in head.splitlines())
    assert body.strip() == "anna (3)."


@pytest.mark.parametrize("status", [404, 500])
def test_a_webhook_that_refuses_is_an_error_without_its_address(
    webhook: WebhookReceiver, status: int
) -> None:
    webhook.status = status
    with pytest.raises(AlertNotSentError, match=str(status)) as found:
        Webhook(webhook.address).send("a", "b")
    assert "s3cr3t" not in str(found.value)


def test_a_webhook_that_is_not_there_is_an_error_without_its_address(
    webhook: WebhookReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"), pytest.raises(AlertNotSentError) as found:
        Webhook("http://127.0.0.1:1/services/s3cr3t").send("a", "b")
    assert "s3cr3t" not in str(found.value) + caplog.text
    assert "s3cr3t" not in repr(Webhook("http://127.0.0.1:1/services/s3cr3t"))


def test_a_mail_server_that_refuses_or_is_not_there_is_an_error(mail: MailReceiver) -> None:
    mail.refuses = True
    for address in (mail.address, "smtp://127.0.0.1:1"):
        settings = AlertSettings.from_environment({"FARMY_ALERT_SMTP": address, **TO})
        with pytest.raises(AlertNotSentError, match="did not take the message"):
            channels_of(settings)["e-mail"].send("a", "b")


@pytest.mark.parametrize(
    "variables",
    [
        {"FARMY_ALERT_WEBHOOK": "file:///etc/passwd"},
        {"FARMY_ALERT_WEBHOOK": "hooks.example.com/s3cr3t"},
        {"FARMY_ALERT_SMTP": "http://user:s3cr3t@mail.example.com", **TO},
        {"FARMY_ALERT_SMTP": "smtp://user:s3cr3t@mail.example.com:port", **TO},
        {"FARMY_ALERT_SMTP": "smtp://user:s3cr3t@mail.example.com"},
        {"FARMY_ALERT_REPEAT_HOURS": "often"},
    ],
)
def test_a_setting_that_makes_no_sense_is_named_without_its_secret(
    variables: dict[str, str],
) -> None:
    with pytest.raises(InvalidInputError, match="FARMY_ALERT") as found:
        AlertSettings.from_environment(variables)
    assert "s3cr3t" not in str(found.value)


def test_without_settings_there_is_no_channel() -> None:
    assert channels_of(AlertSettings.from_environment({})) == {}


def test_a_password_in_the_settings_is_not_shown() -> None:
    settings = AlertSettings.from_environment(
        {
            "FARMY_ALERT_SMTP": "smtps://user:p%40ss@mail.example.com",
            "FARMY_ALERT_WEBHOOK": "https://hooks.example.com/s3cr3t",
            **TO,
        }
    )
    assert settings.server is not None
    assert (settings.server.port, settings.server.password) == (465, "p@ss")
    assert "p@ss" not in repr(settings)
    assert "s3cr3t" not in repr(settings)
