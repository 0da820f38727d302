"""Reassignment: tasks that change hands, because people left, rest, took too long, or disagree."""

from collections import Counter
from datetime import date

import dagster as dg

from farmy_assets.annotation.assignments import share_out_triage
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.inboxes import (
    DECIDING,
    inboxes_of,
    owner_of,
    triage_inboxes_of,
)
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.pauses import with_pauses
from farmy_assets.annotation.reassignment import is_overdue
from farmy_assets.annotation.sharing_counters import Earlier, counted
from farmy_assets.defs import days
from farmy_assets.defs.consensus import annotations
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.gold import gold_scores
from farmy_assets.defs.gold_tasks import take_back_gold
from farmy_assets.defs.inboxes import existing_inboxes, open_inbox
from farmy_assets.defs.metadata import Materialized, count_table, place, rows
from farmy_assets.defs.moving import emptied, finish_moving, give_further, move_tasks
from farmy_assets.defs.partitions import campaigns
from farmy_assets.defs.shown_predictions import follow_shown_model
from farmy_assets.defs.triage import place_questions, triage_answers
from farmy_assets.errors import LakeUnavailableError, StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date, evaluated


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[annotations, triage_answers, gold_scores], retry_policy=RETRY_ONCE,
)  # fmt: skip
def reassigned_tasks(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """Tasks that changed hands: of people who left or are paused, and those that are overdue.

    Moved once for each version of the campaign's rules, which the inboxes then show, and where
    tasks are lent for some days, once a day. Images that somebody skipped go to another person,
    and those that two disagree about to a third one, if the campaign says so. Everything is looked
    at before it is changed, and what was done is noted last: a killed run is repeated.
    """
    with as_dagster_failure():
        campaign, day = lake.campaigns.named(context.partition_key), days.today()
        members, pending = lake.campaigns.members(campaign.name), lake.pending.of(campaign.name)
        active = with_pauses(campaign, lake.pauses.paused(campaign.name))
        refused: list[str] = []
        is_behind, looks = pending.is_behind(campaign), pending.needs_a_look(campaign, day)
        if is_behind or looks:
            studio.check()
            finish_moving(lake, studio, campaign, pending.unplaced, today=day)
        if is_behind:
            refused = _follow(lake, studio, campaign, members)
        elif looks and (pending.is_held_back or _is_anything_overdue(lake, campaign, day)):
            _move_drawing(lake, studio, active, members)
        elif looks:
            lake.pending.looked(campaign.name, day, is_held_back=False)
        inputs = (bring_up_to_date if is_behind or looks else evaluated)(lake, campaign)
        further = give_further(lake, studio, active, members, inputs.to_hand_over, today=day)
        if further:
            inputs = bring_up_to_date(lake, campaign)
    moved = Counter[str]()
    for batch in inputs.batches.values():
        moved.update(batch.taken_back)
    return dg.MaterializeResult(
        metadata={
            **rows(moved.total()),
            **place(f"s3://{lake.records.bucket.name}/{keys.assignments(campaign.name)}"),
            "campaign_version": campaign.version,
            "note": "done for this version now" if is_behind else "done for this version before",
            "taken_back_from": count_table(moved, of="person", counted="tasks"),
            "images_given_to_one_more": further,
            **({"inboxes_not_brought_up_to_date": "; ".join(refused)} if refused else {}),
        }
    )


def _is_anything_overdue(lake: Lake, campaign: Campaign, day: date) -> bool:
    """Whether anybody has had a task for longer than the lease; reads pages that wait for answers.

    Of an image that is not waited for nothing has to be moved.
    """
    waiting = lake.evaluations.images(
        campaign.name, where=lambda counts: bool(counts.count_of(ConsensusStatus.WAITING))
    )
    return any(
        given.person in image.consensus.waiting_for and is_overdue(given, campaign, day)
        for image in waiting
        if image.consensus
        for given in image.assignments
    )


def _follow(lake: Lake, studio: Studio, campaign: Campaign, members: Membership) -> list[str]:
    """Move all open tasks to present people; returns what Label Studio refused."""
    active = with_pauses(campaign, lake.pauses.paused(campaign.name))
    _move_drawing(lake, studio, active, members)
    take_back_gold(lake, studio, campaign, members, active=active)
    _move_questions(lake, studio, campaign)
    _empty_former_adjudicators(lake, studio, campaign, members)
    refused = []
    present = [*inboxes_of(campaign), *triage_inboxes_of(campaign)]
    for inbox, _ in existing_inboxes(studio, present):
        try:
            open_inbox(studio, campaign, inbox)
        except StudioUnavailableError:
            raise
        except StudioError as error:  # votes must go on being read, so this ends nothing
            refused.append(str(error))
    lake.pending.look_at_all(campaign.name)
    follow_shown_model(lake, campaign)
    lake.pending.follow(campaign)
    return refused


def _move_drawing(lake: Lake, studio: Studio, campaign: Campaign, members: Membership) -> None:
    day = days.today()
    held_back = move_tasks(lake, studio, campaign, members, today=day)
    lake.pending.looked(campaign.name, day, is_held_back=held_back > 0)


def _move_questions(lake: Lake, studio: Studio, campaign: Campaign) -> None:
    """Move open questions; one that was skipped is open, so that it never waits for who left."""
    people = {person.name for person in campaign.people_for_triage if not person.paused}
    answered = lake.triage.current_decisions(campaign.name).usable
    pages = lake.triage.pages(campaign.name)
    asked = [question for page in pages for question in page.questions]
    former = {
        q.assignment: q
        for q in asked
        if q.assignment.person not in people and q.assignment.image_id not in answered
    }
    emptied(studio, list(former))
    staying = counted([[q.assignment for q in asked if q.assignment not in former]])
    for page in pages:
        leaving = {q.assignment.image_id: q for q in page.questions if q.assignment in former}
        stays = frozenset(a.image_id for a in page.assignments if a not in former)
        given = share_out_triage(
            leaving, campaign=campaign, batch_id=page.batch_id,
            earlier=Earlier(staying, stays),
        )  # fmt: skip
        staying = staying.changed((), given)
        coming = [leaving[a.image_id].model_copy(update={"assignment": a}) for a in given]
        if leaving and not lake.triage.move(page, list(leaving.values()), coming):
            msg = f"batch {page.batch_id} asked more in triage meanwhile; the run is repeated"
            raise LakeUnavailableError(msg)
        moved = {q.assignment.image_id for q in page.taken_back} - answered.keys()
        moved |= leaving.keys()
        again = [
            q
            for q in (*page.questions, *coming)
            if q.assignment not in former and q.assignment.image_id in moved
        ]
        if again:
            examined = {i.quality.image_id: i for i in lake.quality.read(page.batch_id)}
            place_questions(lake, studio, campaign, again, examined)


def _empty_former_adjudicators(
    lake: Lake, studio: Studio, campaign: Campaign, members: Membership
) -> None:
    """Take unanswered conflicts and reviews out of the inboxes of those who decide no more.

    Those who do now get them.
    """
    task_keys = {a.task_key for a in lake.assignments.adjudication(campaign.name).assignments}
    former = [inbox for inbox in members.inboxes(*DECIDING) if owner_of(inbox, campaign) is None]
    for _, project_id in existing_inboxes(studio, former):
        studio.remove_unanswered(project_id, task_keys)
