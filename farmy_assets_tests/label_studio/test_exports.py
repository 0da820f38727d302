"""Exports of all ages and shapes are read, and what cannot be read is said."""

import json
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.exports import ExportedTask, exported_task, task_entries

REGION = {"id": "a", "type": "rectanglelabels", "from_name": "label", "value": {"x": 1}}


def annotation(author: object = 1, **changes: object) -> dict[str, object]:
    return {
        "id": 5, "completed_by": author, "result": [REGION], "was_cancelled": False,
        "updated_at": "2026-05-01T08:00:00Z",
    } | changes  # fmt: skip


def task(*annotations: object, **changes: object) -> dict[str, object]:
    return {"id": 7, "data": {"image": "a.jpg"}, "annotations": list(annotations)} | changes


def read(document: object) -> list[ExportedTask]:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return [exported_task(entry) for entry in task_entries(BytesIO(text))]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([task(annotation())]).encode(),
        b"\xef\xbb\xbf" + json.dumps([task(annotation())]).encode(),
        json.dumps(task(annotation()), indent=1).encode(),
        b"\n".join([json.dumps(task(annotation())).encode()] * 2),
    ],
    ids=["a list", "with a byte order mark", "one task", "one task a line"],
)
def test_a_list_one_task_and_one_task_a_line_are_read(text: bytes) -> None:
    found = read(text)
    assert len(found) == 1 + text.count(b"}\n{")
    (answer,) = found[0].answers
    assert (found[0].task_id, answer.person, answer.skipped) == ("7", "1", False)
    assert answer.results == (REGION,)


@pytest.mark.parametrize(
    ("author", "person"),
    [
        (3, "3"), ({"id": 3, "email": "anna@example.com"}, "anna@example.com"), ({"id": 3}, "3"),
        (None, "annotator 1"), (["anna"], "annotator 1"),
    ],
)  # fmt: skip
def test_an_author_is_an_id_an_address_or_the_place_of_the_answer(
    author: object, person: str
) -> None:
    (found,) = read([task(annotation(author))])
    assert found.answers[0].person == person


def test_of_two_answers_of_one_person_the_one_given_last_counts_and_that_is_said() -> None:
    late = annotation(result=[], updated_at="2026-05-01T10:00:00+02:00", id=1)
    later = annotation(was_cancelled=True, updated_at="2026-05-01T08:30:00Z", id=2)
    (found,) = read([task(later, annotation(), late)])
    assert [answer.skipped for answer in found.answers] == [True]
    assert found.notes == ("older answers of the same person: 2 passed over",)


def test_the_form_before_2020_is_read() -> None:
    old = {"id": 1, "data": {"image": "a.jpg"}, "completions": [
        {"id": 1, "created_at": 1588291200, "result": [REGION]}, {"id": 2, "result": [REGION]},
    ]}  # fmt: skip
    (found,) = read([old])
    assert [answer.person for answer in found.answers] == ["annotator 1", "annotator 2"]
    assert str(found.answers[0].given_at) == "2020-05-01 00:00:00+00:00"
    assert found.answers[1].given_at is None


def test_a_row_of_json_min_is_a_task_with_one_answer() -> None:
    row = {
        "image": "a.jpg", "id": 3, "annotator": 2, "annotation_id": 9, "lead_time": 1.5,
        "label": [{"x": 1, "rectanglelabels": ["weed"], "original_width": 100}], "quality": "good",
    }  # fmt: skip
    (found,) = read([row])
    assert (found.task_id, found.data["image"]) == ("3", "a.jpg")
    (answer,) = found.answers
    assert answer.person == "2"
    assert answer.results[0]["type"] == "rectanglelabels"
    assert answer.results[0]["original_width"] == 100


def test_predictions_are_no_votes_and_foreign_annotations_are_passed_over() -> None:
    (found,) = read([task(None, "x", annotation(result=None), predictions=[{"result": [REGION]}])])
    assert found.answers[0].results == ()
    assert found.notes == (
        "annotation 2 is no object but str", "predictions are no votes: 1 passed over",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "cannot be read as JSON"),
        (b"[]", "holds no task"), (b"[1]", "entry 1 is no task but int"),
        (b"[{", "cannot be read as JSON"), (b"name,age", "cannot be read as JSON"),
        (b'[{"id": 1}]', "task 1 has neither data nor an annotation"), (b"\xff\xfe[", "JSON"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_said(text: bytes, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read(text)


NAMES = ("id", "data", "annotations", "completions", "predictions", "annotator", "label")
plain: st.SearchStrategy[object] = st.sampled_from([None, True, 0, -1.5, 1e300, "", "x", {}, []])
json_values = plain | st.lists(plain, max_size=2) | st.dictionaries(st.sampled_from(NAMES), plain)


@given(st.dictionaries(st.sampled_from(NAMES), json_values | st.lists(json_values, max_size=2)))
def test_whatever_a_task_holds_it_is_read_or_refused(found: dict[str, object]) -> None:
    with suppress(InvalidInputError):
        read([found])
