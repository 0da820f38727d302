"""The OpenAPI 3.1 document of the upload interface, made of the models that check requests."""

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from farmy_assets.lake.uploads.contract import (
    BatchAnswer,
    BatchRequest,
    Problem,
    Upload,
    UploadRequest,
)

REF = "#/components/schemas/{model}"
PROBLEMS = {
    "400": "The body is not JSON in UTF-8.",
    "401": "The token proves nobody.",
    "413": "The body is too large.",
    "422": "The request does not fit the schema; the detail names each field.",
    "503": "The lake does not answer; try again after the seconds of Retry-After.",
}


@cache
def document() -> dict[str, Any]:
    """The document, as JSON values."""
    models: list[type[BaseModel]] = [UploadRequest, BatchRequest, Upload, BatchAnswer, Problem]
    schemas = models_json_schema([(m, "validation") for m in models], ref_template=REF)[1]["$defs"]
    client_id = {
        "name": "client_id", "in": "path", "required": True,
        "schema": schemas["UploadRequest"]["properties"]["client_id"],
    }  # fmt: skip
    ask = _operation(
        "ask", "Ask leave to upload a photograph", "UploadRequest", "Upload",
        {"409": "The client_id stands for another photograph."},
    )  # fmt: skip
    ask_all = _operation("askAll", "The same for up to 100", "BatchRequest", "BatchAnswer")
    status = _operation("status", "How an upload stands", None, "Upload",
                        {"404": "The contributor never asked for it."})  # fmt: skip
    complete = _operation(
        "complete", "Make a photograph of its parts", None, "Upload",
        {"404": "The contributor never asked for it.", "409": "Parts are missing, or it has none."},
    )  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Uploads of field photographs",
            "version": "1",
            "description": "Ask leave for a photograph by its size and sha256, send the bytes with "
            "the form or to the parts of the answer, and look until it is `catalogued`. Every "
            "request may be repeated.",
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
            **{
                status: _content(text, "application/problem+json", "Problem")
                for status, text in sorted(problems.items())
            },
        },
    }
    if takes:
        described["requestBody"] = {"required": True, **_content("", "application/json", takes)}
        del described["requestBody"]["description"]
    return described


def _content(description: str, media_type: str, model: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(model=model)}
    return {"description": description, "content": {media_type: {"schema": schema}}}


if __name__ == "__main__":
    print(json.dumps(document(), indent=1))  # noqa: T201 - docs/openapi.json
