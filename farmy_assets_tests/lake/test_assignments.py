import json
from collections.abc import Sequence
from functools import partial

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.sharing_counters import Earlier
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.annotation.examples import given_before
from farmy_assets_tests.lake.rules import as_given, campaign

BATCH = "000001-20260514T120000Z"
IMAGES = ["image 1", "image 2", "image 3"]


def test_of_two_who_share_out_one_batch_the_second_sees_the_first(lake: Lake) -> None:
    rules = campaign()
    given: list[str] = []

    def share(earlier: Earlier) -> Sequence[Assignment]:
        if not given:  # while this one thinks, another run of the batch is quicker
            given.append("once")
            lake.assignments.add(rules, BATCH, share=share)
        return share_out(IMAGES, campaign=rules, batch_id=BATCH, earlier=earlier)

    page = lake.assignments.add(rules, BATCH, share=share)
    assert sorted({a.image_id for a in page.assignments}) == IMAGES
    assert lake.assignments.all(rules.name) == page.assignments


def test_a_batch_that_grew_gives_out_only_what_is_new(lake: Lake) -> None:
    rules = campaign()

    def share(images: list[str], earlier: Earlier) -> Sequence[Assignment]:
        return share_out(images, campaign=rules, batch_id=BATCH, earlier=earlier)

    first = lake.assignments.add(rules, BATCH, share=partial(share, IMAGES[:2]))
    second = lake.assignments.add(rules, BATCH, share=partial(share, IMAGES))
    assert second.assignments[: len(first.assignments)] == first.assignments
    assert sorted({a.image_id for a in second.assignments}) == IMAGES


def test_a_page_of_before_people_could_leave_is_still_read(lake: Lake) -> None:
    page = share_out(IMAGES, campaign=campaign(), batch_id=BATCH, earlier=given_before())
    given = [a.model_dump(mode="json") for a in page]
    old = {"batch_id": BATCH, "campaign": "weeds", "campaign_version": 1, "assignments": given}
    lake.records.bucket.put(keys.assignments("weeds", BATCH), json.dumps(old).encode())
    (found,) = lake.assignments.pages("weeds")
    assert (found.assignments, found.taken_back) == (page, ())


def test_what_was_taken_back_is_kept_and_a_page_that_changed_is_not_overwritten(
    lake: Lake,
) -> None:
    given = share_out(IMAGES, campaign=campaign(), batch_id=BATCH, earlier=given_before())
    page = lake.assignments.add(campaign(), BATCH, share=lambda _: given)
    former = [a for a in given if a.person == "anna"]
    new = [a.model_copy(update={"person": "eva"}) for a in former]
    assert lake.assignments.move(page, former, new, book=as_given)
    assert not lake.assignments.move(
        page, former, new, book=as_given
    )  # it was read before the first move
    (found,) = lake.assignments.pages("weeds")
    assert found.taken_back == tuple(former)
    assert {a.person for a in lake.assignments.all("weeds")} == {"ben", "eva"}
    more = [new[0].model_copy(update={"image_id": "image 4", "task_key": "image 4"})]
    again = lake.assignments.add(campaign(), BATCH, share=lambda _: more)
    assert again.taken_back == tuple(former)
