"""Records as they have been stored since the first release: the repositories read and write them.

The contents are written out by hand, and so are the keys, so that no change of a record's or a
key's form goes unnoticed.
"""

from collections.abc import Callable

import pytest

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.regions.box import Box
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.lake.rules import as_given

BATCH = "000001-20260514T120000Z"
GIVEN = f"""{{
   "campaign": "weeds",
   "phase": "annotation",
   "image_id": "image 1",
   "person": "anna",
   "task_key": "image 1",
   "batch_id": "{BATCH}"
  }}"""
INBOXES = """{
  "farmy:weeds/annotation/anna": {
   "changed_at": "2026-05-14T12:00:00Z",
   "tasks": 3,
   "annotations": 2,
   "finished": 2,
   "answers": 2
  }
 }"""
STORED = {
    "batches/000001.json": f"""{{
 "batch_id": "{BATCH}",
 "number": 1,
 "campaign": "weeds",
 "sealed_at": "2026-05-14T12:00:00Z",
 "image_ids": [
  "{"0" * 32}-{"1" * 12}"
 ]
}}""",
    f"assignments/weeds/{BATCH}.json": f"""{{
 "batch_id": "{BATCH}",
 "campaign": "weeds",
 "campaign_version": 1,
 "assignments": [
  {GIVEN}
 ],
 "taken_back": []
}}""",
    f"placements/weeds/{BATCH}.json": f"""{{
 "batch_id": "{BATCH}",
 "campaign": "weeds",
 "tasks": 3,
 "projects": {{
  "farmy:weeds/annotation/anna": 5
 }}
}}""",
    "adjudication/weeds.json": f"""{{
 "campaign": "weeds",
 "assignments": [
  {GIVEN}
 ]
}}""",
    "copied/weeds.json": f"""{{
 "campaign": "weeds",
 "inboxes": {INBOXES}
}}""",
    "judgements/weeds.json": f"""{{
 "campaign": "weeds",
 "campaign_version": 1,
 "inboxes": {INBOXES},
 "judgements": [
  {{
   "image_id": "image 1",
   "campaign": "weeds",
   "campaign_version": 1,
   "status": "single",
   "people": [
    "anna"
   ],
   "waiting_for": [],
   "boxes": [
    {{
     "label": "crop",
     "x_min": 10.0,
     "y_min": 20.5,
     "x_max": 110.0,
     "y_max": 220.0
    }}
   ],
   "conflicts": [],
   "vote_ids": [
    "ab01"
   ],
   "adjudication_task_key": null,
   "decided_by": null,
   "decision_vote_id": null,
   "settled_as": []
  }}
 ],
 "rulings": "0123456789abcdef",
 "conflicts_handed_over": true
}}""",
}
VOTE = (
    '{"vote_id":"%s","campaign":"weeds","campaign_version":1,"phase":"annotation",'
    '"task_key":"image 1","image_id":"image 1","inbox_person":"anna","person":"anna",'
    '"email":"anna@example.com","submitted_at":"2026-05-14T12:00:01Z","lead_time_s":1.0,'
    '"outcome":"submitted","boxes":[{"label":"crop","x_min":10.0,"y_min":20.5,"x_max":110.0,'
    '"y_max":220.0}],"problems":[],"decision":null}\n'
)
VOTES = (VOTE % "ab01" + VOTE % "ab02").encode()
VOTES_TODAY = VOTES.replace(b'"boxes":[{', b'"regions":[{"kind":"box",')
BOX = Box(label="crop", x_min=10, y_min=20.5, x_max=110, y_max=220)


@pytest.fixture
def lake(lake: Lake) -> Lake:
    for key, content in STORED.items():
        lake.records.bucket.put(key, content.encode())
    lake.records.bucket.put("votes/weeds/0123.jsonl", VOTES)
    return lake


def test_a_stored_batch_is_read_as_one_of_images_own(lake: Lake) -> None:
    (batch,) = lake.batches.all()
    assert (batch.batch_id, batch.image_ids) == (BATCH, (f"{'0' * 32}-{'1' * 12}",))
    assert not batch.is_inclusion


def test_stored_assignments_are_read(lake: Lake) -> None:
    page = lake.assignments.of_batch("weeds", BATCH)
    assert page
    assert [page] == lake.assignments.pages("weeds")
    (given,) = lake.assignments.all("weeds")
    assert (given.person, given.image_id, given.batch_id) == ("anna", "image 1", BATCH)
    assert lake.assignments.adjudication("weeds").assignments == (given,)
    placement = lake.assignments.placement("weeds", BATCH)
    assert placement
    assert placement.tasks == 3


def test_stored_votes_are_read(lake: Lake) -> None:
    first, second = lake.votes.all("weeds")
    assert (first.vote_id, second.vote_id) == ("ab01", "ab02")
    assert first.regions == (BOX,)
    (state,) = lake.votes.copied("weeds").inboxes.values()
    assert (state.tasks, state.answers) == (3, 2)


def test_a_stored_evaluation_is_read(lake: Lake) -> None:
    evaluation = lake.evaluations.current("weeds")
    assert evaluation
    assert evaluation.rulings == "0123456789abcdef"
    (image,) = evaluation.judgements
    assert (image.status, image.regions) == (ConsensusStatus.SINGLE, (BOX,))
    assert evaluation.inboxes == lake.votes.copied("weeds").inboxes


def _write_assignments(lake: Lake) -> None:
    page = lake.records.read(f"assignments/weeds/{BATCH}.json", BatchAssignments)
    emptied = page.model_copy(update={"assignments": ()})
    lake.records.replace(f"assignments/weeds/{BATCH}.json", emptied)
    assert lake.assignments.move(emptied, (), page.assignments, book=as_given)


def _write_batch(lake: Lake) -> None:
    (batch,) = lake.batches.all()
    lake.records.bucket.delete("batches/000001.json")
    assert lake.records.write_once(keys.batch(1), batch)


def _write_placement(lake: Lake) -> None:
    placement = lake.assignments.placement("weeds", BATCH)
    assert placement
    lake.records.bucket.delete(f"placements/weeds/{BATCH}.json")
    lake.assignments.write_placement(placement)


def _write_adjudication(lake: Lake) -> None:
    given = lake.assignments.adjudication("weeds").assignments
    lake.records.bucket.delete("adjudication/weeds.json")
    lake.assignments.add_adjudication("weeds", given)
    written = lake.records.bucket.get("adjudication/weeds/000001.json")
    lake.records.bucket.put("adjudication/weeds.json", written)  # the same record, now numbered


def _write_copied(lake: Lake) -> None:
    copied = lake.votes.copied("weeds")
    lake.records.bucket.delete("copied/weeds.json")
    lake.votes.write_copied(copied)


WRITTEN = [key for key in STORED if not key.startswith("judgements/")]
WRITERS: tuple[Callable[[Lake], None], ...] = (
    _write_batch, _write_assignments, _write_placement, _write_adjudication, _write_copied,
)  # fmt: skip


@pytest.mark.parametrize(("key", "write"), [*zip(WRITTEN, WRITERS, strict=True)], ids=WRITTEN)
def test_what_is_written_today_has_the_stored_key_and_bytes(
    lake: Lake, key: str, write: Callable[[Lake], None]
) -> None:
    write(lake)
    assert lake.records.bucket.get(key).decode() == STORED[key]


def test_votes_are_written_with_the_kind_of_each_region(lake: Lake) -> None:
    lake.votes.add("weeds", lake.votes.all("weeds"))
    added = set(lake.records.bucket.keys("votes/weeds/")) - {"votes/weeds/0123.jsonl"}
    (key,) = added
    assert lake.records.bucket.get(key) == VOTES_TODAY


VOTE_WITH_ANSWERS = (
    b'{"vote_id":"ab03","campaign":"weeds","campaign_version":1,"phase":"annotation",'
    b'"task_key":"image 1","image_id":"image 1","inbox_person":"anna","person":"anna",'
    b'"email":"anna@example.com","submitted_at":"2026-05-14T12:00:01Z","lead_time_s":1.0,'
    b'"outcome":"submitted","regions":[{"kind":"box","label":"crop",'
    b'"attributes":{"leaves":7,"pests":["aphid","thrips"],"stage":"young"},'
    b'"x_min":10.0,"y_min":20.5,"x_max":110.0,"y_max":220.0}],"region_ids":["Xy3_k"],'
    b'"choices":{"quality":"good"},"problems":[],"decision":null}\n'
)


def test_votes_with_answers_are_read_and_written_in_their_form(lake: Lake) -> None:
    lake.records.bucket.put("votes/weeds/0124.jsonl", VOTE_WITH_ANSWERS)
    *_, found = lake.votes.all("weeds")
    (region,) = found.regions
    assert region.attributes == (
        ("leaves", 7.0), ("pests", ("aphid", "thrips")), ("stage", "young"),
    )  # fmt: skip
    assert (found.region_ids, found.choices) == (("Xy3_k",), (("quality", "good"),))
    assert f"{found.model_dump_json()}\n".encode() == VOTE_WITH_ANSWERS
