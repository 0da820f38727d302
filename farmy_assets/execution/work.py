"""The whole work on one image: its verdict, and its normalised copy if one is wanted.

`worker` is what guarded child processes run; `messages` and `worked_images` are the two ends of
the pipe.
"""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from farmy_assets.cleansing.checks import too_costly
from farmy_assets.cleansing.decoding import Undecodable
from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.cleansing.normalise import NormalisedCopy, normalised_copy
from farmy_assets.cleansing.previews import small_jpeg
from farmy_assets.cleansing.quality import ImageQuality, examine, rejected
from farmy_assets.execution.found_files import read_content
from farmy_assets.execution.guard import Failure, GuardedPool, Message
from farmy_assets.execution.work_order import WorkOrder


class RawImage(NamedTuple):
    """One file to work on; content is None when it could not be found."""

    image_id: str
    name: str | None
    promised_sha256: str | None
    content: bytes | None


class ImageFile(NamedTuple):
    """The same for a file of this machine, which the child reads itself."""

    image_id: str
    name: str
    path: Path


class WorkedImage(NamedTuple):
    """What came of it; copy and thumbnail are None when not asked for, or impossible."""

    quality: ImageQuality
    copy: NormalisedCopy | None
    thumbnail: bytes | None = None


class WorkedText(NamedTuple):
    """The same as a child process tells it: the verdict is JSON that nobody has read yet."""

    image_id: str
    quality: str
    copy: NormalisedCopy | None
    thumbnail: bytes | None = None


def work_on(image: RawImage, order: WorkOrder) -> WorkedImage:
    """The work itself, in this process.

    Raises:
        MemoryError: Nothing else, and this only of the process's own limit.
    """
    quality, picture = examine(
        image.image_id,
        image.content,
        policy=order.policy,
        promised_sha256=image.promised_sha256,
        name=image.name,
    )
    if picture is None or image.content is None:
        return WorkedImage(quality, None)
    if not order.copies:
        return WorkedImage(quality, None, small_jpeg(picture) if order.thumbnails else None)
    copy = normalised_copy(image.content, policy=order.policy)
    if isinstance(copy, Undecodable):  # its measures needed only a part of what the copy needs
        return WorkedImage(rejected(image.image_id, quality.sha256, copy, order.policy), None)
    return WorkedImage(quality, copy, copy.thumbnail)


def work_guarded(
    images: Sequence[RawImage], order: WorkOrder, pool: GuardedPool
) -> list[WorkedText]:
    """The work on some images, done by a child of the pool; one answer each, in their order."""
    answers = pool.work([Message(_header(image), image.content) for image in images])
    return [
        _worked_text(image, answer)
        if isinstance(answer, Message)
        else _failed(image, answer, order)
        for image, answer in zip(images, answers, strict=True)
    ]


def work_on_files(
    files: Sequence[ImageFile], order: WorkOrder, pool: GuardedPool
) -> list[WorkedText]:
    """The same as `work_guarded` on files of this machine, without their bytes in this process."""
    most = order.policy.max_bytes
    images = [RawImage(file.image_id, file.name, None, None) for file in files]
    messages = [
        Message(_header(image), file=(str(file.path), most))
        for image, file in zip(images, files, strict=True)
    ]
    found = []
    for image, file, answer in zip(images, files, pool.work(messages), strict=True):
        if isinstance(answer, Message) and not answer.header["was_there"]:
            # A child has fewer rights: it decides alone only about what it could read.
            found += work_guarded([_read(image, file, most)], order, pool)
        elif isinstance(answer, Message):
            found.append(_worked_text(image, answer))
        else:
            found.append(_failed(_read(image, file, most), answer, order))
    return found


def worker(settings: str) -> Callable[[Message], Message]:
    """What a child process does with each message."""
    order = WorkOrder.model_validate_json(settings)

    def work(message: Message) -> Message:
        image = RawImage(content=message.content, **message.header)
        quality, copy, thumbnail = work_on(image, order)
        header: dict[str, object] = {
            "quality": quality.model_dump_json(),
            "was_there": image.content is not None,
        }
        if thumbnail is not None:
            header["thumbnail"] = base64.b64encode(thumbnail).decode()
        if copy is None:
            return Message(header)
        fields = copy._asdict()
        del fields["content"], fields["thumbnail"]
        return Message({**header, "copy": fields}, copy.content)

    return work


def _header(image: RawImage) -> dict[str, str | None]:
    return {
        "image_id": image.image_id,
        "name": image.name,
        "promised_sha256": image.promised_sha256,
    }


def _read(image: RawImage, file: ImageFile, most: int) -> RawImage:
    return image._replace(content=read_content(file.path, most))


def _worked_text(image: RawImage, answer: Message) -> WorkedText:
    quality, packed = str(answer.header["quality"]), answer.header.get("thumbnail")
    thumbnail = base64.b64decode(packed) if packed else None
    if answer.content is None or thumbnail is None:
        return WorkedText(image.image_id, quality, None, thumbnail)
    fields = answer.header["copy"] | {"content": answer.content, "thumbnail": thumbnail}
    return WorkedText(image.image_id, quality, NormalisedCopy(**fields), thumbnail)


def _failed(image: RawImage, failure: Failure, order: WorkOrder) -> WorkedText:
    why = Undecodable(too_costly.CHECK.name, failure.detail)
    sha256 = content_sha256(image.content) if image.content is not None else None
    quality = rejected(image.image_id, sha256, why, order.policy)
    return WorkedText(image.image_id, quality.model_dump_json(), None)
