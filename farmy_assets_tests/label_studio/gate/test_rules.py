"""Who may do what: the table and its decision, without a server."""

from itertools import product

import pytest

from farmy_assets.annotation.people import Role as GivenRole
from farmy_assets.label_studio.gate.farmy_gate.rules import (
    RULES,
    Decision,
    Facts,
    Place,
    Right,
    Role,
    decide,
)

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")
PEOPLE = (Role.ANNOTATOR, Role.ADJUDICATOR, Role.LEAD)
NAMED = frozenset({"project", "body.project"})
OWN = Facts(place=Place.OWN_INBOX, named=NAMED, action="next_task")
OTHERS = Facts(place=Place.OTHER_INBOX, named=NAMED, action="next_task")
FOR_THE_PLATFORM_ALONE = (
    "projects:api:project-import", "projects:api:project-tasks-list", "projects:project-settings",
    "data_export:api-projects:project-export", "data_export:api-projects:project-exports-list",
    "data_import:api-projects:project-import", "storages:api:storage-s3-list",
    "storages:api:export-storage-s3-list", "storages:project-storage-data-resolve",
    "organizations:organization-invite", "organizations:api:organization-list", "user-signup",
    "user-detail", "user-avatar", "webhooks:api:webhook-list", "ml:api:ml-detail",
    "current-user-reset-token", "jwt_auth:token_manage", "admin:index", "schema", "heidi_tips",
    "tasks:api-predictions:prediction-list", "data_import:data-upload", "farmy-people",
    "farmy-people-reset", "farmy-people-role", "version", "feature_flags",
    "an operation of a later version",
)  # fmt: skip


def allowed(role: Role, method: str, route: str, facts: Facts = OWN) -> bool:
    return decide(role, method, route, facts).allowed


@pytest.mark.parametrize("route", FOR_THE_PLATFORM_ALONE)
def test_what_the_table_does_not_name_is_for_the_platform_alone(route: str) -> None:
    for role, method in product(Role, METHODS):
        assert allowed(role, method, route) is (role is Role.PLATFORM)


@pytest.mark.parametrize("route", sorted(RULES))
def test_a_method_that_is_not_in_the_table_is_refused_on_every_route(route: str) -> None:
    known = {*RULES[route], *(("HEAD",) if "GET" in RULES[route] else ())}
    for role, method in product((Role.NOBODY, *PEOPLE), set(METHODS) - known):
        assert not allowed(role, method, route)


def test_who_is_not_signed_in_gets_no_further_than_the_way_in() -> None:
    reached = {
        route for route, methods in RULES.items() for method in methods
        if allowed(Role.NOBODY, method, route)
    }  # fmt: skip
    assert reached == {
        route for route, methods in RULES.items()
        if any(rule.right is Right.ANYBODY for rule in methods.values())
    }  # fmt: skip
    assert not any(
        "project" in route or "task" in route or "user-list" in route for route in reached
    )


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR])
@pytest.mark.parametrize("place", [Place.OTHER_INBOX, Place.ELSEWHERE, Place.NOT_NAMED])
def test_nothing_outside_the_own_inboxes_is_seen_or_changed(role: Role, place: Place) -> None:
    facts = Facts(place=place, named=NAMED, action="next_task")
    for route, methods in RULES.items():
        for method, rule in methods.items():
            if rule.right in {Right.SEE, Right.WORK, Right.OWN_ANSWER}:
                assert decide(role, method, route, facts) == Decision(
                    allowed=False, reason="this is not in an inbox of yours"
                )


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR, Role.LEAD])
def test_in_the_own_inbox_people_work_as_before(role: Role) -> None:
    for method, route in (
        ("GET", "data_manager:project-data"), ("GET", "tasks:api:task-list"),
        ("GET", "tasks:api:task-detail"), ("POST", "data_manager:dm-actions"),
        ("GET", "storages:task-storage-data-resolve"), ("POST", "tasks:api:task-annotations"),
        ("PATCH", "tasks:api-annotations:annotation-detail"),
        ("DELETE", "tasks:api-annotations:annotation-detail"),
        ("POST", "tasks:api:task-drafts"), ("PATCH", "tasks:api-drafts:draft-detail"),
        ("POST", "data_manager:api:view-list"),
    ):  # fmt: skip
        assert allowed(role, method, route), (method, route)


def test_a_lead_reads_every_inbox_and_changes_nothing_in_it() -> None:
    for route, methods in RULES.items():
        for method, rule in methods.items():
            if rule.right in {Right.SEE, Right.WORK, Right.OWN_ANSWER}:
                is_a_look = rule.right is Right.SEE
                assert allowed(Role.LEAD, method, route, OTHERS) is is_a_look
    assert not allowed(Role.LEAD, "GET", "tasks:api:task-detail", Facts(place=Place.ELSEWHERE))


def test_somebody_elses_answer_is_neither_read_nor_changed() -> None:
    facts = Facts(place=Place.OWN_INBOX, author_is_asker=False)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert not allowed(Role.ANNOTATOR, method, "tasks:api-annotations:annotation-detail", facts)
        assert not allowed(Role.LEAD, method, "tasks:api-drafts:draft-detail", facts)
    assert allowed(Role.LEAD, "GET", "tasks:api-annotations:annotation-detail", facts)


@pytest.mark.parametrize("action", ["", "delete_tasks", "remove_duplicates", "next_task "])
def test_the_next_task_is_the_only_action(action: str) -> None:
    facts = Facts(place=Place.OWN_INBOX, named=NAMED, action=action)
    assert not allowed(Role.ANNOTATOR, "POST", "data_manager:dm-actions", facts)


def test_a_listing_that_names_no_project_is_refused_for_it_would_show_any() -> None:
    for route in ("data_manager:dm-columns", "data_manager:dm-project", "tasks:api:task-list"):
        facts = Facts(place=Place.OWN_INBOX, named=frozenset({"task"}))
        assert decide(Role.ANNOTATOR, "GET", route, facts).reason == "say which project"


def test_only_the_tasks_own_picture_is_shown() -> None:
    facts = Facts(place=Place.OWN_INBOX, picture_is_the_tasks=False)
    for role in (Role.ANNOTATOR, Role.LEAD):
        assert not allowed(role, "GET", "storages:task-storage-data-resolve", facts)


def test_a_problem_with_the_request_is_a_reason_to_refuse_it() -> None:
    facts = Facts(place=Place.OWN_INBOX, problems=("completed_by: must be yourself",))
    decision = decide(Role.ANNOTATOR, "POST", "tasks:api:task-annotations", facts)
    assert decision == Decision(allowed=False, reason="completed_by: must be yourself")


def test_the_roles_that_the_platform_gives_are_those_that_the_gate_knows() -> None:
    assert {role.value for role in PEOPLE} == {role.value for role in GivenRole}
