"""The demo's people: the same ones each time, and each with own errors."""

from farmy_assets.annotation.regions.box import Box
from farmy_assets.simulation.demo_people import HABITS, mind, passwords

PLANT = Box(label="crop", x_min=100, y_min=100, x_max=300, y_max=300)
TASK = {"image_id": "x", "asset_key": "x", "width_px": 640, "height_px": 480}


class OnePlant:
    """Every image shows one plant."""

    def boxes(self, image_id: str, *, width_px: int, height_px: int) -> tuple[Box, ...]:
        del image_id, width_px, height_px
        return (PLANT,)


def test_passwords_follow_from_the_secret_and_differ() -> None:
    first = passwords("secret")
    assert first == passwords("secret")
    assert not set(first.values()) & set(passwords("another").values())
    assert len(set(first.values())) == len(HABITS)
    assert all(len(password) == 19 for password in first.values())


def test_a_person_answers_the_same_task_the_same_way_and_others_differently() -> None:
    answers = {name: mind(name, ("crop", "weed"), OnePlant())(TASK) for name in HABITS}
    again = {name: mind(name, ("crop", "weed"), OnePlant())(TASK) for name in HABITS}
    assert answers == again
    assert len({answer.boxes for answer in answers.values()}) == len(HABITS)


def test_the_adjudicator_errs_less_than_anybody() -> None:
    dora = HABITS["dora"]
    for name in ("anna", "ben", "cleo"):
        assert dora.miss < HABITS[name].miss
        assert dora.wrong_class < HABITS[name].wrong_class
        assert dora.jitter < HABITS[name].jitter
    assert dora.skip == 0
