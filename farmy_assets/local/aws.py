"""Clients of the local platform's AWS, and of no other."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import boto3
from botocore.config import Config

from farmy_assets.local.settings import REGION

# What is sent and compared here is the template's own data, which no stub can type.
Client: TypeAlias = Any


@dataclass(frozen=True)
class Aws:
    """The emulator at an endpoint."""

    endpoint_url: str

    def client(self, service: str) -> Client:
        """A client that talks to the endpoint and to nothing else, by no proxy."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  the emulator's root key
            config=Config(
                proxies={},
                signature_version="s3v4" if service == "s3" else None,
                s3={"addressing_style": "path"},
                retries={"mode": "standard", "max_attempts": 3},
            ),
        )
