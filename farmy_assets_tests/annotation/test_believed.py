"""Altered task data change no vote: the record says which image a task shows, and how large."""

from farmy_assets.annotation.believed import AskedImage, Differences, as_recorded
from farmy_assets_tests.annotation.examples import IMAGE, annotation, task

ASKED = {IMAGE: AskedImage(IMAGE, 1000, 500)}


def test_image_and_size_are_those_of_the_record() -> None:
    found = task(annotation("anna"))
    forged = found.model_copy(update={"image_id": "other", "width_px": 3, "height_px": 9})
    differences = Differences()
    asked = {forged.task_key: AskedImage(IMAGE, 1000, 500)}
    (read,) = as_recorded([forged], asked, differences=differences)
    assert (read.image_id, read.width_px, read.height_px) == (IMAGE, 1000, 500)
    assert read.annotations == found.annotations
    assert differences.altered == {forged.task_key}


def test_a_task_that_nobody_was_asked_counts_for_nothing_and_is_counted() -> None:
    found = task(annotation("anna"))
    differences = Differences()
    assert list(as_recorded([found], {}, differences=differences)) == []
    assert differences.not_asked == {found.task_key}


def test_what_is_as_recorded_stays_as_it_is() -> None:
    found = task(annotation("anna"))
    asked = {found.task_key: AskedImage(found.image_id, found.width_px, found.height_px)}
    differences = Differences()
    assert list(as_recorded([found], asked, differences=differences)) == [found]
    assert differences == Differences()
