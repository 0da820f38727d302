"""Clients for AWS, and the translation of AWS's errors into ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from farmy_assets.errors import LakeError, LakeUnavailableError, ObjectMissingError
from farmy_assets.lake.settings import LakeSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

THREADS = 8
MISSING = {
    "NoSuchKey", "404", "NotFound", "NoSuchBucket", "NoSuchUpload", "ResourceNotFoundException",
    "EntityNotFoundException",
}  # fmt: skip
PASSING = {
    "InternalError", "InternalServerError", "ProvisionedThroughputExceededException",
    "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException",
    "RequestLimitExceeded", "TooManyRequestsException", "500", "502", "503",
    "TransactionConflictException",
}  # fmt: skip


_MAKING = Lock()  # clients may be shared between threads, the session that makes them may not


def client_config(*, signature: str = "s3v4") -> Config:
    """How all our clients behave: patient, but not for ever; `signature` is s3v4 for S3 alone."""
    return Config(
        connect_timeout=3,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": 4},
        max_pool_connections=2 * THREADS,
        signature_version=signature,
        s3={"addressing_style": "path"},
        parameter_validation=False,  # the type checker has done it; a tenth of a request's time
    )


def s3_client(settings: LakeSettings) -> "S3Client":
    """A client for the object store; safe to share between threads.

    Times in its answers stay text: nobody here reads them, and reading one for each key took more
    than half of the time that a listing takes.
    """
    with _MAKING:
        return _session().client(
            "s3",
            region_name=settings.region_name,
            endpoint_url=settings.endpoint_url,
            config=client_config(),
        )


def dynamodb_client(settings: LakeSettings) -> "DynamoDBClient":
    """A client for the catalog table; safe to share between threads."""
    with _MAKING:
        return _session().client(
            "dynamodb",
            region_name=settings.region_name,
            endpoint_url=settings.endpoint_url,
            config=client_config(signature="v4"),
        )


def queue_client(settings: LakeSettings) -> "SQSClient":
    """A client for the ingest queue; safe to share between threads."""
    with _MAKING:
        return _session().client(
            "sqs",
            region_name=settings.region_name,
            endpoint_url=settings.endpoint_url,
            config=client_config(signature="v4"),
        )


def query_client(settings: LakeSettings, service: Literal["athena", "glue"]) -> Any:  # noqa: ANN401 - either client
    """A client for the query layer's services."""
    with _MAKING:
        return _session().client(
            service,
            region_name=settings.region_name,
            endpoint_url=settings.endpoint_url,
            config=client_config(signature="v4"),
        )


def credentials_of(settings: LakeSettings) -> ReadOnlyCredentials | None:
    """What boto3 would sign with now, for programs that read S3 by themselves; None without any.

    From a session of its own, so that what has changed since the process began is seen.
    """
    found = boto3.Session(region_name=settings.region_name).get_credentials()
    return found.get_frozen_credentials() if found else None


@cache
def _session() -> boto3.Session:
    """One for the process: each new one reads AWS's descriptions of its services again."""
    session = boto3.Session()
    parsers = session._session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=str)
    return session


def error_code(error: ClientError) -> str:
    """The code that AWS gave, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn AWS's errors into the platform's; `doing` names the operation in the message.

    Raises:
        ObjectMissingError: The object, bucket or table is not there.
        LakeUnavailableError: No answer, a throttle, or a fault on the server's side.
        LakeError: Any other refusal.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        detail: dict[str, Any] = dict(error.response.get("Error", {}))
        text = f"{doing}: {code} {detail.get('Message', '')}".strip()
        if code in MISSING:
            raise ObjectMissingError(text) from error
        if code in PASSING:
            raise LakeUnavailableError(text) from error
        raise LakeError(text) from error
    except ParamValidationError as error:
        msg = f"{doing}: {error}"
        raise LakeError(msg) from error
    except BotoCoreError as error:
        msg = (
            f"{doing}: the lake does not answer ({type(error).__name__}). "
            "On a laptop, start it with `make up`; what failed is asked for again by itself."
        )
        raise LakeUnavailableError(msg) from error
