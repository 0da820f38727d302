from datetime import timedelta, timezone

import pytest

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation
from farmy_assets.annotation.decisions import (
    DRAWN,
    Decision,
    DecisionKind,
    adjudication_key,
    former_adjudication_key,
)
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote, current_votes
from farmy_assets.label_studio import results as reader
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    NOON,
    annotation,
    campaign,
    inbox,
    minutes,
    person,
    region,
    task,
    vote,
)

KEY = adjudication_key(IMAGE, ["v"])


def poll(
    answered: AnsweredTask, known: list[Vote] | None = None, owner: str = "anna"
) -> list[Vote]:
    """Reads a task, and records what is new in `known`, as each poll does."""
    record = known if known is not None else []
    new = votes_from_task(
        answered, inbox=inbox(owner), campaign=campaign(), known=tuple(record), reader=reader
    )
    record += new
    return new


def test_an_annotation_becomes_a_vote_with_author_time_and_boxes() -> None:
    (found,) = poll(task(annotation("anna", region(), at=3), at=3))
    assert found.person == found.inbox_person == "anna"
    assert (found.campaign, found.campaign_version, found.phase) == ("weeds-2026", 1, "annotation")
    assert (found.task_key, found.image_id) == (IMAGE, IMAGE)
    assert (found.submitted_at, found.lead_time_s) == (minutes(3), 12.5)
    assert found.outcome is Outcome.SUBMITTED
    assert found.regions == (Box(label="weed", x_min=80, y_min=60, x_max=240, y_max=180),)
    assert found.is_clean


def test_a_vote_survives_being_stored() -> None:
    (found,) = poll(task(annotation("anna", region(), region(rotation=3))))
    assert Vote.model_validate_json(found.to_json()) == found


def test_an_empty_result_says_that_nothing_is_there() -> None:
    (found,) = poll(task(annotation("anna")))
    assert found.is_clean
    assert found.regions == ()


def test_the_same_annotation_copied_twice_is_one_vote() -> None:
    answered = task(annotation("anna", region()))
    (first,) = poll(answered)
    (second,) = poll(answered)
    assert first == second
    assert poll(answered, [first]) == []


def test_a_vote_keeps_its_id_in_another_time_zone_and_under_a_later_campaign_version() -> None:
    original = annotation("anna", region())
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    moved = original.model_copy(update={"updated_at": elsewhere})
    (first,) = poll(task(original))
    (second,) = votes_from_task(
        task(moved), inbox=inbox(), campaign=campaign(version=2), known=(), reader=reader
    )
    assert first.vote_id == second.vote_id


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(annotation("anna", region(x=11), at=1), id="later, other box"),
        pytest.param(annotation("anna", region(x=11), at=0), id="same instant, other box"),
        pytest.param(annotation("anna", skipped=True, at=1), id="now skipped"),
    ],
)
def test_an_edit_is_a_new_vote(edit: RawAnnotation) -> None:
    record = poll(task(annotation("anna", region())))
    assert len(poll(task(edit, at=1), record)) == 1
    assert len({found.vote_id for found in record}) == 2


def test_of_several_annotations_of_one_author_the_latest_is_the_vote() -> None:
    early = annotation("anna", region(), at=1)
    late = annotation("anna", at=2, annotation_id=2)
    for order in ((early, late), (late, early)):
        (found,) = poll(task(*order, at=2))
        assert found.submitted_at == minutes(2)


def test_a_skipped_task_is_a_skipped_vote_whatever_was_drawn() -> None:
    (found,) = poll(task(annotation("anna", region(), {"type": "odd"}, skipped=True)))
    assert found.outcome is Outcome.SKIPPED
    assert (found.regions, found.problems) == ((), ())


def test_what_cannot_be_understood_is_kept_as_a_problem_beside_the_good_boxes() -> None:
    (found,) = poll(
        task(annotation("anna", region(rectanglelabels=["tree"]), region(), region(rotation=9)))
    )
    assert len(found.regions) == 1
    assert [problem[:8] for problem in found.problems] == ["region 1", "region 3"]
    assert "unknown label 'tree'" in found.problems[0]
    assert not found.is_clean


@pytest.mark.parametrize("result", [None, 7, "x", [], {}, {"type": ["rectanglelabels"]}])
def test_a_result_that_is_no_region_at_all_is_a_problem_too(result: object) -> None:
    (found,) = poll(task(annotation("anna", result)))
    assert len(found.problems) == 1


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, None])
def test_a_lead_time_that_is_no_duration_is_left_out(seconds: float | None) -> None:
    (found,) = poll(task(annotation("anna", lead_time_s=seconds)))
    assert found.lead_time_s is None


def test_imported_ground_truth_is_a_vote_like_any_other() -> None:
    (found,) = poll(task(annotation("anna", region(), ground_truth=True)))
    assert found.is_clean


def test_an_author_is_known_by_the_address_in_any_case_of_letters() -> None:
    (found,) = poll(task(annotation("anna", region(), email=" Anna@EXAMPLE.com")))
    assert (found.person, found.email, found.voter) == ("anna", "anna@example.com", "anna")


def test_the_vote_of_a_stranger_is_kept_with_the_address_only() -> None:
    (found,) = poll(task(annotation("zoe", region())))
    assert found.person is None
    assert found.voter == "zoe@example.com"


def test_a_vanished_annotation_is_a_withdrawn_vote_once() -> None:
    record = poll(task(annotation("anna", region())))
    (withdrawn,) = poll(task(at=5), record)
    assert withdrawn.outcome is Outcome.WITHDRAWN
    assert (withdrawn.submitted_at, withdrawn.regions) == (minutes(5), ())
    assert withdrawn.person == "anna"
    assert current_votes(record) == ()
    assert poll(task(at=9), record) == []


def test_a_withdrawal_of_the_same_instant_still_withdraws() -> None:
    record = poll(task(annotation("anna", region())))
    poll(task(at=0), record)
    assert current_votes(record) == ()


def test_an_answer_after_a_withdrawal_counts_again() -> None:
    record = poll(task(annotation("anna", region())))
    poll(task(at=5), record)
    (again,) = poll(task(annotation("anna", region(), at=6), at=6), record)
    assert current_votes(record) == (again,)


def test_when_the_later_of_two_annotations_vanishes_the_earlier_one_stands_again() -> None:
    early, late = annotation("anna", region(), at=1), annotation("anna", at=2, annotation_id=2)
    record = poll(task(early, at=1))
    poll(task(early, late, at=2), record)
    (again,) = poll(task(early, at=3), record)
    assert again.submitted_at == minutes(3)
    assert current_votes(record) == (again,)
    assert len(again.regions) == 1
    assert poll(task(early, at=8), record) == []


def test_a_label_studio_set_back_to_an_older_state_withdraws_nothing() -> None:
    record = poll(task(annotation("anna", region(), at=6), at=6))
    assert poll(task(at=2), record) == []
    assert poll(task(annotation("anna", at=1), at=2), record) == []


def test_a_vote_in_another_inbox_is_not_taken_for_a_vanished_one() -> None:
    record = poll(task(annotation("anna", region())), owner="anna")
    assert poll(task(at=5), record, owner="ben") == []


def test_what_a_person_writes_into_anothers_inbox_does_not_replace_the_own_vote() -> None:
    own = vote("anna")
    elsewhere = vote("anna", inbox_person="ben", vote_id="b", submitted_at=minutes(5))
    assert set(current_votes([elsewhere, own])) == {own, elsewhere}


def test_only_the_latest_vote_of_each_author_is_current() -> None:
    old, new = vote("anna", vote_id="a"), vote("anna", vote_id="b", submitted_at=minutes(1))
    other = vote("anna", phase=Phase.ADJUDICATION)
    assert set(current_votes([new, old, other])) == {new, other}


def test_an_answer_read_after_its_author_left_is_the_authors_all_the_same() -> None:
    rules = campaign(annotators=[person("ben"), person("eva")], version=2)
    left = task(annotation("anna", region()))
    (unknown,) = votes_from_task(left, inbox=inbox(), campaign=rules, known=[], reader=reader)
    assert unknown.person is None
    (found,) = votes_from_task(
        left,
        inbox=inbox(),
        campaign=rules,
        known=[],
        reader=reader,
        own_addresses={"anna@example.com"},
    )
    assert (found.person, found.inbox_person) == ("anna", "anna")
    (foreign,) = votes_from_task(
        task(annotation("ben", region())), inbox=inbox(), campaign=rules, known=[], reader=reader,
        own_addresses={"anna@example.com"},
    )  # fmt: skip
    assert foreign.person == "ben"


def decided(*results: object, key: str = KEY, at: float = 0, skipped: bool = False) -> Vote:
    """The vote that comes of one adjudicator's answer."""
    given = task(annotation("cara", *results, at=at, skipped=skipped)).model_copy(
        update={"task_key": key}
    )
    (found,) = votes_from_task(
        given,
        inbox=inbox("cara", Phase.ADJUDICATION),
        campaign=campaign(),
        known=(),
        reader=reader,
    )
    return found


def choice(text: str) -> dict[str, object]:
    value = {"choices": [text]}
    return {"id": "c", "from_name": "decision", "type": "choices", "value": value}


SHOWN = region() | {"from_name": "versions", "type": "polygonlabels"}


def test_a_version_that_is_chosen_is_recorded_without_the_copies_that_came_along() -> None:
    found = decided(SHOWN, choice("version B"), region())
    assert found.decision == Decision(kind=DecisionKind.VERSION, version="B")
    assert (found.is_clean, found.regions) == (True, ())


def test_who_chooses_to_draw_is_recorded_with_what_was_drawn_with_the_classes() -> None:
    for kind in DRAWN:
        found = decided(SHOWN, region(), choice(kind.value))
        assert (found.decision, len(found.regions)) == (Decision(kind=kind), 1)
        assert found.is_clean


def test_an_answer_without_a_choice_is_recorded_as_no_decision() -> None:
    for results in ((), (SHOWN,), (SHOWN, region())):
        found = decided(*results)
        assert (found.decision, found.problems) == (None, ("no decision was made",))


def test_who_chooses_to_draw_and_draws_nothing_has_not_decided() -> None:
    found = decided(SHOWN, choice("draw everything"))
    assert found.problems == ("nothing was drawn, although the choice was to draw",)


def test_a_choice_that_is_unknown_is_a_problem() -> None:
    assert decided(choice("the first")).problems == (
        "the decision holds the unknown choice 'the first'",
    )


def test_leaving_out_by_choice_or_by_skip_is_the_same() -> None:
    for found in (decided(SHOWN, choice("leave out")), decided(SHOWN, skipped=True)):
        assert (found.outcome, found.regions, found.problems) == (Outcome.SKIPPED, (), ())


def test_an_answer_on_the_former_page_is_what_was_drawn() -> None:
    key = former_adjudication_key(IMAGE, ["v"])
    found = decided(region(), key=key)
    assert (found.is_clean, len(found.regions), found.decision) == (True, 1, None)
    assert decided(key=key).is_clean  # an empty one said that nothing is there


def test_a_vote_stored_before_there_were_decisions_is_read() -> None:
    stored = decided(region(), key=former_adjudication_key(IMAGE, ["v"]))
    line = stored.model_dump(mode="json")
    del line["decision"]
    assert Vote.model_validate(line) == stored


def test_another_choice_is_another_vote() -> None:
    first = decided(choice("version A"), at=1)
    second = decided(choice("version B"), at=2)
    assert first.vote_id != second.vote_id


def made(answered: AnsweredTask, **changes: object) -> AnsweredTask:
    """The same task, made or changed by somebody."""
    return answered.model_copy(update=changes)


def test_a_task_that_was_made_anew_does_not_take_back_what_was_answered_before() -> None:
    record = poll(task(annotation("anna", region(), at=6), at=6))
    assert poll(made(task(at=9), created_at=minutes(9), changed_by=None), record) == []
    assert poll(made(task(at=9), created_at=minutes(1), changed_by=None), record)


@pytest.mark.parametrize("changed_by", ["", "admin@example.com"])
def test_only_the_author_takes_an_answer_back(changed_by: str) -> None:
    record = poll(task(annotation("anna", region(), at=6), at=6))
    assert poll(made(task(at=9), changed_by=changed_by), record) == []
    older = made(task(annotation("anna", at=1), at=9), changed_by=changed_by)
    assert poll(older, record) == []  # set back to an older state, and touched since
    assert poll(made(task(at=9), changed_by="anna@example.com"), record)


def test_an_answer_that_was_put_back_is_not_recorded_a_second_time() -> None:
    record = poll(task(annotation("anna", region(), at=6), at=6))
    again = annotation("anna", region(), at=30, created_at=minutes(30), annotation_id=9)
    assert poll(task(again, at=30), record) == []
    edited = annotation("anna", region(x=11), at=31, created_at=minutes(30), annotation_id=9)
    assert len(poll(task(edited, at=31), record)) == 1


def test_an_answer_that_was_taken_back_and_put_back_stands_again() -> None:
    record = poll(task(annotation("anna", region())))
    poll(task(at=5), record)
    again = annotation("anna", region(), at=30, created_at=minutes(30), annotation_id=9)
    (found,) = poll(task(again, at=30), record)
    assert current_votes(record) == (found,)


def poll_late(answered: AnsweredTask, known: list[Vote], *, trusted: float) -> list[Vote]:
    """Reads a task by a clock that was set back; recorded times up to `trusted` are believed."""
    new = votes_from_task(
        answered, inbox=inbox(), campaign=campaign(), known=tuple(known), reader=reader,
        trusted_until=minutes(trusted),
    )  # fmt: skip
    known += new
    return new


def test_an_edit_by_a_clock_that_was_set_back_counts_after_what_was_recorded_before() -> None:
    record = poll(task(annotation("anna", region(), at=60), at=60))
    edit = task(annotation("anna", region(x=11), at=5), at=5)
    assert poll(edit, list(record)) == []
    (found,) = poll_late(edit, record, trusted=10)
    assert current_votes(record) == (found,)
    assert poll_late(edit, record, trusted=10) == []
    (later,) = poll_late(task(annotation("anna", at=7), at=7), record, trusted=10)
    assert current_votes(record) == (later,)


def test_a_deletion_by_a_clock_that_was_set_back_takes_the_answer_back() -> None:
    record = poll(task(annotation("anna", region(), at=60), at=60))
    gone = made(task(at=5), changed_by="anna@example.com")
    assert poll_late(made(task(at=5), changed_by=""), record, trusted=10) == []
    (found,) = poll_late(gone, record, trusted=10)
    assert found.outcome is Outcome.WITHDRAWN
    assert current_votes(record) == ()
    (again,) = poll_late(task(annotation("anna", region(), at=8), at=8), record, trusted=10)
    assert current_votes(record) == (again,)


def test_a_state_that_was_recorded_before_is_no_news_by_whatever_clock() -> None:
    old = task(annotation("anna", at=1), at=1)
    record = poll(old)
    poll(task(annotation("anna", region(), at=60), at=60), record)
    assert poll_late(old, record, trusted=10) == []
