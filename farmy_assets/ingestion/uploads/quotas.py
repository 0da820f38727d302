"""How much one contributor may have open, and send in a day: one item each, counted by DynamoDB.

An upload is open from the leave that is given for it until its bytes were looked at, or the leave
has ended. Each open upload is an attribute of its own in the contributor's item, so that taking it
away twice takes it away once. Room is taken by a conditional update: of any number of requests at
once no more get through than there is room for.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from farmy_assets.errors import QuotaExceededError
from farmy_assets.ingestion.uploads.quota_limits import USUAL_LIMITS, UploadCounts
from farmy_assets.lake.connection import error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN = "open-"  # an open upload's attribute is this and the client's id
DAY = "day"
SHORTLY_SECONDS = 30


@dataclass(frozen=True)
class Quotas:
    """The counts of all contributors."""

    client: "DynamoDBClient"
    name: str
    limits: UploadCounts = USUAL_LIMITS
    # DynamoDB changes one item once at a time; threads of one batch would only wait there.
    _one_at_a_time: Lock = field(default_factory=Lock, compare=False)

    def take(
        self, contributor: str, client_id: str, size_bytes: int, *, now: datetime, until: datetime
    ) -> bool:
        """Take room for an upload; False when it has some already, which then lasts on.

        What was lengthened lately is not lengthened again: it lasts for half of the time at least.

        Args:
            contributor: Whose upload.
            client_id: The client's id of it.
            size_bytes: How many bytes it has.
            now: The time.
            until: When the leave for it ends.

        Raises:
            QuotaExceededError: There is no room; the text says what is taken.
            LakeUnavailableError: The counts cannot be read just now.
        """
        is_new_day = old_are_ended = False
        while True:
            item = self._take(contributor, client_id, size_bytes, now, until, is_new_day)
            if item is None:
                return True
            if has := item.get(OPEN + client_id):
                if int(has["M"]["until"]["N"]) < _seconds(now + (until - now) / 2):
                    self._prolong(contributor, client_id, until)
                return False
            is_todays = item.get(DAY, {}).get("S", "") >= _day(now)
            if is_new_day is is_todays:  # a new day has begun, or somebody else has begun it
                is_new_day = not is_todays
            elif not old_are_ended and self._end_old(contributor, item, now):
                old_are_ended = True
            else:
                raise self._no_room(item, size_bytes, now)

    def count_one(self, contributor: str, *, now: datetime) -> None:
        """Count something that is no upload, but costs as much as asking for one.

        Raises:
            QuotaExceededError: There was too much of it today.
            LakeUnavailableError: The counts cannot be read just now.
        """
        once = secrets.token_hex(8)
        self.take(contributor, once, 0, now=now, until=now)
        self.give_back(contributor, once, 0)

    def give_back(self, contributor: str, client_id: str, size_bytes: int) -> bool:
        """End an upload's room, because its bytes were looked at; False when it had none.

        Raises:
            LakeUnavailableError: The counts cannot be written just now.
        """
        return self._end(
            contributor, client_id, size_bytes, "#upload.#size = :size",
            {"#size": "size"}, {":size": _number(size_bytes)},
        )  # fmt: skip

    def _take(
        self, contributor: str, client_id: str, size: int, now: datetime, until: datetime,
        is_new_day: bool,
    ) -> Mapping[str, Any] | None:  # fmt: skip
        """Nothing when room was taken; else the contributor's item as it is."""
        most = self.limits
        values = {
            ":upload": {"M": {"size": _number(size), "until": _number(_seconds(until))}},
            ":day": {"S": _day(now)},
            ":one": _number(1), ":size": _number(size),
            ":open": _number(most.open_uploads - 1), ":open_left": _number(most.open_bytes - size),
        }  # fmt: skip
        update = "SET #upload = :upload"
        adds = "ADD open_uploads :one, open_bytes :size"
        conditions = [
            "attribute_not_exists(#upload)",
            "(attribute_not_exists(open_uploads) OR open_uploads <= :open)",
            "(attribute_not_exists(open_bytes) OR open_bytes <= :open_left)",
        ]
        if is_new_day:
            update += ", #day = :day, uploads_today = :one, bytes_today = :size"
            conditions += ["(attribute_not_exists(#day) OR #day < :day)"]
            if size > min(most.open_bytes, most.bytes_today) or not most.uploads_today:
                return self._item(contributor)
        else:
            values[":today"] = _number(most.uploads_today - 1)
            values[":today_left"] = _number(most.bytes_today - size)
            adds += ", uploads_today :one, bytes_today :size"
            conditions += ["#day = :day", "uploads_today <= :today", "bytes_today <= :today_left"]
        names = {"#upload": OPEN + client_id, "#day": DAY}
        return self._update(contributor, f"{update} {adds}", conditions, names, values)

    def _prolong(self, contributor: str, client_id: str, until: datetime) -> None:
        self._update(
            contributor, "SET #upload.#until = :until", ["#upload.#until < :until"],
            {"#upload": OPEN + client_id, "#until": "until"}, {":until": _number(_seconds(until))},
        )  # fmt: skip

    def _end_old(self, contributor: str, item: Mapping[str, Any], now: datetime) -> int:
        """End the room of those whose leave has ended; how many there were."""
        return sum(
            # One that was prolonged meanwhile goes on.
            self._end(
                contributor, name.removeprefix(OPEN), int(one["M"]["size"]["N"]),
                "#upload.#until = :until", {"#until": "until"}, {":until": one["M"]["until"]},
            )
            for name, one in item.items()
            if name.startswith(OPEN) and int(one["M"]["until"]["N"]) < _seconds(now)
        )  # fmt: skip

    def _end(
        self, contributor: str, client_id: str, size: int, condition: str,
        names: Mapping[str, str], values: Mapping[str, Any],
    ) -> bool:  # fmt: skip
        refused = self._update(
            contributor,
            "REMOVE #upload ADD open_uploads :minus_one, open_bytes :minus_size",
            ["attribute_exists(#upload)", condition],
            {"#upload": OPEN + client_id, **names},
            {":minus_one": _number(-1), ":minus_size": _number(-size), **values},
        )
        return refused is None

    def _update(
        self, contributor: str, update: str, conditions: Sequence[str],
        names: Mapping[str, str], values: Mapping[str, Any],
    ) -> Mapping[str, Any] | None:  # fmt: skip
        """Nothing when the conditions held; else the contributor's item as it is."""
        with self._one_at_a_time, translated(f"counting the uploads of {contributor}"):
            try:
                self.client.update_item(
                    TableName=self.name, Key={"contributor": {"S": contributor}},
                    UpdateExpression=update, ConditionExpression=" AND ".join(conditions),
                    ExpressionAttributeNames=names, ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )  # fmt: skip
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                item: Mapping[str, Any] | None = dict(error.response).get("Item")  # type: ignore[assignment]
                return item or self._item(contributor)
        return None

    def _item(self, contributor: str) -> Mapping[str, Any]:
        with translated(f"reading how much {contributor} has open"):
            answer = self.client.get_item(
                TableName=self.name, Key={"contributor": {"S": contributor}}, ConsistentRead=True
            )
        return answer.get("Item", {})

    def _no_room(
        self, item: Mapping[str, Any], size_bytes: int, now: datetime
    ) -> QuotaExceededError:
        counted = {name: int(item.get(name, {}).get("N", 0)) for name in UploadCounts.model_fields}
        if item.get(DAY, {}).get("S") != _day(now):
            counted |= {"uploads_today": 0, "bytes_today": 0}
        taken, most = UploadCounts.model_validate(counted), self.limits
        if (
            taken.uploads_today >= most.uploads_today
            or taken.bytes_today + size_bytes > most.bytes_today
        ):
            midnight = datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
            seconds = int((midnight + timedelta(days=1) - now).total_seconds()) + 1
            text = (
                f"{taken.uploads_today} uploads of {taken.bytes_today} bytes together were begun "
                f"today (UTC), and {most.uploads_today} of {most.bytes_today} bytes are allowed in "
                "a day: go on tomorrow"
            )
        else:
            seconds = SHORTLY_SECONDS
            text = (
                f"{taken.open_uploads} uploads of {taken.open_bytes} bytes together are open, and "
                f"{most.open_uploads} of {most.open_bytes} bytes are allowed: send these first"
            )
        return QuotaExceededError(text, retry_after_seconds=seconds)


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
