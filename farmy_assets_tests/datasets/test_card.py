from datetime import UTC, datetime

from hypothesis import given

from farmy_assets.annotation.campaign import Splits
from farmy_assets.annotation.question_answers import answers_of
from farmy_assets.datasets.card import dataset_card
from farmy_assets.datasets.versions import (
    DatasetClass,
    DatasetVersion,
    LabelledImage,
    VersionChanges,
    changes_between,
)
from farmy_assets_tests.datasets.examples import a_box, a_version, an_image, image_lists, quick

ALL_TRAIN = Splits(train=1, val=0, test=0)


def card(version: DatasetVersion, changes: VersionChanges | None = None) -> str:
    made = changes or changes_between(None, version)
    return dataset_card(version, made, formats=("coco", "yolo")).decode()


@quick
@given(image_lists())
def test_the_same_images_give_the_same_card_in_any_order(images: list[LabelledImage]) -> None:
    assert card(a_version(*images)) == card(a_version(*reversed(images)))


def test_the_card_names_the_version_and_counts_what_is_in_it() -> None:
    version = a_version(an_image(1, a_box(), a_box("überreif")), an_image(2), shares=ALL_TRAIN)
    text = card(version)
    assert text.startswith(f"# strawberries {version.version_id}\n")
    assert "2 images, 2 boxes, 3 classes" in text
    assert version.created_from in text
    assert "| all images | 2 | 0 | 0 | 2 |" in text
    assert "| images with nothing drawn | 1 | 0 | 0 | 1 |" in text
    assert "| überreif | 1 | 0 | 0 | 1 |" in text
    assert "| 熟した 🍓 | 0 | 0 | 0 | 0 |" in text


def test_the_card_counts_the_ways_in_which_labels_were_settled() -> None:
    ways = ("single", "single", "agreed", "adjudicated")
    text = card(a_version(*(an_image(n, settled_by=way) for n, way in enumerate(ways))))
    counts = {
        cells[1]: cells[3]
        for line in text.splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) == 5
    }
    assert counts | {"single": "2", "agreed": "1", "adjudicated": "1"} == counts


def test_the_card_says_how_many_images_are_kept_from_training() -> None:
    images = an_image(1), an_image(2)
    held = card(a_version(*images, shares=ALL_TRAIN, held_out=[images[0].image_id]))
    assert "- Kept from training: 1 image whose answers the annotators are tested with" in held
    assert "Kept from training" not in card(a_version(*images, shares=ALL_TRAIN))


def test_the_card_invents_no_licence() -> None:
    text = card(a_version(an_image(1), an_image(2, licence="CC0-1.0")))
    assert "| CC0-1.0 | 1 |" in text
    assert "1 image of 2 came without a licence" in text


def test_the_card_says_when_every_image_carries_a_licence() -> None:
    text = card(a_version(an_image(1, licence="CC0-1.0")))
    assert "Every image carries a licence." in text
    assert "without a licence" not in text


def test_a_first_version_is_called_so() -> None:
    assert "This is the first version." in card(a_version(an_image(1)))


def test_the_card_tells_what_changed_and_against_which_version() -> None:
    old = a_version(an_image(1), an_image(2))
    new = a_version(an_image(1, a_box()), *(an_image(n) for n in range(3, 20)), number=2)
    text = card(new, changes_between(old, new))
    assert f"Images, against {old.version_id}:" in text
    assert "- added: 17 (" in text
    assert "and 7 more)" in text
    assert f"- removed: 1 (`{an_image(2).image_id}`)" in text
    assert f"- with other regions: 1 (`{an_image(1).image_id}`)" in text
    assert "- in another split: 0\n" in text


def test_the_card_knows_days_crops_and_sources_from_the_images_alone() -> None:
    day = datetime(2026, 5, 1, 10, tzinfo=UTC)
    text = card(
        a_version(an_image(1, captured_at=day, crop="strawberry", source="mobile"), an_image(2))
    )
    assert "- Crops: not known (1), strawberry (1)" in text
    assert "- Sources: mobile (1), not known (1)" in text
    assert "- Photographed: 2026-05-01 to 2026-05-01 (UTC); of 1 image the day is not known" in text


def test_the_card_of_an_empty_version_can_be_written() -> None:
    text = card(a_version())
    assert "0 images, nothing drawn, 3 classes" in text
    assert "The version has no images." in text


def test_a_class_name_cannot_break_the_table() -> None:
    text = card(a_version(classes=(DatasetClass(id=1, name="a|b\n<b>"),)))
    assert r"| a\|b \<b\> | 0 | 0 | 0 | 0 |" in text


def test_the_card_tells_how_to_load_both_forms() -> None:
    text = card(a_version())
    assert 'COCO("coco/annotations/instances_train.json")' in text
    assert "yolo/data.yaml" in text


def test_the_card_counts_what_was_answered_and_what_a_format_does_not_hold() -> None:
    answered = a_box().model_copy(update={"attributes": answers_of({"stage": "young | old"})})
    images = [an_image(n, answered, choices={"quality": q}) for n, q in ((1, "bad"), (2, "good"))]
    text = card(a_version(*images))
    assert "## What was answered" in text
    assert "| quality | bad | 1 |" in text
    assert "| stage | young \\| old | 2 |" in text
    assert "Answers about a region stand under `attributes` of its annotation" in text
    left_out = "because YOLO has no form for it: 2 answers to `quality`, 2 answers to `stage`."
    assert left_out in text
    assert "because COCO" not in text


def test_a_card_without_answers_speaks_of_none() -> None:
    assert "nswer" not in card(a_version(an_image(1, a_box())))


def test_of_very_many_answers_the_card_has_the_most_frequent_ones() -> None:
    images = [an_image(n, choices={"note": f"{'x' * 80}{n}"}) for n in range(25)]
    text = card(a_version(*images, an_image(99, choices={"note": "often"}),
                          an_image(98, choices={"note": "often"})))  # fmt: skip
    rows = [line for line in text.splitlines() if line.startswith("| note |")]
    assert (len(rows), rows[0]) == (21, "| note | often | 2 |")
    assert rows[-1] == "| note | 6 other answers | 6 |"
    assert max(map(len, rows)) < 90
