"""What requests may say, field by field, and whose a project is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.label_studio.gate.farmy_gate.bodies import (
    ANNOTATION,
    DRAFT,
    NEXT_TASK,
    NOTHING,
    VIEW,
    identity,
    parse,
)
from farmy_assets.label_studio.gate.farmy_gate.inbox_keys import (
    described,
    is_inbox,
    key_of,
    owner_of,
)

ME = 7
JSON = "application/json"
# What Label Studio's page sends when somebody submits, skips, and updates.
SUBMITTED = {
    "lead_time": 9.7, "result": [], "draft_id": 3, "parent_prediction": None,
    "parent_annotation": None, "started_at": "2026-01-01T00:00:00Z", "project": "1",
    "unique_id": "c87de45d-d47e-4096-b2f5-b6c8eb69337f", "was_cancelled": True,
}  # fmt: skip


def test_what_the_page_sends_is_taken() -> None:
    assert ANNOTATION.problems(SUBMITTED, asker=ME) == ()
    assert ANNOTATION.problems({"completed_by": ME, "updated_by": "7"}, asker=ME) == ()
    assert DRAFT.problems({"result": [], "was_postponed": True}, asker=ME) == ()
    assert VIEW.problems({"data": {"title": "Default"}, "project": 1}, asker=ME) == ()
    assert NEXT_TASK.problems({"project": "1"}, asker=ME) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("completed_by", 8), ("completed_by", "8"), ("completed_by", True), ("completed_by", [7]),
        ("updated_by", 1), ("user", "anna@example.com"), ("ground_truth", True),
        ("ground_truth", "no"), ("result", "[]"), ("created_at", "2020-01-01"),
        ("import_id", 1), ("last_created_by", 7), ("was_cancelled", "yes"), ("task", {"id": 1}),
        ("draft_id", -1), ("draft_id", 1.0), ("project", "1_0"), ("bulk_created", False),
    ],
)  # fmt: skip
def test_what_is_not_for_an_annotator_to_say_is_refused(field: str, value: object) -> None:
    (problem,) = ANNOTATION.problems({**SUBMITTED, field: value}, asker=ME)
    assert problem.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "filtered",
    [
        {"filter": "filter:tasks:data.image", "operator": "regex", "value": "(a|a)*$"},
        {"filter": "filter:tasks:data.image__regex", "operator": "equal", "value": "(a|a)*$"},
        {"column": "filter:tasks:data.image__iregex", "operator": "equal", "value": "x"},
        {"filter": "filter:tasks:id", "child_filter": {"operator": "regex"}},
    ],
)
def test_no_list_is_filtered_by_a_regular_expression(filtered: dict[str, object]) -> None:
    filters = {"conjunction": "and", "items": [filtered]}
    for body, said in ((VIEW, {"data": {"filters": filters}}), (NEXT_TASK, {"filters": filters})):
        (problem,) = body.problems(said, asker=ME)
        assert "regular expression" in problem


def test_other_filters_are_taken() -> None:
    item = {"filter": "filter:tasks:data.key", "operator": "contains", "value": "regex"}
    filters = {"conjunction": "and", "items": [item]}
    assert VIEW.problems({"data": {"filters": filters}}, asker=ME) == ()
    assert NEXT_TASK.problems({"filters": filters}, asker=ME) == ()


@pytest.mark.parametrize("said", [[], "text", None, 3, [{"result": []}]])
def test_a_body_that_is_no_object_is_refused(said: object) -> None:
    assert NOTHING.problems(said, asker=ME) == ("the body must be a JSON object",)


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"project=1&completed_by=8", "application/x-www-form-urlencoded"),
        (b'{"project": 1}', ""),
        (b'{"project": 1}', "text/plain"),
        (b'{"project": 1}', "application/json-patch+json"),
        ('{"project": 1}'.encode("utf-16"), "application/json; charset=utf-16"),
        (b"+AHsAfQ-", "application/json; charset=utf-7"),
        (b'{"project": 1, "project": 2}', JSON),
        (b'{"project": 1', JSON),
        (b'\xff{"project": 1}', JSON),
        (b"[" * 100_000, JSON),
    ],
)  # fmt: skip
def test_a_body_that_could_be_read_in_two_ways_is_not_read(raw: bytes, content_type: str) -> None:
    said, problem = parse(raw, content_type)
    assert said == {}
    assert problem


def test_json_is_read_and_nothing_is_an_empty_object() -> None:
    assert parse(b'{"project": "1"}', "application/json; charset=UTF-8") == ({"project": "1"}, None)
    assert parse(b"", "") == ({}, None)


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.floats()))
def test_an_id_is_a_whole_number_or_its_digits_and_nothing_else(value: object) -> None:
    found = identity(value)
    if found is not None:
        assert not isinstance(value, bool)
        assert str(found) == str(value).lstrip("0") or found == 0


@pytest.mark.parametrize("text", ["\uff11", "1 ", " 1", "+1", "1_0", "0x1", "1.0", "", "9" * 19])
def test_what_python_would_read_as_a_number_all_the_same_is_no_id(text: str) -> None:
    assert identity(text) is None


def test_a_project_is_of_whom_the_platform_wrote_behind_its_key() -> None:
    text = described("farmy:weeds/annotation/anna", " Anna@Example.com ")
    assert (key_of(text), owner_of(text)) == ("farmy:weeds/annotation/anna", "anna@example.com")
    older = described("farmy:weeds/annotation/anna", None)
    assert (key_of(older), owner_of(older), is_inbox(older)) == (older, None, True)


@pytest.mark.parametrize(
    "text", [None, "", "a project of mine", "anna anna@example.com", " farmy:"]
)
def test_a_project_of_somebody_elses_making_is_nobodys_inbox(text: str | None) -> None:
    assert owner_of(text) is None
    assert not is_inbox(text)
