"""The dead-letter queue of the ingest path: what failed, why, and how to retry it.

A message is there after five deliveries that failed. No message is lost here: it is
sent to the ingest queue first and deleted then, so that one that is killed between the two comes
twice, which changes nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from pydantic import AwareDatetime

from farmy_assets.catalog.entry import object_events
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.connection import client_config, translated
from farmy_assets.lake.settings import LakeSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

AT_A_TIME = 10
VISIBILITY_TIMEOUT_S = 120  # for so long no other reader gets the message
SHOWN = 500


class DeadLetter(Record):
    """A message that could not be handled, with the reason as far as it is known."""

    message_id: str
    sent_at: AwareDatetime | None
    keys: tuple[str, ...]
    reason: str
    body: str


@dataclass(frozen=True)
class DeadLetters:
    """The messages that failed in five deliveries."""

    client: "SQSClient"
    queue_url: str

    @classmethod
    def connect(cls, settings: LakeSettings) -> "DeadLetters":
        """The dead letters of the ingest queue that the settings name.

        Raises:
            InvalidInputError: They name none.
        """
        if not settings.ingest_queue_url:
            msg = "FARMY_INGEST_QUEUE_URL is not set: give it the address of the ingest queue"
            raise InvalidInputError(msg)
        client = boto3.client(
            "sqs",
            region_name=settings.region_name,
            endpoint_url=settings.endpoint_url,
            config=client_config(signature="v4"),
        )
        return cls(client, settings.ingest_queue_url)

    def redrive(self, *, move: bool) -> list[DeadLetter]:
        """Read every dead letter; with `move`, send each back to the ingest queue.

        Raises:
            LakeUnavailableError: The queues do not answer; what was moved so far is moved.
        """
        with translated("reading the dead-letter queue"):
            dead = self._dead_letters_url()
            found = {}
            read = []
            try:
                for message in self._received(dead):
                    found[message["MessageId"]] = _dead_letter(message)
                    if move:
                        self.client.send_message(
                            QueueUrl=self.queue_url, MessageBody=message["Body"]
                        )
                        self.client.delete_message(
                            QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"]
                        )
                    else:
                        read.append(message["ReceiptHandle"])
            finally:
                for receipt in read:  # visible again to the next reader
                    self.client.change_message_visibility(
                        QueueUrl=dead, ReceiptHandle=receipt, VisibilityTimeout=0
                    )
        return sorted(found.values(), key=lambda letter: (str(letter.sent_at), letter.message_id))

    def _dead_letters_url(self) -> str:
        asked = self.client.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["RedrivePolicy"]
        )
        policy = asked.get("Attributes", {}).get("RedrivePolicy")
        if not policy:
            msg = f"the queue {self.queue_url} has no dead-letter queue: deploy the stack again"
            raise InvalidInputError(msg)
        name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
        return self.client.get_queue_url(QueueName=name)["QueueUrl"]

    def _received(self, queue_url: str) -> Iterator[Any]:
        while True:
            answer = self.client.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=AT_A_TIME,
                VisibilityTimeout=VISIBILITY_TIMEOUT_S, WaitTimeSeconds=1,
                MessageSystemAttributeNames=["SentTimestamp"],
            )  # fmt: skip
            messages = answer.get("Messages", [])
            if not messages:
                return
            yield from messages


def _dead_letter(message: Any) -> DeadLetter:  # noqa: ANN401 - a message as boto3 gives it
    sent_ms = message.get("Attributes", {}).get("SentTimestamp")
    keys_of_message, reason = _diagnosis(message["Body"])
    return DeadLetter(
        message_id=message["MessageId"],
        sent_at=datetime.fromtimestamp(int(sent_ms) / 1000, UTC) if sent_ms else None,
        keys=keys_of_message,
        reason=reason,
        body=message["Body"][:SHOWN],
    )


def _diagnosis(body: str) -> tuple[tuple[str, ...], str]:
    try:
        events = object_events(body)
    except InvalidInputError as error:
        return (), str(error)
    named = tuple(event.key for event in events)
    if events.malformed:
        return named, f"not an S3 event: {'; '.join(events.malformed)[:SHOWN]}"
    if any(keys.upload_of_incoming_key(key) for key in named):
        why = "an upload was not looked at in five deliveries, or other bytes lie under its image"
        return named, why
    if not any(keys.image_id_of_raw_key(key) or keys.correction_of_key(key) for key in named):
        return named, "an event of no image of ours"
    return named, "the lake or the catalog did not answer in five deliveries"
