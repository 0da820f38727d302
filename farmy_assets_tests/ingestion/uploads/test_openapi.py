"""The interface does what its document says, and takes nothing else: tried with everything."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel
from schemathesis import GenerationMode

from farmy_assets.ingestion.uploads.app import UploadApp, upload_app
from farmy_assets.ingestion.uploads.openapi import EXAMPLES
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, jpeg
from farmy_assets_tests.ingestion.uploads.phone import WHO, request_for, upload_service

ROOT = Path(__file__).parents[3]


@pytest.fixture
def interface(lake: Lake) -> Any:  # noqa: ANN401 - schemathesis has no types
    service = upload_service(lake)
    service.request(request_for(jpeg()), WHO)
    app = upload_app(service, lake.contributors)
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("name", ["ask", "askAll", "status", "complete", "correct"])
def test_every_answer_is_one_that_the_document_names(
    lake: Lake,
    interface: Any,  # noqa: ANN401
    name: str,
    mode: GenerationMode,
) -> None:
    token = lake.contributors.give_token(WHO, now=NOON)
    operation = interface.find_operation_by_id(name)

    @settings(max_examples=50, deadline=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_it(case: "schemathesis.Case[Any]") -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"})

    try_it()


def test_the_document_in_docs_is_of_this_interface() -> None:
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert kept == UploadApp().openapi(), (
        "python -m farmy_assets.ingestion.uploads.app > docs/openapi.json"
    )


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: str(kind.__name__))
def test_the_examples_of_the_document_are_requests(kind: type[BaseModel]) -> None:
    kind.model_validate_json(json.dumps(EXAMPLES[kind]), strict=True)


def test_the_document_names_how_to_prove_who_asks_and_every_problem_s_form() -> None:
    document = UploadApp().openapi()
    assert document["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer"}
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["security"] == [{"token": []}]
            problems = {s: r for s, r in operation["responses"].items() if s != "200"}
            assert {"401", "503"} <= problems.keys()
            for answer in problems.values():
                assert list(answer["content"]) == ["application/problem+json"]
