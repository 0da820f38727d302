"""Faults of AWS, played in process: the SDK's own retries really run against them."""

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

NOWHERE = "http://fault.invalid/"
THROTTLED = "ProvisionedThroughputExceededException"


class _Body(BytesIO):
    def stream(self, **_: object) -> "list[bytes]":
        return [self.getvalue()]


class Fault:
    """The next answers of one operation, before the request is sent.

    Attributes:
        requests: The bodies of all requests that were seen, those let through included.

    With `of`, only requests whose address has this text in it: what else goes on beside them in
    other threads takes none of the faults.
    """

    def __init__(
        self, client: "S3Client | DynamoDBClient", operation: str, *, times: int, of: str = "",
        status: int = 400, body: bytes = b"", media_type: str = "application/x-amz-json-1.0",
    ) -> None:  # fmt: skip
        self.left = times
        self._of = of
        self.requests: list[bytes | None] = []
        self._answer = (status, media_type, body)
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-send.{service}.{operation}", self.answer)  # type: ignore[arg-type]

    def answer(self, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401
        self.requests.append(request.body)
        if not self.left or self._of not in request.url:
            return None
        self.left -= 1
        status, media_type, body = self._answer
        headers = HTTPHeaders()
        headers["content-type"] = media_type
        request.url = NOWHERE  # moto is told of every request, and must not act on this one
        return AWSResponse(request.url, status, headers, _Body(body))


def dynamodb_error(
    client: "DynamoDBClient", operation: str, code: str, *, times: int, **more: object
) -> Fault:
    """DynamoDB refuses so many requests with this code."""
    body = json.dumps(
        {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}
    )
    return Fault(client, operation, times=times, body=body.encode())


def slow_down(client: "S3Client", operation: str, *, times: int, of: str = "") -> Fault:
    """S3 asks to slow down, where the address has the text `of` in it."""
    body = (
        b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    )
    return Fault(
        client, operation, times=times, of=of, status=503, body=body, media_type="application/xml"
    )
