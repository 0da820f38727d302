"""How much of a JPEG picture's data was lost or overwritten, by its markers and bytes."""

import re

from farmy_assets.cleansing.byte_runs import erased_bytes, zero_bytes
from farmy_assets.cleansing.jpeg_stream import COEFFICIENTS, JpegStream

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_RESTARTS = range(0xD0, 0xD8)


def overwritten_share(content: bytes, stream: JpegStream, *, even_if_flat: bool = False) -> float:
    """The share of the coded data that are zeros and cannot be meant, 0 to 1.

    Args:
        content: The file.
        stream: How it is built.
        even_if_flat: Count zeros as well that could stand for a flat part of the picture.
    """
    zeros = sum(
        zero_bytes(content, scan.begin, scan.end)
        for scan in stream.scans
        if even_if_flat or not scan.is_flat_when_zero
    )
    return zeros / max(1, sum(scan.end - scan.begin for scan in stream.scans))


def lost_restarts_share(content: bytes, stream: JpegStream) -> float:
    """The share of the restart marks that are not there, 0 to 1; more than 1 if there are others.

    Only of a picture in one scan, in which their number follows from its size.
    """
    if not (stream.restart_interval and stream.is_one_sequential_scan):
        return 0.0
    expected = max(0, -(-_units(stream) // stream.restart_interval) - 1)
    scan = stream.scans[0]
    marks = [mark[0][1] for mark in _RESTART.finditer(content, scan.begin, scan.end)]
    if all(mark == _RESTARTS[n % 8] for n, mark in enumerate(marks[:expected])):
        marks = marks[:expected]  # the others lie in what is behind the picture
    return abs(expected - len(marks)) / max(1, expected)


def erased_share(content: bytes, stream: JpegStream) -> float:
    """The share of the coded data that are long runs of 0xFF, 0 to 1.

    In front of a marker any number of them may stand, and says nothing.
    """
    erased = sum(erased_bytes(content, scan.begin, scan.end) for scan in stream.scans)
    return erased / max(1, sum(scan.end - scan.begin for scan in stream.scans))


def skips_scans(stream: JpegStream) -> bool:
    """Whether a scan refines what no scan before it has brought so far."""
    known: dict[tuple[int, int], int] = {}
    for scan in stream.scans:
        for number in scan.components:
            for place in range(scan.first, min(scan.last, COEFFICIENTS - 1) + 1):
                if scan.refines and known.get((number, place)) != scan.lowest_bit + 1:
                    return True
                known[number, place] = scan.lowest_bit
    return False


def _units(stream: JpegStream) -> int:
    """How many units (MCU) a scan of all components has."""
    if len(stream.components) == 1:
        across = down = 1
    else:
        across = max((c.across for c in stream.components), default=1)
        down = max((c.down for c in stream.components), default=1)
    rows = -(-stream.height_px // (8 * max(1, down)))
    return rows * -(-stream.width_px // (8 * max(1, across)))
