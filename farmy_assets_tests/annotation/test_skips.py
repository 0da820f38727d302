"""A skip says why: read, recorded, shown; and what it contradicts is a problem, not a loss."""

from typing import Any

import pytest

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import ConflictKind, find_conflicts
from farmy_assets.annotation.inboxes import SKIP_REASONS, Phase
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets_tests.annotation.examples import annotation, campaign, inbox, region, task, vote


def reason(*texts: str) -> dict[str, Any]:
    """A result of the reasons on the annotator's page."""
    return {
        "id": "c", "from_name": "cannot_label", "to_name": "image", "type": "choices",
        "value": {"choices": list(texts)},
    }  # fmt: skip


def read(*given: object, phase: Phase = Phase.ANNOTATION, skipped: bool = False) -> Vote:
    (found,) = votes_from_task(
        task(annotation("anna", *given, skipped=skipped)), inbox=inbox("anna", phase),
        campaign=campaign(), known=(), reader=results,
    )  # fmt: skip
    return found


@pytest.mark.parametrize("skipped", [False, True])
def test_a_reason_alone_is_a_skip_however_it_was_sent(skipped: bool) -> None:
    found = read(reason("plants hide each other"), skipped=skipped)
    assert (found.outcome, found.skip_reason) == (Outcome.SKIPPED, "plants hide each other")
    assert (found.regions, found.problems) == ((), ())
    assert Vote.model_validate_json(found.model_dump_json()) == found


def test_a_reason_beside_regions_is_a_problem_and_the_regions_stay() -> None:
    found = read(region(), reason("another reason"))
    assert found.outcome is Outcome.SUBMITTED
    assert len(found.regions) == 1
    assert found.problems == ("says that the image cannot be labelled (another reason), and draws",)
    (conflict,) = find_conflicts([found], AgreementPolicy())
    assert conflict.kind is ConflictKind.INVALID


def test_without_a_reason_nothing_is_different_from_before() -> None:
    assert read(region()).skip_reason is None
    assert read().outcome is Outcome.SUBMITTED
    assert read(skipped=True).outcome is Outcome.SKIPPED
    assert "skip_reason" not in read(region()).model_dump_json()


def test_a_reason_is_not_asked_in_other_phases() -> None:
    found = read(reason("another reason"), phase=Phase.ADJUDICATION)
    assert found.skip_reason is None
    assert found.problems


def test_the_adjudicator_reads_why() -> None:
    skipped = vote("anna", outcome=Outcome.SKIPPED, skip_reason="too blurred or too dark")
    (conflict,) = find_conflicts([skipped], AgreementPolicy())
    assert conflict.sentence == "anna skipped this image: too blurred or too dark"


def test_a_reason_that_was_taken_back_is_a_new_vote() -> None:
    first = read(reason("another reason"))
    (second,) = votes_from_task(
        task(annotation("anna", region(), at=5), at=5), inbox=inbox("anna"), campaign=campaign(),
        known=[first], reader=results,
    )  # fmt: skip
    assert (second.outcome, second.skip_reason) == (Outcome.SUBMITTED, None)


def test_only_the_annotators_page_offers_reasons() -> None:
    page = label_config(campaign(), Phase.ANNOTATION)
    assert all(f'<Choice value="{text}"/>' in page for text in SKIP_REASONS)
    for phase in (Phase.ADJUDICATION, Phase.TRIAGE):
        assert "cannot_label" not in label_config(campaign(), phase)
