"""Clients of the local platform's AWS, and of no other."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import boto3
from botocore.config import Config

from farmy_assets.local.settings import REGION, LocalSettings, load_secrets

# What is sent and compared here is the template's own data, which no stub can type.
Client: TypeAlias = Any


@dataclass(frozen=True)
class Aws:
    """The emulator at an endpoint, with its root key."""

    endpoint_url: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)

    @classmethod
    def of(cls, settings: LocalSettings) -> "Aws":
        """The emulator of this platform."""
        secrets = load_secrets(settings)
        return cls(
            settings.address("ministack"), secrets.aws_access_key_id, secrets.aws_secret_access_key
        )

    def client(self, service: str) -> Client:
        """A client that talks to the endpoint and to nothing else, by no proxy."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(
                proxies={},
                signature_version="s3v4" if service == "s3" else None,
                s3={"addressing_style": "path"},
                retries={"mode": "standard", "max_attempts": 3},
            ),
        )
