"""The operations of the upload interface, and the page that uses them."""

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from farmy_assets.errors import FarmyError
from farmy_assets.ingestion.uploads.contract import (
    MOST_IN_A_BATCH,
    BatchAnswer,
    BatchItem,
    BatchRequest,
    ClientId,
    CorrectionRequest,
    Upload,
    UploadRequest,
)
from farmy_assets.ingestion.uploads.dependencies import (
    CLIENT_ID_PATH,
    TOKEN,
    Contributor,
    Service,
    body_of,
)
from farmy_assets.ingestion.uploads.openapi import ANOTHER, NEVER_ASKED, TOO_MUCH, problems, takes
from farmy_assets.ingestion.uploads.problems import problem_of

UPLOAD = f"/uploads/{{client_id:{CLIENT_ID_PATH}}}"
HOW_IT_STANDS = "How it stands."
PAGE_FILES = {
    "/": ("upload.html", "text/html; charset=utf-8"),
    "/upload.js": ("upload.js", "text/javascript; charset=utf-8"),
    "/queue.js": ("queue.js", "text/javascript; charset=utf-8"),
    "/offline.js": ("offline.js", "text/javascript; charset=utf-8"),
}
InPath = Annotated[ClientId, Path(description="The client's own id of the upload.")]

operations = APIRouter(dependencies=[Depends(TOKEN)])
pages = APIRouter(include_in_schema=False)


@operations.post(
    "/uploads",
    operation_id="ask",
    summary="Ask leave to upload a photograph",
    response_description=HOW_IT_STANDS,
    response_model_exclude_none=True,
    responses=problems(
        {409: f"The client_id stands for another photograph. {ANOTHER}"}, TOO_MUCH, of_a_body=True
    ),
    openapi_extra=takes(UploadRequest),
)
def ask(
    service: Service,
    contributor: Contributor,
    asked: Annotated[UploadRequest, Depends(body_of(UploadRequest))],
) -> Upload:
    """Answer with the form or the parts by which the bytes are sent; idempotent by client_id."""
    return service.request(asked, contributor)


@operations.post(
    "/uploads/batch",
    operation_id="askAll",
    summary=f"The same for up to {MOST_IN_A_BATCH}; each has its own upload or problem",
    response_description=HOW_IT_STANDS,
    response_model_exclude_none=True,
    responses=problems(of_a_body=True),
    openapi_extra=takes(BatchRequest),
)
def ask_all(
    service: Service,
    contributor: Contributor,
    asked: Annotated[BatchRequest, Depends(body_of(BatchRequest))],
) -> BatchAnswer:
    """Judge each request by itself: one that is refused holds up no other."""
    items = [
        BatchItem(problem=problem_of(found))
        if isinstance(found, FarmyError)
        else BatchItem(upload=found)
        for found in service.request_all(asked.uploads, contributor)
    ]
    return BatchAnswer(uploads=items)


@operations.get(
    UPLOAD,
    operation_id="status",
    summary="How an upload stands",
    response_description=HOW_IT_STANDS,
    response_model_exclude_none=True,
    responses=problems(NEVER_ASKED),
)
def status(service: Service, contributor: Contributor, client_id: InPath) -> Upload:
    """Answer with its state, and with new forms or addresses while bytes are missing."""
    return service.status(client_id, contributor)


@operations.post(
    f"{UPLOAD}/complete",
    operation_id="complete",
    summary="Make a photograph of its parts",
    response_description=HOW_IT_STANDS,
    response_model_exclude_none=True,
    responses=problems(NEVER_ASKED, {409: f"Parts are missing, or it has none. {ANOTHER}"}),
)
def complete(service: Service, contributor: Contributor, client_id: InPath) -> Upload:
    """Join the parts of a large file once all of them were sent."""
    return service.complete(client_id, contributor)


@operations.post(
    f"{UPLOAD}/correction",
    operation_id="correct",
    summary="Correct the metadata of a photograph that is in the lake",
    response_description=HOW_IT_STANDS,
    response_model_exclude_none=True,
    responses=problems(
        NEVER_ASKED,
        {409: "The photograph is not in the lake yet, or does not stand as the contributor's."},
        TOO_MUCH,
        of_a_body=True,
    ),
    openapi_extra=takes(CorrectionRequest),
)
def correct(
    service: Service,
    contributor: Contributor,
    client_id: InPath,
    correction: Annotated[CorrectionRequest, Depends(body_of(CorrectionRequest))],
) -> Upload:
    """Keep a new version of what its contributor says; what is not named stays as it is."""
    return service.correct(client_id, correction, contributor)


@pages.get("/openapi.json")
def openapi_document(request: Request) -> Response:
    """The description of this interface."""
    return JSONResponse(request.app.openapi())


def page_file(request: Request) -> Response:
    """A file of the page."""
    name, media_type = PAGE_FILES[request.url.path]
    content = files("farmy_assets.ingestion.uploads").joinpath("page", name).read_bytes()
    return Response(content, media_type=media_type)


for _path in PAGE_FILES:
    pages.add_api_route(_path, page_file)
