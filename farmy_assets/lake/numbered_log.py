"""A log of numbered objects: written once each, in order, and read from any number on."""

from collections.abc import Callable
from dataclasses import dataclass

from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket


@dataclass(frozen=True)
class NumberedLog:
    """Objects that are numbered from 1; the number is the lock.

    Attributes:
        bucket: Where they lie.
        key_of: Makes the key of a number; keys sort as their numbers do.
    """

    bucket: Bucket
    key_of: Callable[[int], str]

    def after(self, number: int) -> list[int]:
        """The numbers behind this one that are taken; costs one listing of what is new."""
        prefix = self.key_of(0).rpartition("/")[0] + "/"
        return keys.numbers(self.bucket.keys(prefix, after=self.key_of(number)), self.key_of)

    def append(
        self,
        *,
        after: int,
        content: Callable[[], bytes | None],
        learn: Callable[[bytes], None],
        media_type: str = "application/json",
    ) -> int:
        """Add an object behind all others; returns the last number that was looked at or taken.

        Args:
            after: Up to which number the caller has read.
            content: What is to be written; None when nothing is left to write.
            learn: Called with the bytes of each object behind `after`, before content is asked for.
            media_type: What the bytes are.
        """
        last = after
        for last in self.after(after):
            learn(self.bucket.find(self.key_of(last)) or b"")
        while (body := content()) is not None:
            last += 1
            if self.bucket.put_once(self.key_of(last), body, media_type=media_type):
                break
            learn(self.bucket.find(self.key_of(last)) or b"")  # somebody else was quicker
        return last
