"""The OpenAPI 3.1 document of the upload interface, made of the models that check requests."""

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from farmy_assets.ingestion.uploads.contract import (
    LARGEST_BODY_BYTES,
    MOST_IN_A_BATCH,
    BatchAnswer,
    BatchRequest,
    CorrectionRequest,
    Problem,
    Upload,
    UploadRequest,
)

REF = "#/components/schemas/{model}"
PROBLEMS = {
    "400": "The body is not JSON in UTF-8.",
    "401": "The token proves nobody.",
    "413": f"The body is larger than {LARGEST_BODY_BYTES} bytes.",
    "422": "The request does not fit the schema, or names a campaign that does not exist; the "
    "detail says what is wrong.",
    "503": "The lake does not answer; try again after the seconds of Retry-After.",
}


WITH_RETRY_AFTER = {"429", "503"}
TOO_MUCH = {
    "429": "The contributor has too much open, or did too much today; the detail says how much, "
    "and Retry-After when to try again."
}
ANOTHER = "The photograph is in the lake with other metadata, or from somebody else; `stands` says "


@cache
def document() -> dict[str, Any]:
    """The document, as JSON values."""
    models: list[type[BaseModel]] = [
        UploadRequest, BatchRequest, CorrectionRequest, Upload, BatchAnswer, Problem,
    ]  # fmt: skip
    schemas = models_json_schema([(m, "validation") for m in models], ref_template=REF)[1]["$defs"]
    client_id = {
        "name": "client_id", "in": "path", "required": True,
        "schema": schemas["UploadRequest"]["properties"]["client_id"],
    }  # fmt: skip
    ask = _operation(
        "ask", "Ask leave to upload a photograph", "UploadRequest", "Upload",
        {"409": f"The client_id stands for another photograph. {ANOTHER}what is there.",
         **TOO_MUCH},
    )  # fmt: skip
    ask_all = _operation(
        "askAll",
        f"The same for up to {MOST_IN_A_BATCH}; each has its own upload or problem",
        "BatchRequest", "BatchAnswer",
    )  # fmt: skip
    status = _operation("status", "How an upload stands", None, "Upload",
                        {"404": "The contributor never asked for it."})  # fmt: skip
    complete = _operation(
        "complete", "Make a photograph of its parts", None, "Upload",
        {"404": "The contributor never asked for it.",
         "409": f"Parts are missing, or it has none. {ANOTHER}what is there."},
    )  # fmt: skip
    correct = _operation(
        "correct", "Correct the metadata of a photograph that is in the lake",
        "CorrectionRequest", "Upload",
        {"404": "The contributor never asked for it.",
         "409": "The photograph is not in the lake yet, or does not stand as the contributor's.",
         **TOO_MUCH},
    )  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Uploads of field photographs",
            "version": "1",
            "description": "Ask leave for a photograph by its size and sha256, send the bytes with "
            "the form or to the parts of the answer, and look until it is `catalogued`. Every "
            "request may be repeated. The metadata of the first complete upload of a photograph "
            "stand; they are corrected by a request of its own, and every correction is kept.",
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
        "paths": {
            "/uploads": {"post": ask},
            "/uploads/batch": {"post": ask_all},
            "/uploads/{client_id}": {"parameters": [client_id], "get": status},
            "/uploads/{client_id}/complete": {"parameters": [client_id], "post": complete},
            "/uploads/{client_id}/correction": {"parameters": [client_id], "post": correct},
        },
    }


def _operation(
    name: str, summary: str, takes: str | None, gives: str, more: dict[str, str] | None = None
) -> dict[str, Any]:
    problems = {
        status: text
        for status, text in {**PROBLEMS, **(more or {})}.items()
        if takes or status not in {"400", "413", "422"}
    }
    described: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": _content("How it stands.", "application/json", gives),
            **{status: _problem_content(status, text) for status, text in sorted(problems.items())},
        },
    }
    if takes:
        described["requestBody"] = {"required": True, **_content("", "application/json", takes)}
        del described["requestBody"]["description"]
    return described


def _problem_content(status: str, description: str) -> dict[str, Any]:
    told = _content(description, "application/problem+json", "Problem")
    if status in WITH_RETRY_AFTER:
        seconds = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}
        told["headers"] = {"Retry-After": seconds}
    return told


def _content(description: str, media_type: str, model: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(model=model)}
    return {"description": description, "content": {media_type: {"schema": schema}}}


if __name__ == "__main__":
    print(json.dumps(document(), indent=1))  # noqa: T201 - docs/openapi.json
