"""The current metadata of an image: those of its arrival with the corrections made since.

They lie in the raw zone, since both may have an exact position. A correction is written once, under
the next free number of its image; its event brings what stands into the catalog.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from farmy_assets.catalog.corrections import (
    AuthorKind,
    CorrectedValues,
    Correction,
    changes_needed,
    corrected,
)
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import InvalidInputError, LakeUnavailableError, UploadConflictError
from farmy_assets.lake import keys
from farmy_assets.lake.object_facts import ObjectFacts
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.lake.record_store import RecordStore

TRIES = 20
MOST_OF_ONE_IMAGE = 100  # of contributors; an operator may always correct


@dataclass(frozen=True)
class CurrentMetadata:
    """The current metadata of one image.

    Attributes:
        found: Facts of the image's object in S3.
        first: The metadata of its arrival; None when there are none of use.
        corrections: What was corrected since, in order.
    """

    found: ObjectFacts
    first: ImageMetadata | None
    corrections: tuple[Correction, ...] = ()

    @property
    def metadata(self) -> ImageMetadata | None:
        """The metadata with all corrections; None when there are none of use."""
        return corrected(self.first, self.corrections) if self.first else None


@dataclass(frozen=True)
class Corrections:
    """The corrections of all images."""

    raw: Bucket

    def current(self, image_id: str) -> CurrentMetadata | None:
        """The current metadata of an image; None when it is not in the raw zone."""
        found, first = RawZone(self.raw).first_metadata(image_id)
        return CurrentMetadata(found, first, self.of(image_id)) if found else None

    def of(self, image_id: str) -> tuple[Correction, ...]:
        """An image's corrections, in order; there are none for most images."""
        records = RecordStore(self.raw)

        def numbered() -> Iterator[Correction]:
            for number in count(1):
                found = records.find(keys.correction(image_id, number), Correction)
                if found is None:
                    return
                yield found

        return tuple(numbered())

    def counts(self) -> dict[str, int]:
        """How many corrections each corrected image has."""
        listed = map(keys.correction_of_key, self.raw.keys(keys.CORRECTIONS))
        return {image_id: number for image_id, number in filter(None, listed)}  # keys are in order

    def add(
        self,
        image_id: str,
        values: CorrectedValues,
        removed: tuple[str, ...] = (),
        *,
        author: str,
        author_kind: AuthorKind,
        now: Callable[[], datetime],
        reason: str | None = None,
    ) -> tuple[CurrentMetadata, bool]:
        """Correct an image's metadata; repeating current values changes nothing.

        Args:
            image_id: The image.
            values: The new values.
            removed: Names of values to be taken away.
            author: Who makes the correction.
            author_kind: A contributor can correct only his or her own photographs.
            now: Returns the time.
            reason: Why.

        Returns:
            What stands now, and whether it was corrected.

        Raises:
            InvalidInputError: There is no such image, or it has no metadata.
            UploadConflictError: It is not the contributor's, or was corrected too often.
            LakeUnavailableError: Others corrected it each time that it was tried.
        """
        for _ in range(TRIES):
            current = self.current(image_id)
            metadata = current.metadata if current else None
            if current is None or metadata is None:
                msg = f"image {image_id} is not in the raw zone, or has no metadata to correct"
                raise InvalidInputError(msg)
            if author_kind is AuthorKind.CONTRIBUTOR:
                _may_correct(current, metadata, author)
            said, gone = changes_needed(metadata, values, removed)
            if not gone and not said.model_dump(exclude_none=True):
                return current, False
            correction = Correction(
                image_id=image_id, number=len(current.corrections) + 1, author=author,
                author_kind=author_kind, at=now(), values=said, removed=gone, reason=reason,
            )  # fmt: skip
            key = keys.correction(image_id, correction.number)
            if RecordStore(self.raw).write_once(key, correction):
                made = (*current.corrections, correction)
                return CurrentMetadata(current.found, current.first, made), True
        msg = f"image {image_id} was corrected by others {TRIES} times meanwhile; try again later"
        raise LakeUnavailableError(msg)


def _may_correct(current: CurrentMetadata, metadata: ImageMetadata, contributor: str) -> None:
    if metadata.contributor != contributor:
        msg = "the photograph that is in the lake was not sent by you: it is not yours to correct"
        raise UploadConflictError(msg)
    if len(current.corrections) >= MOST_OF_ONE_IMAGE:
        msg = f"this photograph was corrected {MOST_OF_ONE_IMAGE} times: ask who runs the platform"
        raise UploadConflictError(msg)
