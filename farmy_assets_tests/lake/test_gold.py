"""Records of gold and of pauses: their keys and their form, and two who add at once."""

import pytest

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.gold import GoldGiven, GoldImage
from farmy_assets.annotation.pauses import PauseChange, with_pauses
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.pauses import PauseRepository
from farmy_assets_tests.annotation.examples import NOON, assignment, campaign, person
from farmy_assets_tests.annotation.test_gold import gold_image
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory

NAME = "weeds-2026"
TRUTH = Box(label="weed", x_min=1, y_min=2, x_max=3, y_max=4)
GIVEN = """{"campaign": "weeds-2026", "phase": "annotation", "image_id": "image 1",
  "person": "anna", "task_key": "image 1", "batch_id": "000001-20260601T120000Z"}"""
COUNTS = """{"answers": 1, "objects": 2, "hits": 1, "missed": 1, "other_class": 0,
  "mistaken": 0, "extras": 0}"""
STORED = {
    "gold/weeds-2026/changes/000001.json": """{"campaign": "weeds-2026", "added": [
  {"image": {"image_id": "image 1", "sha256": "00", "width_px": 800, "height_px": 600},
   "regions": [{"kind": "box", "label": "weed", "x_min": 1, "y_min": 2, "x_max": 3, "y_max": 4}],
   "campaign_version": 1, "settled_by": "adjudicated", "people": 2, "vote_ids": ["v1"],
   "known_to": ["ben"]}], "retired": []}""",
    "gold/weeds-2026/given.json": f"""{{"campaign": "weeds-2026", "given": [{GIVEN}],
  "taken_back": []}}""",
    "gold/weeds-2026/scores.json": f"""{{"campaign": "weeds-2026", "campaign_version": 1,
  "votes_up_to": 3, "changes_up_to": 1, "pauses_up_to": 1, "people": {{"anna": {{"1":
   {{"answers": 1, "skipped": 0, "classes": {{"2": {COUNTS}}}}}}}}}}}""",
    "gold-answers/weeds-2026/anna.json": f"""{{"campaign": "weeds-2026", "person": "anna",
  "answers": [{{"image_id": "image 1", "person": "anna", "vote_id": "v9", "outcome": "submitted",
   "submitted_at": "2026-06-01T12:00:00Z", "campaign_version": 1, "known_since": 1, "seen_in": 3,
   "classes": [{{"class_id": 2, "label": "weed", "counts": {COUNTS}}}]}}]}}""",
    "pauses/weeds-2026/000001.json": """{"campaign": "weeds-2026", "person": "anna",
  "is_paused": true, "reason": "too often wrong", "told": ["leads", "anna"], "by": "gold rule",
  "at": "2026-06-01T12:00:00Z", "votes_up_to": 3}""",
}


@pytest.fixture
def stored() -> Lake:
    bucket = BucketInMemory()
    bucket.objects.update({key: content.encode() for key, content in STORED.items()})
    return lake_in_memory(bucket)


def test_stored_records_of_gold_are_read(stored: Lake) -> None:
    known = stored.gold.known(NAME)["image 1"]
    assert (known.number, known.gold.regions, known.gold.known_to) == (1, (TRUTH,), ("ben",))
    assert stored.gold.given(NAME).given == (assignment("anna", "image 1"),)
    answers = stored.gold.answers(NAME, "anna")
    assert answers.answers[0].counts.hits == 1
    scores, _ = stored.gold.scores(NAME)
    assert scores.people["anna"]["1"].accuracy.value == 0.5
    assert stored.pauses.paused(NAME) == {"anna"}


def paused(name: str, *, is_paused: bool = True) -> PauseChange:
    return PauseChange(
        campaign=NAME, person=name, is_paused=is_paused, reason="", told=(), by="", at=NOON,
        votes_up_to=0,
    )  # fmt: skip


def test_a_pause_begins_once_and_ends_once() -> None:
    pauses = lake_in_memory(BucketInMemory()).pauses
    said = [pauses.add(paused("anna", is_paused=p)) for p in (False, True, True, False, False)]
    assert [change is not None for change in said] == [False, True, False, True, False]
    assert pauses.paused(NAME) == frozenset()
    assert len(pauses.log(NAME).all()) == 2


def test_of_two_who_pause_the_same_person_at_once_one_finds_it_done() -> None:
    bucket = BucketInMemory()
    pauses = PauseRepository(lake_in_memory(bucket).records)
    quicker = iter([lambda: pauses.add(paused("anna"))])

    def happen() -> None:
        if not any(key.startswith("pauses/") for key in bucket.objects):
            next(quicker, lambda: None)()

    bucket.before_request.append(happen)
    assert pauses.add(paused("anna")) is None
    assert len(pauses.log(NAME).all()) == 1


def regions_of(lake: Lake) -> tuple[Region, ...]:
    return lake.gold.known(NAME)["image 1"].gold.regions


def test_an_image_gets_a_new_answer_only_when_it_is_another_one() -> None:
    lake = lake_in_memory(BucketInMemory())
    image: GoldImage = gold_image("image 1", TRUTH)
    assert lake.gold.add(NAME, [image]) == ("image 1",)
    known_by_more = image.model_copy(update={"known_to": ("anna", "ben")})
    assert lake.gold.add(NAME, [known_by_more]) == ()
    other = image.model_copy(update={"regions": ()})
    assert lake.gold.add(NAME, [other]) == ("image 1",)
    assert regions_of(lake) == ()


def test_of_two_who_give_out_gold_at_once_the_second_decides_again() -> None:
    gold = lake_in_memory(BucketInMemory()).gold
    mine, others = assignment("anna", "image 1"), assignment("ben", "image 1")
    seen: list[GoldGiven] = []

    def share(given: GoldGiven) -> list[Assignment]:
        seen.append(given)
        if len(seen) == 1:
            gold.give(NAME, lambda _: [others])
        return [mine]

    assert gold.give(NAME, share).given == (others, mine)
    assert [given.given for given in seen] == [(), (others,)]
    assert gold.given(NAME).given == (others, mine)


def test_pauses_that_would_leave_nobody_are_not_followed() -> None:
    rules = campaign(annotators=[person("anna"), person("ben")])
    assert [p.name for p in with_pauses(rules, {"anna"}).active_annotators] == ["ben"]
    assert with_pauses(rules, {"anna", "ben"}) == rules
