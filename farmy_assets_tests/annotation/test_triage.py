from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation
from farmy_assets.annotation.assignments import Assignment, share_out_triage
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.triage import (
    TriageQuestion,
    failed_checks,
    in_words,
    rulings_from_task,
)
from farmy_assets.cleansing.checks import valued_checks
from farmy_assets.cleansing.rulings import Answer, Question, TriageDecision, current_decisions
from farmy_assets.cleansing.verdicts import CheckResult, Verdict
from farmy_assets.label_studio import results
from farmy_assets.label_studio.new_tasks import triage_task
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    annotation,
    campaign,
    given_before,
    inbox,
    minutes,
    person,
    task,
)

INBOX = inbox("cara", Phase.TRIAGE)
EVERYBODY = frozenset(f"{name}@example.com" for name in ("anna", "ben", "cara", "dora", "zoe"))
DARK = CheckResult(check="dark", value=0.1234, threshold=0.32, verdict=Verdict.FAIL)
BRIGHT = CheckResult(check="bright", value=0.75, threshold=0.7, verdict=Verdict.FAIL)


def choice(*words: str) -> dict[str, object]:
    value = {"choices": list(words)}
    return {"from_name": "usable", "to_name": "image", "type": "choices", "value": value}


def said(word: str, *, at: float = 0, by: str = "cara") -> RawAnnotation:
    return annotation(by, choice(word), at=at)


def read(found: AnsweredTask, known: Sequence[TriageDecision] = ()) -> list[TriageDecision]:
    return rulings_from_task(
        found, inbox=INBOX, by=EVERYBODY, reasons=["dark"], known=known, reader=results
    )


def words(rulings: Sequence[TriageDecision]) -> list[Answer]:
    return [ruling.word for ruling in rulings]


def asked(image_id: str = IMAGE) -> TriageQuestion:
    given = Assignment(
        campaign="weeds-2026", phase=Phase.TRIAGE, image_id=image_id, person="cara",
        task_key=image_id, batch_id="000001-20260601T120000Z",
    )  # fmt: skip
    return TriageQuestion(assignment=given, failed=(DARK, BRIGHT))


def test_the_task_tells_every_reason_with_its_value_and_threshold() -> None:
    found = triage_task(asked(), image_uri="s3://cleansed/a.jpg", width_px=800, height_px=600)
    assert found.data["image"] == "s3://cleansed/a.jpg"
    assert (found.data["asset_key"], found.data["image_id"]) == (IMAGE, IMAGE)
    assert str(found.data["reasons"]).splitlines() == [
        "It is dark: the brightness of its brightest parts (0 to 1) is 0.1234; "
        "wanted: at least 0.32",
        "It is too bright: the brightness of its darkest parts (0 to 1) is 0.75; "
        "wanted: at most 0.7",
    ]
    assert found.predictions == ()


def test_every_reason_that_can_hold_an_image_has_a_sentence() -> None:
    assert all(check.flagged for check in valued_checks())


def test_what_is_not_measured_is_shown_without_a_number() -> None:
    misnamed = CheckResult(check="wrong_extension", value=1, verdict=Verdict.FAIL)
    assert in_words(misnamed) == "The file's name does not fit its content"


def test_only_failed_checks_are_shown() -> None:
    warned = DARK.model_copy(update={"verdict": Verdict.WARN})
    assert failed_checks([warned, BRIGHT]) == (BRIGHT,)


@pytest.mark.parametrize("word", ["yes", "no"])
def test_an_answer_becomes_a_ruling_of_its_author(word: str) -> None:
    (ruling,) = read(task(said(word, at=3), at=3))
    assert (ruling.image_id, ruling.question, ruling.word) == (IMAGE, Question.USABLE, Answer(word))
    assert (ruling.by, ruling.at) == ("cara@example.com", minutes(3))
    assert ruling.reasons == ("dark",)


def test_an_answer_read_again_adds_nothing() -> None:
    found = task(said("yes", at=3), at=3)
    assert read(found, read(found)) == []
    assert read(found) == read(found)


def test_an_edited_answer_is_a_ruling_beside_the_old_one_and_counts() -> None:
    first = read(task(said("yes", at=1), at=1))
    second = read(task(said("no", at=2), at=2), first)
    third = read(task(said("yes", at=3), at=3), [*first, *second])
    assert words([*first, *second, *third]) == [Answer.YES, Answer.NO, Answer.YES]
    assert len({r.ruling_id for r in (*first, *second, *third)}) == 3
    assert current_decisions([*third, *first, *second]).keeps(IMAGE)


def test_an_answer_saved_again_unchanged_is_no_new_word() -> None:
    first = read(task(said("yes", at=1), at=1))
    assert read(task(said("yes", at=5), at=5), first) == []


def test_a_deleted_answer_opens_the_question_again_and_a_new_one_closes_it() -> None:
    first = read(task(said("no", at=1), at=1))
    gone = read(task(at=2), first)
    assert words(gone) == [Answer.WITHDRAWN]
    assert not current_decisions([*first, *gone]).usable
    again = read(task(said("no", at=3), at=3), [*first, *gone])
    assert current_decisions([*first, *gone, *again]).discards(IMAGE)
    assert read(task(at=2), [*first, *gone]) == []


def test_a_server_set_back_to_before_an_answer_takes_nothing_back() -> None:
    first = read(task(said("no", at=5), at=5))
    assert read(task(at=2), first) == []
    assert read(task(said("yes", at=1), at=2), first) == []


def test_of_two_people_the_later_answer_counts_and_taking_it_back_restores_the_other() -> None:
    both = task(said("yes", at=1), said("no", at=2, by="anna"), at=2)
    known = read(both)
    assert current_decisions(known).discards(IMAGE)
    gone = read(task(said("yes", at=1), at=3), known)
    assert current_decisions([*known, *gone]).keeps(IMAGE)


SAYS_NOTHING: list[object] = [
    "yes", None, 7, [], {}, {"from_name": "usable"}, {"from_name": "usable", "value": "yes"},
    {"from_name": "usable", "value": {"choices": "yes"}}, {"from_name": "box", "value": {}},
    choice("perhaps"), choice("yes", "no"), choice(), choice("withdrawn"),
    {"from_name": "usable", "value": {"choices": [None, {"a": 1}]}},
]  # fmt: skip


@pytest.mark.parametrize("result", SAYS_NOTHING)
def test_what_cannot_be_understood_says_nothing(result: object) -> None:
    assert read(task(annotation("cara", result))) == []


def test_a_skipped_photograph_stays_open_whatever_was_chosen_before() -> None:
    assert read(task(annotation("cara", choice("yes"), skipped=True))) == []
    first = read(task(said("yes", at=1), at=1))
    skipped = task(annotation("cara", choice("yes"), at=2, skipped=True), at=2)
    assert words(read(skipped, first)) == [Answer.WITHDRAWN]


@given(
    st.sets(st.integers(0, 500), max_size=60),
    st.sets(st.integers(0, 500), max_size=60),
    st.lists(st.sampled_from((0.5, 1.0, 2.0)), min_size=1, max_size=4),
)
def test_every_flagged_image_is_asked_once_and_work_is_fair(
    first: set[int], second: set[int], capacities: list[float]
) -> None:
    people = tuple(person(f"t{n}", capacity=c) for n, c in enumerate(capacities))
    rules = Campaign(**dict(campaign()) | {"triagers": people})

    def share(numbers: set[int], earlier: Sequence[Assignment]) -> tuple[Assignment, ...]:
        return share_out_triage(
            [f"image-{n}" for n in numbers],
            campaign=rules,
            batch_id="b",
            earlier=given_before(earlier),
        )

    one = share(first, [])
    two = share(second, one)
    given_out = [a.image_id for a in (*one, *two)]
    assert sorted(given_out) == sorted({f"image-{n}" for n in first | second})
    assert share(second, [*one, *two]) == ()
    busy = {p.name: sum(a.person == p.name for a in (*one, *two)) / p.capacity for p in people}
    slack = max(1 / p.capacity for p in people)
    assert max(busy.values()) - min(busy.values()) <= slack
