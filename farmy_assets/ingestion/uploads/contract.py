"""What a client and the upload interface say to each other; its OpenAPI document is made of it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from farmy_assets.catalog.corrections import CorrectedValues
from farmy_assets.catalog.metadata import (
    MAX_SIZE_BYTES,
    CampaignName,
    ImageId,
    ImageMetadata,
    Position,
    Sha256,
    Source,
    image_id_for,
    time_of_a_photograph,
)
from farmy_assets.catalog.records import Record

MOST_IN_A_BATCH = 100
LARGEST_BODY_BYTES = 1_000_000

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f/\\]{1,255}$")]


# With one character that can be seen: a document can say this, and cannot say "stripped".
Words = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\S", max_length=200)]


def _whole(value: object) -> object:
    """JSON Schema calls 809.0 an integer as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# A document can say no years, but how they begin.
CapturedAt = Annotated[
    AwareDatetime,
    AfterValidator(time_of_a_photograph),
    Field(json_schema_extra={"pattern": "^(18|19|20|21)"}),
]
SizeBytes = Annotated[int, Field(gt=0, le=MAX_SIZE_BYTES), BeforeValidator(_whole)]
MediaType = Literal[
    "image/jpeg", "image/png", "image/webp", "image/heic", "image/avif", "image/tiff",
]  # fmt: skip


class UploadRequest(Record):
    """One photograph that a client wants to send.

    Attributes:
        client_id: The client's own id of this upload: asking twice under one id is asking once.
        name: The file's name, without folders.
        sha256: Of the bytes, 64 hexadecimal digits; nothing else will be taken.
        size_bytes: How many bytes there are.
    """

    client_id: ClientId
    name: FileName
    sha256: Sha256
    size_bytes: SizeBytes
    media_type: MediaType
    campaign: CampaignName
    captured_at: CapturedAt | None = None
    device: Words | None = None
    position: Position | None = None
    crop: Words | None = None
    field: Words | None = None
    licence: Words | None = None

    def metadata(self, contributor: str, *, arrived_at: AwareDatetime) -> ImageMetadata:
        """The metadata under which the photograph enters the lake."""
        return ImageMetadata(
            image_id=image_id_for(self.sha256, Source.MOBILE, self.campaign, self.name),
            original_name=self.name,
            source=Source.MOBILE,
            arrived_at=arrived_at,
            contributor=contributor,
            **self.model_dump(exclude={"client_id", "name"}),
        )


class BatchRequest(Record):
    """Several photographs at once, each judged by itself."""

    uploads: Annotated[list[UploadRequest], Field(min_length=1, max_length=MOST_IN_A_BATCH)]


class CorrectionRequest(Record):
    """New values for a photograph that was sent; a value of null is taken away.

    What is not named is left as it stands. Campaign, name and bytes make the photograph what it
    is: they cannot be corrected.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    captured_at: CapturedAt | None = None
    device: Words | None = None
    position: Position | None = None
    crop: Words | None = None
    field: Words | None = None
    licence: Words | None = None

    @model_validator(mode="after")
    def _corrects_something(self) -> "CorrectionRequest":
        if not self.model_fields_set:
            msg = "name what is to be corrected"
            raise ValueError(msg)
        return self

    @property
    def values(self) -> CorrectedValues:
        """The new values."""
        return CorrectedValues(**self.model_dump(exclude_none=True))

    @property
    def removed(self) -> tuple[str, ...]:
        """What is taken away."""
        return tuple(name for name in sorted(self.model_fields_set) if getattr(self, name) is None)


class UploadState(StrEnum):
    """How far an upload is.

    `stored` bytes came, and are checked or being checked. `refused` bytes were not those asked for
    and have to be sent again. In a `conflict` the photograph is in the lake already, with other
    metadata or from somebody else: nothing is to be sent.
    """

    WAITING = "waiting"
    STORED = "stored"
    CATALOGUED = "catalogued"
    REFUSED = "refused"
    REMOVED = "removed"
    CONFLICT = "conflict"


class StandingMetadata(Record):
    """The metadata of a contributor's own photograph, with all corrections."""

    captured_at: AwareDatetime | None = None
    device: str | None = None
    position: Position | None = None
    crop: str | None = None
    field: str | None = None
    licence: str | None = None


class Stands(Record):
    """What is in the lake of a photograph, as far as whoever asks may see it.

    Attributes:
        image_id: The photograph.
        yours: Whether it stands as sent by whoever asks; of others' less is shown.
        arrived_at: When it came.
        licence: Its licence.
        corrections: How often it was corrected.
        metadata: What stands.
        differs: Names of what the upload says otherwise.
    """

    image_id: ImageId
    yours: bool
    arrived_at: AwareDatetime | None = None
    licence: str | None = None
    corrections: int | None = None
    metadata: StandingMetadata | None = None
    differs: tuple[str, ...] | None = None


class Form(Record):
    """A form to POST as multipart/form-data: these fields first, then the bytes as `file`."""

    url: str
    fields: dict[str, str]


class Part(Record):
    """A piece of a large file to PUT: so many bytes from that offset on."""

    number: Annotated[int, Field(ge=1)]
    offset_bytes: Annotated[int, Field(ge=0)]
    size_bytes: Annotated[int, Field(gt=0)]
    url: str


class Upload(Record):
    """How an upload stands, and what to send if something is still missing.

    Attributes:
        form: For a file that is sent whole.
        parts: The missing parts of a large one; when all are sent, ask for its completion.
        expires_at: When `form` and `parts` end; ask again for new ones.
        stands: What is in the lake of the photograph.
    """

    client_id: ClientId
    image_id: ImageId
    state: UploadState
    form: Form | None = None
    parts: list[Part] | None = None
    expires_at: AwareDatetime | None = None
    stands: Stands | None = None


class Problem(Record):
    """Why something was not done; RFC 9457, application/problem+json.

    Attributes:
        stands: Of a conflict, what is in the lake already.
        retry_after_seconds: When asking again makes sense.
    """

    title: str
    status: int
    detail: str
    stands: Stands | None = None
    retry_after_seconds: int | None = None


class BatchItem(Record):
    """What became of one request of a batch: exactly one of the two."""

    upload: Upload | None = None
    problem: Problem | None = None


class BatchAnswer(Record):
    """One item for each request, in their order."""

    uploads: list[BatchItem]
