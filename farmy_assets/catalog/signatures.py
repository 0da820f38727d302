"""What a file claims to be: by its first bytes, and by its name."""

from pathlib import PurePosixPath

HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
IMAGE_SUFFIXES = {
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg",
    ".png", ".tif", ".tiff", ".webp",
}  # fmt: skip
APPLE_DOUBLE, APPLE_DOUBLE_NAME = b"\x00\x05\x16\x07", "._"
UNKNOWN = "application/octet-stream"


def media_type_of(content: bytes) -> str:
    """The media type that the first bytes show; `application/octet-stream` when they show none."""
    for signature, media_type in SIGNATURES:
        if content.startswith(signature):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        if content[8:12] in {b"avif", b"avis"}:
            return "image/avif"
        if content[8:12] in HEIF_BRANDS:
            return "image/heic"
    return UNKNOWN


def is_apple_double(name: str, content: bytes) -> bool:
    """Whether this is what macOS keeps beside a file, under its name with `._` before it."""
    own_name = PurePosixPath(name.replace("\\", "/")).name
    return content.startswith(APPLE_DOUBLE) or (
        own_name.startswith(APPLE_DOUBLE_NAME) and media_type_of(content) == UNKNOWN
    )


def claims_to_be_an_image(name: str, content: bytes) -> bool:
    """Whether the name or the first bytes say "image"; a broken photograph still does."""
    if is_apple_double(name, content):
        return False
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES or media_type_of(content) != UNKNOWN
