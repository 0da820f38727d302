"""What FastAPI does not add to the OpenAPI document by itself: bodies, problems, their headers."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from farmy_assets.ingestion.uploads.contract import (
    LARGEST_BODY_BYTES,
    BatchRequest,
    CorrectionRequest,
    UploadRequest,
)
from farmy_assets.ingestion.uploads.problems import PROBLEM_TYPE

Responses = dict[int | str, dict[str, Any]]

TITLE = "Uploads of field photographs"
DESCRIPTION = (
    "Ask leave for a photograph by its size and sha256, send the bytes with the form or to the "
    "parts of the answer, and look until it is `catalogued`. Every request may be repeated. The "
    "metadata of the first complete upload of a photograph stand; they are corrected by a request "
    "of its own, and every correction is kept."
)
REF = "#/components/schemas/{model}"
REQUESTS: tuple[type[BaseModel], ...] = (UploadRequest, BatchRequest, CorrectionRequest)
ANYWHERE = {
    401: "The token proves nobody.",
    503: "The lake does not answer; try again after the seconds of Retry-After.",
}
OF_A_BODY = {
    400: "The body is not JSON in UTF-8.",
    413: f"The body is larger than {LARGEST_BODY_BYTES} bytes.",
    422: "The request does not fit the schema, or names a campaign that does not exist; the "
    "detail says what is wrong.",
}
TOO_MUCH = {
    429: "The contributor has too much open, or did too much today; the detail says how much, "
    "and Retry-After when to try again."
}
NEVER_ASKED = {404: "The contributor never asked for it."}
ANOTHER = (
    "The photograph is in the lake with other metadata, or from somebody else; `stands` says "
    "what is there."
)
WITH_RETRY_AFTER = {429, 503}
EXAMPLE: dict[str, Any] = {
    "client_id": "7f0c2b9e-0001",
    "name": "IMG_0001.jpg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 2_048_000,
    "media_type": "image/jpeg",
    "campaign": "weeds-2026",
    "captured_at": "2026-05-14T12:00:00+02:00",
    "crop": "maize",
    "licence": "CC-BY-4.0",
}
EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    UploadRequest: EXAMPLE,
    BatchRequest: {"uploads": [EXAMPLE]},
    CorrectionRequest: {"crop": "rye"},
}


def problems(*more: dict[int, str], of_a_body: bool = False) -> Responses:
    """The problems of an operation, for its documentation."""
    described = {**ANYWHERE, **(OF_A_BODY if of_a_body else {})}
    for some in more:
        described |= some
    return {status: _problem(status, text) for status, text in sorted(described.items())}


def takes(kind: type[BaseModel]) -> dict[str, Any]:
    """The body of an operation, for its documentation."""
    content = {"schema": _reference(kind.__name__), "example": EXAMPLES[kind]}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with the requests' schemas, and without the problems that never are."""
    inputs = [(kind, "validation") for kind in REQUESTS]
    definitions = models_json_schema(inputs, ref_template=REF)[1]["$defs"]  # type: ignore[arg-type]
    schemas = {**document["components"]["schemas"], **definitions}
    for never in ("HTTPValidationError", "ValidationError"):
        schemas.pop(never, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    for operations in document["paths"].values():
        for operation in operations.values():
            # A path that does not fit its pattern is answered with 404.
            if PROBLEM_TYPE not in operation["responses"].get("422", {}).get("content", ()):
                operation["responses"].pop("422", None)
    return document


def _problem(status: int, description: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": description,
        "content": {PROBLEM_TYPE: {"schema": _reference("Problem")}},
    }
    if status in WITH_RETRY_AFTER:
        seconds = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}
        response["headers"] = {"Retry-After": seconds}
    return response


def _reference(model: str) -> dict[str, str]:
    return {"$ref": REF.format(model=model)}
