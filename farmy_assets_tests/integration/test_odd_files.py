"""What a careless sender delivers: everything fit comes through, everything else has its reason."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from farmy_assets.annotation.inboxes import Phase
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.ingestion.reports import IngestReport
from farmy_assets_tests.cleansing.drawing import plants, png_that_declares, stored
from farmy_assets_tests.integration.evidence import (
    assert_every_image_is_accounted_for,
    assert_no_task_is_there_twice,
    tasks_seen,
)
from farmy_assets_tests.integration.people import open_campaign
from farmy_assets_tests.integration.photographs import SIZE_PX, photograph
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "odd-files"
LONG_PATH = f"{'f' * 200}/{'g' * 95}.jpg"
AT_THE_DOOR = {"notes.txt": "not_an_image", "LICENCE": "not_an_image", "empty.jpg": "empty_file"}
REJECTED = {
    "a letter.jpg": "unreadable",
    "cut.jpg": "truncated",
    "bomb.png": "decompression_bomb",
}
HELD = {"scan.tif", "film.gif"}
NOT_UTF8 = "not-utf-8-\\xff.jpg"
FIT = {"cmyk.jpg", "with some spaces .jpg", "Äcker/Übergröße.jpg", LONG_PATH, NOT_UTF8}


@dataclass(frozen=True)
class Delivery:
    """The folder's way into the lake."""

    platform: RunningPlatform
    report: IngestReport

    @property
    def image_ids(self) -> set[str]:
        return {image.image_id for image in self.platform.phases(NAME)}


@pytest.fixture(scope="module")
def delivery(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    folder = tmp_path_factory.mktemp("delivery")
    _write(folder)
    open_campaign(platform, NAME, overlap=0)
    answer = platform.farmy("ingest", str(folder), "--campaign", NAME, "--json")
    assert answer.returncode == 0, answer.stderr
    report = IngestReport.model_validate_json(answer.stdout)
    platform.wait_for_tasks(NAME, images=len(FIT) + len(REJECTED) + len(HELD))
    return Delivery(platform, report)


def _write(folder: Path) -> None:
    for name in ("with some spaces .jpg", "Äcker/Übergröße.jpg", LONG_PATH):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(photograph(name))
    assert len(LONG_PATH) == 300
    (folder / os.fsdecode(b"not-utf-8-\xff.jpg")).write_bytes(photograph(NOT_UTF8))
    (folder / "cmyk.jpg").write_bytes(stored(plants(71, SIZE_PX).convert("CMYK")))
    (folder / "notes.txt").write_text("plot 4 was wet\n")
    (folder / "LICENCE").write_text("all rights reserved\n")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "a letter.jpg").write_text("Dear Sir or Madam\n")
    (folder / "cut.jpg").write_bytes(photograph("cut")[:9_000])
    bomb = png_that_declares(60_000, 60_000, compressed_pixels=b"\x00" * 64)
    (folder / "bomb.png").write_bytes(bomb)
    pages = [plants(seed, (200, 160)) for seed in range(80, 100)]
    (folder / "scan.tif").write_bytes(
        stored(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    )
    frames = [page.convert("P", palette=Image.Palette.ADAPTIVE) for page in pages[:4]]
    (folder / "film.gif").write_bytes(
        stored(frames[0], "GIF", save_all=True, append_images=frames[1:])
    )


def test_what_cannot_be_a_photograph_is_refused_at_the_door_with_its_reason(
    delivery: Delivery,
) -> None:
    refused = {refusal.name: refusal.reason.value for refusal in delivery.report.refused}
    assert refused == AT_THE_DOOR
    assert delivery.report.stored == len(FIT) + len(REJECTED) + len(HELD)


def test_what_cannot_be_decoded_is_rejected_with_its_reason(delivery: Delivery) -> None:
    found = {
        image.name: image.reason
        for image in delivery.platform.phases(NAME)
        if image.phase is ImagePhase.REJECTED
    }
    assert found == REJECTED


def test_what_has_several_frames_waits_for_a_person(delivery: Delivery) -> None:
    found = {
        image.name: image.reason
        for image in delivery.platform.phases(NAME)
        if image.phase is ImagePhase.HELD
    }
    assert found.keys() == HELD
    assert all("animated_or_multi_page" in reason for reason in found.values())
    asked = tasks_seen(delivery.platform, NAME, phases=[Phase.TRIAGE])
    assert all("the first of several" in task.data["reasons"] for task in asked)
    assert len(asked) == len(HELD)


def test_every_fit_photograph_comes_through_to_a_task_whatever_its_name(
    delivery: Delivery,
) -> None:
    fit = {
        image.image_id: image.name
        for image in delivery.platform.phases(NAME)
        if image.phase is ImagePhase.ANNOTATION
    }
    assert set(fit.values()) == FIT
    tasks = tasks_seen(delivery.platform, NAME, phases=[Phase.ANNOTATION])
    assert {task.data["image_id"] for task in tasks} == set(fit)
    assert_no_task_is_there_twice(delivery.platform, NAME)
    assert_every_image_is_accounted_for(delivery.platform, NAME, delivery.image_ids)


def test_no_file_makes_a_run_fail(delivery: Delivery) -> None:
    runs = delivery.platform.runs(delivery.platform.batch_ids(NAME))
    assert runs
    assert all(run.is_success for run in runs), delivery.platform.situation()
