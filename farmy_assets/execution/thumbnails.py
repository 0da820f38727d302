"""Small pictures of many files, drawn in guarded child processes."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from farmy_assets.cleansing.decoding import Undecodable, decode
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.previews import THUMBNAIL_PX, small_jpeg
from farmy_assets.execution.guard import GuardedPool, Message

_AT_ONCE = 16


def thumbnail(
    content: bytes, *, policy: CleansingPolicy, long_side_px: int = THUMBNAIL_PX
) -> bytes | None:
    """A JPEG with a long side of at most so many pixels; None when there is no picture."""
    decoded = decode(content, policy=policy, enough_px=long_side_px)
    if isinstance(decoded, Undecodable):
        return None
    return small_jpeg(decoded.image, long_side_px=long_side_px)


def thumbnails(
    files: Iterable[tuple[str, bytes]],
    *,
    policy: CleansingPolicy,
    long_side_px: int = THUMBNAIL_PX,
) -> dict[str, bytes]:
    """Name to thumbnail, of those files that have one."""
    pool = GuardedPool(
        f"{__name__}:worker",
        json.dumps({"policy": policy.model_dump(mode="json"), "long_side_px": long_side_px}),
        seconds=policy.seconds_per_image,
        memory_mb=policy.memory_mb_per_worker,
    )
    found: dict[str, bytes] = {}
    try:
        for some in _chunks(files):
            answers = pool.work([Message({}, content) for _, content in some])
            for (name, _), answer in zip(some, answers, strict=True):
                if isinstance(answer, Message) and answer.content:
                    found[name] = answer.content
    finally:
        pool.close()
    return found


def worker(settings: str) -> Callable[[Message], Message]:
    """What a child process does with each file."""
    given = json.loads(settings)
    policy, side = CleansingPolicy.model_validate(given["policy"]), given["long_side_px"]
    return lambda message: Message(
        {}, thumbnail(message.content or b"", policy=policy, long_side_px=side)
    )


def _chunks(files: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    left = iter(files)
    while some := list(islice(left, _AT_ONCE)):
        yield some
