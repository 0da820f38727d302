"""Simulated phones: they ask, send, lose the connection, forget, and begin again."""

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from farmy_assets_tests.arrivals import jpeg

BOUNDARY = "a-boundary-that-no-photograph-has"
LOST_SHARE = 0.1  # of all forms: the connection breaks in the middle
REPEATED_SHARE = 0.1  # of all requests: the answer is lost, and the request made again
PATIENCE_SECONDS = 240
MOST_ROUNDS = 30  # of asking and sending; a phone that needs more will never be done


class _ConnectionLostError(Exception):
    """The phone went behind a hill."""


@dataclass
class Phone:
    """One phone with its photographs, all of different bytes."""

    number: int
    token: str
    campaign: str
    photographs: int

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)  # the same faults at each test
        self.contents = {
            f"phone-{self.number:03d}-{n:02d}": jpeg(n, size=(32 + self.number, 32 + n))
            for n in range(self.photographs)
        }

    def requests(self) -> list[dict[str, object]]:
        """What it asks leave for."""
        return [
            {
                "client_id": client_id, "name": f"{client_id}.jpg", "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(), "media_type": "image/jpeg",
                "campaign": self.campaign,
            }
            for client_id, content in self.contents.items()
        ]  # fmt: skip

    async def work(self, client: httpx.AsyncClient, address: str) -> set[str]:
        """Send everything until everything is stored; the ids of the images.

        What breaks unasked (a server that closes a connection just when it is used again) is to a
        phone what is broken here on purpose: it asks again.

        Raises:
            AssertionError: After many rounds something is still not stored.
        """
        for _ in range(MOST_ROUNDS):
            try:
                asked = await self._ask(client, address)
            except httpx.TransportError:
                continue
            left = [upload for upload in asked if "form" in upload]
            if not left:
                return {upload["image_id"] for upload in asked}
            for upload in left:
                await self._send(client, upload)
        msg = f"phone {self.number} was not done after {MOST_ROUNDS} rounds"
        raise AssertionError(msg)

    async def _ask(self, client: httpx.AsyncClient, address: str) -> list[dict[str, Any]]:
        times = 2 if self.chance.random() < REPEATED_SHARE else 1
        for _ in range(times):
            answer = await client.post(
                f"{address}/uploads/batch",
                json={"uploads": self.requests()},
                headers={"Authorization": f"Bearer {self.token}"},
            )
        answer.raise_for_status()
        items = answer.json()["uploads"]
        assert not [item for item in items if "problem" in item]
        return [item["upload"] for item in items]

    async def _send(self, client: httpx.AsyncClient, upload: dict[str, Any]) -> None:
        content = self.contents[upload["client_id"]]
        body = _form(upload["form"]["fields"], content)
        is_lost = self.chance.random() < LOST_SHARE
        times = 2 if self.chance.random() < REPEATED_SHARE else 1
        for _ in range(times):
            try:
                answer = await client.post(
                    upload["form"]["url"],
                    content=_broken(body) if is_lost else body,
                    headers={
                        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                        "Content-Length": str(len(body)),
                    },
                )
                answer.raise_for_status()
            except (_ConnectionLostError, httpx.TransportError):
                return


async def all_at_work(phones: list[Phone], address: str) -> set[str]:
    """All phones at once; the ids of all images."""
    limits = httpx.Limits(max_connections=len(phones))
    async with httpx.AsyncClient(
        limits=limits, timeout=PATIENCE_SECONDS, trust_env=False
    ) as client:
        found = await asyncio.gather(*(phone.work(client, address) for phone in phones))
    return set().union(*found)


async def _broken(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) * 2 // 3]
    await asyncio.sleep(0.01)
    raise _ConnectionLostError


def _form(fields: dict[str, str], content: bytes) -> bytes:
    line = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
    parts = [f"{line}name={json.dumps(name)}\r\n\r\n{value}\r\n" for name, value in fields.items()]
    head = f'{line}name="file"; filename="x"\r\n\r\n'
    return "".join([*parts, head]).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
