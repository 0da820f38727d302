"""JPEG files decoded so that it shows whether their coded data are all there.

The decoder (libjpeg) makes up for data that are missing with grey, and passes over data that are
too many, both without a word to Pillow. So a picture in one scan is given to it without its end
mark, and with a few bytes of filling behind its data: a decoder that asks for more lacked some,
one that never asked for the last bytes had too many. This costs nothing. Of a picture in several
scans the last one is decoded twice, with other filling: where the pictures differ, data were
missing. So is a scan with zeros that may be meant, at an eighth of the size.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from farmy_assets.cleansing.byte_runs import zero_bytes
from farmy_assets.cleansing.damage import Damage
from farmy_assets.cleansing.jpeg_losses import (
    erased_share,
    lost_restarts_share,
    overwritten_share,
    skips_scans,
)
from farmy_assets.cleansing.jpeg_stream import JpegStream, Scan, lacks_scans, read_stream

_END_MARK = b"\xff\xd9"
# A code of ones alone does not exist: what is decoded from this is hardly one unit (MCU).
_FILLING = b"\xff\x00" * 16
_LAST_BYTES = 64
_CHANGED_BYTES = 16
_STEP_BYTES = 256
_TOO_MANY = 0.01  # of the data: cameras pad, and a few bytes say nothing
_COARSE = 8
_MEANT_ZEROS = 0.005  # bits that refine plain colours are mostly zeros
_AT_LEAST = 1e-4
_ERASED = "JPEG overwritten with ones"

Prepare = Callable[[Image.Image], None]


def load_jpeg(content: bytes, prepare: Prepare) -> tuple[Image.Image, Damage | None]:
    """The loaded picture, as Pillow gives it, and what is wrong with its data.

    Args:
        content: A whole file.
        prepare: Called with a picture that is open and not loaded yet.

    Raises:
        OSError: The picture cannot be decoded; other errors of Pillow's come through as well.
    """
    stream = read_stream(content)
    if not stream.is_understood:
        return _loaded(io.BytesIO(content), prepare), None
    if not stream.is_one_sequential_scan:
        return _in_several_scans(content, stream, prepare)
    begin, end = stream.scans[0].begin, stream.scans[0].end
    file = _WatchedFile(content, end, guarded_from=max(begin, end - _LAST_BYTES))
    try:
        opened = _loaded(file, prepare)
    except OSError:
        if not file.ran_dry:
            raise
        opened = _loaded(io.BytesIO(content[:end] + _END_MARK), prepare)
        share = max(_AT_LEAST, _grey_share_at_the_end(content[:end] + _END_MARK))
        return opened, Damage(share, "JPEG that lacks data", is_cut=True)
    return opened, _sequential_damage(content, stream, file)


def _loaded(file: io.BytesIO, prepare: Prepare) -> Image.Image:
    opened = Image.open(file, formats=("JPEG",))
    prepare(opened)
    opened.load()
    return opened


class _WatchedFile(io.BytesIO):
    """A file up to some place and filling behind it, all of it without a copy.

    What lies from `guarded_from` on is given only when it is asked for by itself. From
    `stepped_from` on the bytes before that come in small portions.
    """

    def __init__(
        self, content: bytes, end: int, *, guarded_from: int, stepped_from: int | None = None
    ) -> None:
        super().__init__(content)
        self._guarded_from = guarded_from
        self._stepped_from = guarded_from if stepped_from is None else stepped_from
        self._guarded = content[guarded_from:end] + _FILLING
        self.ran_dry = False

    def read(self, size: int | None = -1, /) -> bytes:
        position = self.tell()
        left = self._guarded_from - position
        if left > 0:
            to_steps = self._stepped_from - position
            left = min(left, to_steps if to_steps > 0 else _STEP_BYTES)
            return super().read(left if size is None or not 0 <= size < left else size)
        part = self._guarded[-left:]
        if size is not None and size >= 0:
            part = part[:size]
        self.seek(position + len(part))
        self.ran_dry |= not part
        return part

    @property
    def was_read_to_its_end(self) -> bool:
        return self.tell() > self._guarded_from


def _sequential_damage(content: bytes, stream: JpegStream, file: _WatchedFile) -> Damage | None:
    """What else shows of a picture that did not lack data."""
    if damage := _damage_inside(content, stream):
        return damage
    scan = stream.scans[0]
    if file.was_read_to_its_end:
        if share := overwritten_share(content, stream):
            return Damage(share, "JPEG overwritten with zeros")
    else:
        used = _used_bytes(content, stream)
        too_many = (scan.end - used) / max(1, scan.end - scan.begin)
        read = stream._replace(scans=(scan._replace(end=used),))
        if share := overwritten_share(content, read, even_if_flat=too_many > _TOO_MANY):
            return Damage(share, "JPEG overwritten with zeros")
        if too_many > _TOO_MANY:
            return Damage(0.0, f"{scan.end - used:,} bytes behind the picture's last row")
    return None if stream.has_end_mark else Damage(0.0, "JPEG without an end mark")


def _damage_inside(content: bytes, stream: JpegStream) -> Damage | None:
    if stream.has_broken_tables:
        return Damage(1.0, "JPEG whose tables are overwritten")
    if share := erased_share(content, stream):
        return Damage(share, _ERASED)
    if share := lost_restarts_share(content, stream):
        return Damage(min(1.0, share), "JPEG that lacks parts in its middle")
    return None


def _used_bytes(content: bytes, stream: JpegStream) -> int:
    """Where the decoder stops, to a few bytes."""
    begin, end = stream.scans[0].begin, stream.scans[0].end
    file = _WatchedFile(content, end, guarded_from=end, stepped_from=begin)
    _loaded(file, _coarse)
    return file.tell()


def _grey_share_at_the_end(content: bytes) -> float:
    """The share of the picture, from its end upwards, that is of the decoder's filling."""
    levels = np.asarray(_loaded(io.BytesIO(content), _coarse))
    filling = levels[-1, -1].astype(np.int16)
    differs = np.abs(levels.astype(np.int16) - filling) > 1
    if differs.ndim > 2:  # noqa: PLR2004 - height, width, and colours
        differs = differs.any(axis=2)
    other = np.flatnonzero(differs)
    last = int(other[-1]) + 1 if other.size else 0
    return 1 - last / int(differs.size)


def _coarse(opened: Image.Image) -> None:
    opened.draft(None, (max(1, opened.width // _COARSE), max(1, opened.height // _COARSE)))


def _in_several_scans(
    content: bytes, stream: JpegStream, prepare: Prepare
) -> tuple[Image.Image, Damage | None]:
    """A progressive picture, or one whose colours are coded one after the other."""
    # Filling in front of a marker is none of the data, and would begin one with what follows here.
    begin, end = stream.scans[-1].begin, stream.scans[-1].end
    end = begin + len(content[begin:end].rstrip(b"\xff"))
    opened = _loaded(io.BytesIO(content[:end] + _END_MARK), prepare)
    if stream.has_broken_tables:
        return opened, Damage(1.0, "JPEG whose tables are overwritten")
    if share := _lost_share(content, stream, end):
        return opened, Damage(share, "JPEG overwritten with zeros")
    if share := erased_share(content, stream):
        return opened, Damage(share, _ERASED)
    if lacks_scans(stream) or skips_scans(stream):
        is_cut = lacks_scans(stream)
        return opened, Damage(1.0, "JPEG that lacks parts of its detail", is_cut=is_cut)
    other = _loaded(io.BytesIO(content[:end] + _noise(max(4096, end // 50)) + _END_MARK), prepare)
    differs = np.flatnonzero(np.asarray(opened) != np.asarray(other))
    if differs.size:
        share = 1 - int(differs[0]) / np.asarray(opened).size
        return opened, Damage(share, "JPEG that lacks the end of its detail", is_cut=True)
    return opened, None if stream.has_end_mark else Damage(0.0, "JPEG without an end mark")


def _lost_share(content: bytes, stream: JpegStream, end: int) -> float:
    """The share of the data of all scans that are zeros and were something else, 0 to 1."""
    if (share := overwritten_share(content, stream)) > _MEANT_ZEROS:
        return share
    zeros = overwritten_share(content, stream, even_if_flat=True)
    if not zeros:
        return 0.0
    lie_on_other_scans = lacks_scans(stream) or skips_scans(stream)
    if lie_on_other_scans or any(_is_out_of_step(content, scan, end) for scan in stream.scans):
        return zeros
    return 0.0


def _is_out_of_step(content: bytes, scan: Scan, end: int) -> bool:
    """Whether a scan, some of whose zeros may be meant, has more or fewer data than it needs.

    A hole is decoded as flat blocks, hardly ever as many as were there. Then the picture changes
    with what is put behind the scan, or does not change with the last bytes of the scan.
    """
    if scan.refines or not (scan.is_flat_when_zero and zero_bytes(content, scan.begin, scan.end)):
        return False
    before, after = content[: scan.end], content[scan.end : end] + _END_MARK
    last = min(_CHANGED_BYTES, scan.end - scan.begin)
    levels, more, changed = (
        np.asarray(_loaded(io.BytesIO(data + after), _coarse))
        for data in (before, before + _noise(_LAST_BYTES), before[:-last] + _noise(last))
    )
    return not np.array_equal(levels, more) or np.array_equal(levels, changed)


def _noise(size: int) -> bytes:
    """Coded data without a meaning; no byte is a marker's or zero."""
    return np.random.default_rng(0).integers(1, 255, size, np.uint8).tobytes()
