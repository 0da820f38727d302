import json

import boto3
import pytest

from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.dead_letters import DeadLetters
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import arrival, jpeg, s3_event


@pytest.fixture
def letters(lake: Lake) -> DeadLetters:
    client = boto3.client("sqs", region_name=lake.settings.region_name)
    dead = client.create_queue(QueueName="ingest-dead-letters")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 5}
    url = client.create_queue(QueueName="ingest", Attributes={"RedrivePolicy": json.dumps(policy)})[
        "QueueUrl"
    ]
    image_id = arrival("a.jpg", jpeg()).image_id
    for number in range(12):
        client.send_message(QueueUrl=dead, MessageBody=s3_event(f"images/{image_id}", f"{number}"))
    client.send_message(QueueUrl=dead, MessageBody="poison")
    settings = lake.settings.model_copy(update={"ingest_queue_url": url})
    return DeadLetters.connect(settings)


def waiting(letters: DeadLetters) -> int:
    asked = letters.client.get_queue_attributes(
        QueueUrl=letters.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def test_reading_lists_what_failed_and_why_and_removes_nothing(letters: DeadLetters) -> None:
    for _ in range(2):
        found = letters.redrive(move=False)
        assert len(found) == 13
        reasons = {letter.reason.partition(":")[0] for letter in found}
        assert reasons == {
            "not an S3 event", "the lake or the catalog did not answer in five deliveries"
        }  # fmt: skip
    assert waiting(letters) == 0


def test_an_upload_that_could_not_be_looked_at_is_no_event_of_a_stranger(
    letters: DeadLetters,
) -> None:
    letters.redrive(move=True)
    dead = letters.client.get_queue_url(QueueName="ingest-dead-letters")["QueueUrl"]
    image_id = arrival("a.jpg", jpeg()).image_id
    for key, why in (
        ("incoming/c-4711/client-0001", "an upload was not looked at"),
        (f"corrections/{image_id}/000001.json", "did not answer"),
        ("elsewhere/x", "no image of ours"),
    ):
        letters.client.send_message(QueueUrl=dead, MessageBody=s3_event(key, "01"))
        (found,) = letters.redrive(move=True)
        assert why in found.reason


def test_all_dead_letters_go_back_to_their_queue(letters: DeadLetters) -> None:
    assert len(letters.redrive(move=True)) == 13
    assert waiting(letters) == 13
    assert letters.redrive(move=True) == []


def test_a_redrive_killed_half_way_loses_nothing(
    letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def die(**_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(letters.client, "delete_message", die)
        with pytest.raises(KilledError):
            letters.redrive(move=True)
    assert waiting(letters) == 1  # sent, not deleted yet: it comes twice


def test_without_a_queue_the_missing_setting_is_named(lake: Lake) -> None:
    with pytest.raises(InvalidInputError, match="FARMY_INGEST_QUEUE_URL"):
        DeadLetters.connect(lake.settings)


def test_a_letter_of_endless_brackets_is_shown_like_any_other(letters: DeadLetters) -> None:
    letters.client.send_message(QueueUrl=letters._dead_letters_url(), MessageBody="[" * 100_000)
    found = letters.redrive(move=False)
    assert len(found) == 14
    assert sum(letter.reason.startswith("not an S3 event") for letter in found) == 2


def test_a_letter_with_one_bad_record_names_it_and_its_neighbours(letters: DeadLetters) -> None:
    image_id = arrival("a.jpg", jpeg()).image_id
    good = json.loads(s3_event(f"images/{image_id}", "01"))["Records"][0]
    body = json.dumps({"Records": [good, {"eventName": "ObjectCreated:Put"}]})
    letters.client.send_message(QueueUrl=letters._dead_letters_url(), MessageBody=body)
    found = [letter for letter in letters.redrive(move=False) if letter.body == body]
    assert found[0].keys == (f"images/{image_id}",)
    assert "record 2 of 2" in found[0].reason
