"""Copies of which a part was cut off, or that stand within a border, are found; others are not."""

import random
from functools import cache

import pytest
from PIL import Image, ImageDraw

from farmy_assets.cleansing.changed_copies import ChangedCopy, CopyChange, inverse
from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of, known_images
from farmy_assets.cleansing.duplicates import DuplicateKind, DuplicateOf, find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets_tests.cleansing.drawing import plants, stored

POLICY = CleansingPolicy()
NONE = known_images([])
SIZE = (640, 480)
Sides = tuple[float, float, float, float]

CUTS: list[Sides] = [
    (0.02, 0.02, 0.02, 0.02),
    (0.03, 0.03, 0.03, 0.03),
    (0.05, 0.05, 0.05, 0.05),
    (0.05, 0.0, 0.0, 0.0),
    (0.0, 0.04, 0.01, 0.0),
    (0.01, 0.05, 0.04, 0.02),
]
BORDERS: list[tuple[Sides, str]] = [
    ((0.025, 0.025, 0.025, 0.025), "white"),
    ((0.05, 0.05, 0.05, 0.05), "black"),
    ((0.1, 0.1, 0.1, 0.1), "#1f6f3a"),
    ((0.0, 0.08, 0.0, 0.08), "black"),
    ((0.03, 0.1, 0.06, 0.01), "#888888"),
    ((0.0, 0.0, 0.0, 0.1), "white"),
]


def cut(image: Image.Image, sides: Sides) -> Image.Image:
    (left, top, right, bottom), (width, height) = sides, image.size
    box = width * left, height * top, width * (1 - right), height * (1 - bottom)
    return image.crop(tuple(map(round, box)))  # type: ignore[arg-type]


def framed(image: Image.Image, sides: Sides, colour: str) -> Image.Image:
    width, height = image.size
    left, top, right, bottom = (
        round(a * b) for a, b in zip(sides, (width, height, width, height), strict=True)
    )
    found = Image.new("RGB", (width + left + right, height + top + bottom), colour)
    found.paste(image, (left, top))
    return found


def looked_at(image_id: str, content: bytes) -> Fingerprint:
    found = fingerprint_of(assess(image_id, content, policy=POLICY))
    assert found is not None
    return found


@cache
def original(seed: int = 3) -> Fingerprint:
    return looked_at(f"original {seed}", stored(plants(seed, SIZE), quality=88))


def only(found: dict[str, DuplicateOf]) -> DuplicateOf:
    (duplicate,) = found.values()
    return duplicate


@pytest.mark.parametrize("quality", [50, 90])
@pytest.mark.parametrize("sides", CUTS)
def test_a_cut_copy_is_found_beside_the_kept_photograph(sides: Sides, quality: int) -> None:
    copy = looked_at("copy", stored(cut(plants(3, SIZE), sides), quality=quality))

    found = only(find_duplicates([copy], known_images([original()]), policy=POLICY))

    assert (found.image_id, found.of_image_id) == ("copy", "original 3")
    assert found.kind is DuplicateKind.NEAR
    assert found.change in {CopyChange.CUT, CopyChange.NONE}


@pytest.mark.parametrize("sides", CUTS)
def test_the_whole_photograph_is_found_beside_its_kept_cut_copy(sides: Sides) -> None:
    copy = looked_at("copy", stored(cut(plants(3, SIZE), sides), quality=80))

    found = only(find_duplicates([original()], known_images([copy]), policy=POLICY))

    assert (found.image_id, found.of_image_id) == ("original 3", "copy")


@pytest.mark.parametrize("sides", CUTS)
def test_of_a_photograph_and_its_cut_copy_the_whole_one_is_kept(sides: Sides) -> None:
    copy = looked_at("a copy", stored(cut(plants(3, SIZE), sides), quality=95))

    assert find_duplicates([copy, original()], NONE, policy=POLICY).keys() == {"a copy"}


@pytest.mark.parametrize("quality", [60, 90])
@pytest.mark.parametrize(("sides", "colour"), BORDERS)
def test_a_framed_copy_is_found_and_the_photograph_without_a_border_is_kept(
    sides: Sides, colour: str, quality: int
) -> None:
    copy = looked_at("a copy", stored(framed(plants(3, SIZE), sides, colour), quality=quality))

    among_new = only(find_duplicates([copy, original()], NONE, policy=POLICY))
    beside_kept = only(find_duplicates([copy], known_images([original()]), policy=POLICY))
    the_other_way = only(find_duplicates([original()], known_images([copy]), policy=POLICY))

    assert among_new.image_id == beside_kept.image_id == "a copy"
    assert among_new.change is beside_kept.change is CopyChange.FRAMED
    assert the_other_way.change is CopyChange.UNFRAMED


@pytest.mark.parametrize("colour", ["white", "black", "#888888"])
@pytest.mark.parametrize(
    ("sides", "quality"),
    [
        ((0.015, 0.015, 0.015, 0.015), 90),
        ((0.02, 0.02, 0.02, 0.02), 60),
        ((0.02, 0.0, 0.0, 0.0), 85),
        ((0.0, 0.0, 0.0, 0.03), 40),
        ((0.2, 0.2, 0.2, 0.2), 60),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [SIZE, (224, 224)], ids=str)
def test_the_photograph_is_kept_beside_a_copy_with_a_narrow_or_noisy_border(
    size: tuple[int, int], sides: Sides, quality: int, colour: str
) -> None:
    image = plants(3, size)
    photograph = looked_at("photograph", stored(image, quality=75))
    copy = looked_at("a copy", stored(framed(image, sides, colour), quality=quality))

    assert find_duplicates([copy, photograph], NONE, policy=POLICY).keys() == {"a copy"}


@pytest.mark.parametrize(("paper", "ink"), [("white", "black"), ("black", "white")])
def test_a_copy_with_a_line_of_writing_in_its_border_is_found_and_dropped(
    paper: str, ink: str
) -> None:
    page = framed(plants(3, SIZE), (0.03, 0.03, 0.03, 0.12), paper)
    text = "North field, plot 12, second row, 2026-05-04"
    ImageDraw.Draw(page).text((30, page.height - 44), text, fill=ink, font_size=24)
    copy = looked_at("a copy", stored(page, quality=92))

    assert only(find_duplicates([copy, original()], NONE, policy=POLICY)).image_id == "a copy"
    assert only(find_duplicates([copy], known_images([original()]), policy=POLICY))


def test_rounded_corners_within_a_border_change_nothing() -> None:
    image = plants(3, SIZE)
    corners = Image.new("L", SIZE, 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, *SIZE), radius=30, fill=255)
    rounded = Image.composite(image, Image.new("RGB", SIZE, "white"), corners)
    page = framed(rounded, (0.05, 0.05, 0.05, 0.05), "white")
    copy = looked_at("a copy", stored(page, quality=92))

    assert only(find_duplicates([copy, original()], NONE, policy=POLICY)).image_id == "a copy"


def _before_a_plain_wall(seed: int) -> Image.Image:
    """A photograph the left edge of which is of nearly one level, as a wall is."""
    image = plants(seed, (224, 224))
    shade = Image.linear_gradient("L").resize((9, 224)).point(lambda level: 212 + level // 64)
    image.paste(shade.convert("RGB"), (0, 0))
    return image


@pytest.mark.parametrize("colour", ["white", "black"])
def test_the_plain_edge_of_a_photograph_is_no_border(colour: str) -> None:
    photograph = looked_at("photograph", stored(_before_a_plain_wall(3), quality=75))
    page = framed(_before_a_plain_wall(3), (0.05, 0.05, 0.05, 0.05), colour)
    copy = looked_at("a copy", stored(page, quality=95))

    assert find_duplicates([copy, photograph], NONE, policy=POLICY).keys() == {"a copy"}


# Just the plain edge cut off leaves what a frame taken off would leave.
@pytest.mark.parametrize("sides", [sides for sides in CUTS if any(sides[1:])])
def test_a_photograph_with_a_plain_edge_is_kept_beside_its_cut_copy(sides: Sides) -> None:
    image = _before_a_plain_wall(3)
    photograph = looked_at("photograph", stored(image, quality=75))
    small = cut(image, sides)
    copies = {
        "a coarse copy": stored(small, quality=60),
        "a small copy": stored(small.resize((180, 180)), quality=92),
        "a turned copy": stored(small.transpose(Image.Transpose.ROTATE_90), quality=95),
    }

    for name, content in copies.items():
        found = find_duplicates([looked_at(name, content), photograph], NONE, policy=POLICY)
        assert found.keys() == {name}


def test_a_framed_copy_that_was_made_smaller_is_dropped() -> None:
    page = framed(plants(3, SIZE), (0.05, 0.05, 0.05, 0.05), "#1f6f3a").resize((560, 420))
    copy = looked_at("a copy", stored(page, quality=92))

    assert find_duplicates([copy, original()], NONE, policy=POLICY).keys() == {"a copy"}


@pytest.mark.parametrize("turn", list(Image.Transpose), ids=lambda turn: turn.name.lower())
def test_a_cut_copy_is_found_however_it_is_turned(turn: Image.Transpose) -> None:
    image = cut(plants(3, SIZE), (0.02, 0.05, 0.04, 0.01)).transpose(turn)
    copy = looked_at("copy", stored(image, quality=75))

    found = only(find_duplicates([copy], known_images([original()]), policy=POLICY))
    back = only(find_duplicates([original()], known_images([copy]), policy=POLICY))

    assert found.orientation != 0
    assert inverse(ChangedCopy(CopyChange.CUT, 0, found.orientation)).orientation == (
        back.orientation
    )


def test_two_photographs_that_each_show_what_the_other_does_not_are_no_copies() -> None:
    scene = plants(5, (800, 480))
    left, right = scene.crop((0, 0, 720, 480)), scene.crop((80, 0, 800, 480))
    both = [looked_at("left", stored(left)), looked_at("right", stored(right))]

    assert find_duplicates(both, NONE, policy=POLICY) == {}


def test_different_photographs_on_the_same_white_ground_are_no_copies() -> None:
    def leaf(seed: int) -> bytes:
        page = Image.new("RGB", SIZE, "white")
        page.paste(plants(seed, (400, 300)), (120, 90))
        return stored(page)

    leaves = [looked_at(f"{seed}", leaf(seed)) for seed in range(12)]

    assert find_duplicates(leaves, NONE, policy=POLICY) == {}


def test_blank_pictures_are_no_cut_copies_of_anything() -> None:
    blank = [
        looked_at(f"{level}", stored(Image.new("RGB", SIZE, (level, level, level)), "PNG"))
        for level in (0, 100, 255)
    ]

    assert find_duplicates([*blank, original()], NONE, policy=POLICY).keys() <= {"0", "100", "255"}


def test_the_answer_does_not_depend_on_the_order_of_cut_and_framed_copies() -> None:
    chance = random.Random(4)
    images = []
    for seed in range(5):
        image = plants(seed, SIZE)
        images += [
            looked_at(f"{seed} whole", stored(image, quality=88)),
            looked_at(f"{seed} cut", stored(cut(image, CUTS[seed]), quality=92)),
            looked_at(f"{seed} framed", stored(framed(image, *BORDERS[seed]), quality=92)),
        ]
    expected = find_duplicates(images, NONE, policy=POLICY)

    for _ in range(3):
        chance.shuffle(images)
        assert find_duplicates(images, NONE, policy=POLICY) == expected
    assert {d.of_image_id for d in expected.values()} == {f"{seed} whole" for seed in range(5)}
    assert len(expected) == 10


def test_images_of_which_only_hashes_are_known_are_searched_as_before() -> None:
    known = known_images([original()])._replace(patterns=[None])
    same = looked_at("same", stored(plants(3, SIZE), quality=60))
    smaller = looked_at("cut", stored(cut(plants(3, SIZE), CUTS[2]), quality=60))

    assert find_duplicates([same, smaller], known, policy=POLICY).keys() == {"same"}
