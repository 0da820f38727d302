"""Files of this machine, without a plan, get what the plan gives them."""

import os
from pathlib import Path

import pytest

from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import Status
from farmy_assets.execution.folder_plan import planned_files
from farmy_assets.execution.found_files import FoundFile, files_below
from farmy_assets.execution.local_work import in_falling_portions, worked_files
from farmy_assets.execution.work import ImageFile, WorkedText
from farmy_assets.execution.work_order import WorkOrder
from farmy_assets_tests.cleansing.drawing import plants, stored

ORDER = WorkOrder(policy=CleansingPolicy(max_long_side_px=100), copies=True, thumbnails=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(20):
        (tmp_path / f"{number}.jpg").write_bytes(stored(plants(number, size=(300, 240))))
    (tmp_path / "cut.jpg").write_bytes(stored(plants(3))[:4000])
    (tmp_path / "text.jpg").write_bytes(b"text")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "nowhere.jpg").symlink_to("none.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff name.png")).write_bytes(stored(plants(7)))
    return tmp_path


def named(files: list[FoundFile]) -> list[ImageFile]:
    return [ImageFile(file.name, file.path.name, file.path) for file in files]


def test_every_file_gets_what_a_plan_gives_it(folder: Path) -> None:
    files = list(files_below(folder))

    here = list(worked_files(named(files), ORDER))
    planned = list(planned_files(files, ORDER))

    def by_name(worked: WorkedText) -> str:
        return worked.image_id

    assert len(here) == len(files) == 25
    assert sorted(here, key=by_name) == sorted(planned, key=by_name)
    assert sum(worked.copy is not None for worked in here) == 21


def test_no_files_need_no_process() -> None:
    assert list(worked_files([], ORDER)) == []
    assert list(planned_files([], ORDER)) == []


def test_a_file_that_only_this_process_may_read_is_judged_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "photograph.jpg"
    path.write_bytes(stored(plants()))

    with path.open("rb") as file:  # children see nothing of other processes
        seen = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        (worked,) = worked_files([ImageFile("a", "a.jpg", seen)], ORDER)

    assert ImageQuality.model_validate_json(worked.quality).status is Status.FIT


def test_a_file_that_takes_too_long_is_reported_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "photograph.jpg"
    path.write_bytes(stored(plants(size=(3000, 2000))))
    hasty = WorkOrder(policy=CleansingPolicy(seconds_per_image=0.0001))

    (worked,) = worked_files([ImageFile("a", "a.jpg", path)], hasty)

    quality = ImageQuality.model_validate_json(worked.quality)
    assert quality.reasons == ("too_costly",)
    assert quality.sha256 is not None


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100, 1000])
def test_portions_become_smaller_and_leave_nothing_out(count: int) -> None:
    files = [ImageFile(str(number), "", Path()) for number in range(count)]

    portions = list(in_falling_portions(files, 2))
    sizes = [len(portion) for portion in portions]

    assert [file for portion in portions for file in portion] == files
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1:] == [1][: len(sizes)]
