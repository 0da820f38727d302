"""Figures of a campaign: pages add up, outliers are cut off, and only own answers count."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign_figures import CampaignFigures
from farmy_assets.annotation.counted_figures import figures_of
from farmy_assets.annotation.decisions import Decision, DecisionKind, adjudication_key
from farmy_assets.annotation.evaluation import EvaluatedImage, counts_of
from farmy_assets.annotation.figure_rows import annotator_classes, campaign_progress
from farmy_assets.annotation.figures_tally import total
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.summed_figures import campaign_figures
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets_tests.annotation.examples import NOON, assignment, box, campaign, minutes, vote

TODAY = NOON.date()


def answered(
    name: str, *boxes: object, image_id: str = "i1", at: float = 0, **changes: object
) -> Vote:
    fields = {"image_id": image_id, "task_key": image_id, "submitted_at": minutes(at)}
    fields["vote_id"] = f"{name} {image_id} {at}"
    return vote(name, *boxes, **{**fields, **changes})  # type: ignore[arg-type]


def evaluated(
    *votes: Vote, people: tuple[str, ...] = ("anna", "ben"), image_id: str = "i1"
) -> EvaluatedImage:
    image = EvaluatedImage(
        image_id=image_id,
        image=KeptImage(image_id=image_id, sha256="0", width_px=800, height_px=600),
        assignments=tuple(assignment(name, image_id) for name in people),
        votes=votes,
    )
    return image.judged(campaign())


def decided(image: EvaluatedImage, *boxes: object, at: float = 60) -> EvaluatedImage:
    """The same after the adjudicator drew everything."""
    assert image.consensus is not None
    decision = answered(
        "cara", *boxes, image_id=image.image_id, at=at, phase=Phase.ADJUDICATION,
        task_key=adjudication_key(image.image_id, image.consensus.vote_ids),
        decision=Decision(kind=DecisionKind.WHOLE_IMAGE),
    )  # fmt: skip
    return image.model_copy(update={"votes": (*image.votes, decision)}).judged(campaign())


def summed(*images: EvaluatedImage) -> CampaignFigures:
    return campaign_figures(
        "weeds-2026", 1, counts=counts_of(images, campaign()),
        pages=total([figures_of([image]) for image in images]),
    )  # fmt: skip


def test_a_task_counts_on_the_day_of_its_first_answer_and_later_ones_are_changes() -> None:
    edited = evaluated(
        answered("anna", box(10, 10), lead_time_s=20.0),
        answered("anna", box(12, 10), at=24 * 60, lead_time_s=50.0),
        people=("anna",),
    )
    (row,) = summed(edited).days
    assert (row.day, row.answers, row.changed) == (TODAY.isoformat(), 1, 1)
    assert row.lead_time_s == 50.0  # Label Studio counts on


def test_withdrawn_answers_and_answers_in_other_inboxes_do_not_count() -> None:
    image = evaluated(
        answered("anna", outcome=Outcome.WITHDRAWN),
        answered("ben", inbox_person="anna", person="ben"),
    )
    assert summed(image).days == ()


def test_the_time_of_an_answer_counts_with_at_most_ten_medians() -> None:
    images = [
        evaluated(
            answered("anna", image_id=f"i{n}", lead_time_s=seconds), people=("anna",),
            image_id=f"i{n}",
        )
        for n, seconds in enumerate([20.0, 20.0, 20.0, 9000.0, None])
    ]  # fmt: skip
    found = summed(*images)
    times = found.times["annotation"]
    assert (times.median_s, times.longest_s) == (20.0, 200.0)
    assert (times.measured_s, times.counted_s) == (9060.0, 260.0)
    (row,) = found.days
    assert (row.lead_time_s, row.cut_off, row.untimed) == (260.0, 1, 1)


def test_short_times_are_not_cut_off_below_a_minute() -> None:
    images = [
        evaluated(
            answered("anna", image_id=f"i{n}", lead_time_s=seconds), people=("anna",),
            image_id=f"i{n}",
        )
        for n, seconds in enumerate([0.5, 0.5, 50.0])
    ]  # fmt: skip
    assert summed(*images).times["annotation"].counted_s == 51.0


def test_what_the_adjudicator_found_is_each_persons_own() -> None:
    image = evaluated(
        answered("anna", box(10, 10), box(300, 300, label="crop")),
        answered("ben", box(10, 10, label="crop"), box(500, 100)),
    )
    found = summed(decided(image, box(10, 10), box(300, 300, label="crop")))
    rows = {(r["person"], r["label"]): r for r in annotator_classes(found)}
    assert rows["anna", "weed"] == {
        "campaign": "weeds-2026", "person": "anna", "label": "weed", "agreed": 1, "missed": 0,
        "other_class": 0, "extra": 0,
    }  # fmt: skip
    ben = rows["ben", "weed"]
    assert (ben["agreed"], ben["other_class"], ben["extra"]) == (0, 1, 1)
    assert (rows["ben", "crop"]["missed"], rows["ben", "crop"]["agreed"]) == (1, 0)
    assert [image.image_id for image in found.people["ben"].examples] == ["i1"]
    assert found.people["anna"].examples == ()


def test_what_one_person_drew_alone_is_compared_with_nothing() -> None:
    found = summed(evaluated(answered("anna", box(10, 10)), people=("anna",)))
    assert found.answered_twice == 0
    assert found.people["anna"].classes == {}


def test_open_tasks_are_as_old_as_their_batch_and_one_that_others_wait_for_is_told() -> None:
    found = summed(
        evaluated(answered("anna", box(10, 10))),
        evaluated(image_id="i2"),
    )
    assert found.people["ben"].open_tasks == {"2026-06-01": 2}
    assert found.people["ben"].holding == {"2026-06-01": 1}
    assert found.people["anna"].holding == {}
    assert found.oldest_open(today=TODAY + timedelta(days=5)) == {"anna": 5, "ben": 5}


def test_pairs_differ_only_where_the_two_are_on_different_sides() -> None:
    found = summed(
        evaluated(answered("anna", box(10, 10)), answered("ben", box(10, 10))),
        evaluated(
            answered("anna", box(10, 10), image_id="i2"), answered("ben", image_id="i2"),
            image_id="i2",
        ),
    )  # fmt: skip
    pair = found.pairs["anna ben"]
    assert (pair.images, pair.differing) == (2, 1)
    assert found.in_conflict_since == {"2026-06-01": 1}
    assert found.worst[0].image_id == "i2"


def test_progress_sums_up_day_by_day() -> None:
    found = summed(
        evaluated(answered("anna"), people=("anna",)),
        evaluated(answered("anna", image_id="i2", at=3 * 24 * 60), people=("anna",), image_id="i2"),
    )
    rows = list(campaign_progress(found))
    assert [(r["day"], r["answers"], r["settled_so_far"]) for r in rows] == [
        ("2026-06-01", 1, 1), ("2026-06-04", 1, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, 2.0), (1, 2.0), (4, 0.5), (30, 0.0)],
    ids=["first day", "next day", "slower", "nobody for a month"],
)
def test_the_pace_is_that_of_the_last_seven_whole_days(days: int, expected: float) -> None:
    images = [
        evaluated(answered("anna", image_id=f"i{n}"), people=("anna",), image_id=f"i{n}")
        for n in range(2)
    ]
    found = summed(*images, evaluated(image_id="open", people=("anna",)))
    today = TODAY + timedelta(days=days)
    assert found.pace(today=today) == expected
    left = found.days_left(today=today)
    assert left == (1 / expected if expected else None)


def test_nothing_is_left_where_nothing_is_open() -> None:
    assert summed(evaluated(answered("anna"), people=("anna",))).days_left(today=TODAY) == 0.0
    assert summed().days_left(today=date(2026, 6, 1)) == 0.0


@given(st.data())
def test_figures_do_not_depend_on_how_images_lie_in_pages(data: st.DataObject) -> None:
    images = []
    for n in range(data.draw(st.integers(1, 6))):
        votes = [
            answered(
                name, *[box(10 + 200 * place, 10, label=x) for place, x in enumerate(labels)],
                image_id=f"i{n}", at=data.draw(st.integers(0, 5000)),
                lead_time_s=data.draw(st.sampled_from([None, 5.0, 40.0])),
            )
            for name in ("anna", "ben")
            if data.draw(st.booleans())
            for labels in [data.draw(st.lists(st.sampled_from(["crop", "weed"]), max_size=3))]
        ]  # fmt: skip
        images.append(evaluated(*votes, image_id=f"i{n}"))
    places = [data.draw(st.integers(0, 2)) for _ in images]
    pages = [[i for i, at in zip(images, places, strict=True) if at == page] for page in range(3)]
    assert total(map(figures_of, pages)) == total([figures_of(images)])


def test_stored_figures_are_read_as_they_were() -> None:
    image = evaluated(answered("anna", box(10, 10)), answered("ben", box(10, 10, label="crop")))
    found = summed(decided(image, box(10, 10)))
    assert (
        CampaignFigures.model_validate_json(found.model_dump_json(exclude_defaults=True)) == found
    )
