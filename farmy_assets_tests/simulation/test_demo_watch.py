"""How the demo reads progress, and when it gives up."""

from farmy_assets.simulation.demo_watch import PATIENCE_SECONDS, Look, StageTimer, waiting_for

UNDER_WAY = Look(arrived=40, catalogued=40, examined=40, kept=31, placed=31, answers=12, tasks=40)


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_complete_before_anything_came_in() -> None:
    assert not any(stage.is_complete for stage in Look(arrived=0).stages())


def test_the_first_stage_that_is_not_complete_is_what_is_waited_for() -> None:
    assert waiting_for(Look(arrived=40, catalogued=7)) == "catalogued: 7 of 40"
    assert waiting_for(UNDER_WAY) == "answers given: 12 of 40"


def test_a_campaign_without_conflicts_waits_for_its_release() -> None:
    answered = Look(
        arrived=40, catalogued=40, examined=40, kept=31, placed=31, answers=40, tasks=40
    )
    assert waiting_for(answered) == "released: 0 of 31"


def test_photographs_that_are_all_excluded_leave_no_hope() -> None:
    assert Look(arrived=3, catalogued=3, examined=3).is_hopeless
    assert not Look(arrived=3, catalogued=3, examined=2).is_hopeless
    assert not UNDER_WAY.is_hopeless


def test_an_image_that_the_adjudicator_excluded_is_not_waited_for() -> None:
    seen = Look(arrived=2, catalogued=2, examined=2, kept=2, released=1, unlabellable=1,
                is_finished=True)  # fmt: skip
    assert seen.stages()[-1].is_complete


def test_a_course_is_stuck_only_when_nothing_has_moved_for_long() -> None:
    hand = Hand()
    course = StageTimer(hand)
    course.note(UNDER_WAY, "run started")
    hand.now += PATIENCE_SECONDS + 1
    assert course.is_stuck
    course.note(UNDER_WAY, "run started")
    assert course.is_stuck, "the same look once more is no movement"
    course.note(UNDER_WAY, "run ended")
    assert not course.is_stuck


def test_each_second_is_counted_for_the_stage_that_was_waited_for() -> None:
    hand = Hand()
    course = StageTimer(hand)
    hand.now += 3
    course.note(Look(arrived=4, catalogued=4))
    hand.now += 10
    course.note(Look(arrived=4, catalogued=4, examined=4, kept=4))
    assert course.stage_seconds() == {"catalogued": 3.0, "cleansed": 10.0}
