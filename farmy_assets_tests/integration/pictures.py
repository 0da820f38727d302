"""The pictures of the README, taken of the running local platform after `make demo`.

Run as `python -m farmy_assets_tests.integration.pictures docs/images`.
"""

import os
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
from PIL import Image
from playwright.sync_api import Page

from farmy_assets.lake.campaign_pages import INDEX
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.local.settings import (
    LocalSettings,
    load_secrets,
    platform_environment,
    read_settings,
)
from farmy_assets.simulation.collection import MIN_COUNT, make_collection
from farmy_assets.workflow.campaign_pages.making import make_page
from farmy_assets_tests.integration.browser import (
    LINEAGE_HEIGHT_PX,
    LINEAGE_WIDTH_PX,
    browser_page,
    expand_lineage,
    open_lineage,
    open_task,
    sign_in,
)
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.campaign_pages.played_campaign import play

MAX_BYTES = 400_000
COLOURS = 256
NAMES = {
    "annotation": "annotator.png", "adjudication": "adjudicator.png", "triage": "triage.png",
}  # fmt: skip
LINEAGE_EDGES = """() => {
  const places = [...document.querySelectorAll('svg foreignObject')]
    .map(node => node.getBoundingClientRect());
  const edge = (name, choose) => choose(...places.map(place => place[name]));
  return [edge('left', Math.min) - 24, edge('top', Math.min) - 24,
    edge('right', Math.max) + 24, edge('bottom', Math.max) + 24];
}"""


class Task(NamedTuple):
    """A task worth a picture."""

    project_id: int
    task_id: int


def take_pictures(settings: LocalSettings, folder: Path) -> list[Path]:
    """Write the README's pictures of pages into a folder; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _lineage(settings, folder / "lineage.png"),
        *_tasks(settings, folder),
        _uploads(settings, folder / "upload.png"),
        campaign_picture(folder / "campaign.png"),
    ]


def _lineage(settings: LocalSettings, path: Path) -> Path:
    """Every asset in its group, without the menus around them."""
    with browser_page(width_px=LINEAGE_WIDTH_PX, height_px=LINEAGE_HEIGHT_PX) as page:
        open_lineage(page, settings.address("dagster"))
        page.get_by_text("Hide navigation").click()
        page.locator("button:has([aria-label=panel_show_right])").last.click()
        expand_lineage(page)
        _settled(page)
        edges = page.evaluate(LINEAGE_EDGES)
        return _kept(page, path, edges=tuple(map(round, edges)))


def _tasks(settings: LocalSettings, folder: Path) -> list[Path]:
    secrets = load_secrets(settings)
    address = settings.address("label-studio")
    email, password = secrets.label_studio_email, secrets.label_studio_password
    pictures = []
    with browser_page(height_px=800) as page:
        sign_in(page, address, email=email, password=password)
        for phase, name in NAMES.items():
            task = _best_task(address, secrets.label_studio_token, phase)
            open_task(page, address, project_id=task.project_id, task_id=task.task_id)
            page.get_by_text("Update", exact=True).wait_for()  # the answer is on the screen
            _settled(page)
            pictures.append(_kept(page, folder / name))
    return pictures


def _uploads(settings: LocalSettings, path: Path) -> Path:
    """Photographs of which the last waits for a network."""
    lake = Lake.connect(LakeSettings.from_environment(platform_environment(settings)))
    token = lake.contributors.give_token("c-1", now=datetime.now(UTC))
    with TemporaryDirectory() as folder, browser_page(width_px=390, height_px=760) as page:
        truth = make_collection(Path(folder), count=MIN_COUNT, seed=11, processes=1)
        sound = [Path(folder) / item.file_name for item in truth.items if item.defect is None]
        page.goto(f"{settings.address('uploads')}/#token={token}&campaign=demo")
        page.set_input_files("#files", sound[1:5])
        page.get_by_text("4 of 4 in the catalog.").wait_for()
        page.context.set_offline(True)
        page.set_input_files("#files", sound[:1])
        page.get_by_text("No network").wait_for()
        return _kept(page, path)


def campaign_picture(path: Path) -> Path:
    """The page of a campaign that people worked on for ten days: a demo takes minutes only."""
    lake = lake_in_memory(BucketInMemory())
    today = datetime.now(UTC)
    campaign = play(lake, images=240, until=today.date(), pictures=True)
    made = make_page(lake, campaign, now=today)
    with browser_page(width_px=1180, height_px=930) as page:
        page.set_content(made.files[INDEX].decode())
        return _kept(page, path)


def _settled(page: Page) -> None:
    """Wait until what glides into its place is there; the pages do not tell."""
    page.wait_for_timeout(2_000)


def _best_task(address: str, token: str, phase: str) -> Task:
    """The answered task of a phase with the most regions: there is something to see.

    Of flagged photographs a blurred one: of the others there is nothing to see.
    """
    found: list[tuple[bool, int, bool, Task]] = []
    headers = {"Authorization": f"Token {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
        projects = _read(client, "/api/projects/", page_size=100)["results"]
        for project in projects:
            if f"/{phase}/" not in (project["description"] or ""):
                continue
            listing = _read(client, "/api/tasks", project=project["id"], fields="all")
            for task in listing["tasks"]:
                regions = [len(a["result"]) for a in task["annotations"]]
                is_wide = task["data"]["width_px"] > task["data"]["height_px"]
                where = Task(project["id"], task["id"])
                is_blurry = str(task["data"].get("reasons")).startswith("It looks blurry")
                found.append((is_wide, max(regions, default=0), is_blurry, where))
    if not found:
        msg = f"there is no task of the {phase} phase yet: run `make demo` first"
        raise SystemExit(msg)
    return max(found)[-1]


def _read(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the address takes
    return dict(client.get(path, params=parameters).raise_for_status().json())


def _kept(page: Page, path: Path, *, edges: tuple[int, ...] = ()) -> Path:
    """The page's picture, or what lies between edges, in few enough colours to be a small file."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    if edges:
        left, top, right, bottom = edges
        right, bottom = min(right, picture.width), min(bottom, picture.height)
        picture = picture.crop((max(left, 0), max(top, 0), right, bottom))
    for colours in (COLOURS, COLOURS // 2, COLOURS // 4):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            break
    return path


def main() -> int:
    """Take the pictures; the process's exit code."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m farmy_assets_tests.integration.pictures OUT_DIR\n")
        return 2
    os.environ.update(platform_environment(read_settings()))
    for path in take_pictures(read_settings(), Path(sys.argv[1])):
        sys.stdout.write(f"{path}: {path.stat().st_size // 1000} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
