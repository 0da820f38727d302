"""Reassignment: the open tasks of people who left a campaign are moved to others."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import dagster as dg

from farmy_assets.annotation.assignments import Assignment, share_out_triage
from farmy_assets.annotation.believed import Differences
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox, Phase, inboxes_of, triage_inboxes_of
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.reassignment import reassign, unanswered_by_former
from farmy_assets.annotation.sharing_counters import Earlier, counted
from farmy_assets.defs.consensus import annotations
from farmy_assets.defs.copied_votes import copy_new_votes
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.inboxes import existing_inboxes, open_inbox
from farmy_assets.defs.metadata import Materialized, count_table, place, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.defs.placing import place_tasks
from farmy_assets.defs.shown_predictions import follow_shown_model
from farmy_assets.defs.triage import place_questions, triage_answers
from farmy_assets.errors import LakeUnavailableError, StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date, evaluated


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[annotations, triage_answers], retry_policy=RETRY_ONCE,
)  # fmt: skip
def reassigned_tasks(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """Tasks that people who left a campaign had not answered, and that others have now.

    Done once for each version of the campaign's rules, which the inboxes then show. Everything
    is looked at before it is changed, and the version is noted last: a killed run is repeated.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        refused: list[str] = []
        if is_behind := lake.pending.of(campaign.name).is_behind(campaign):
            refused = _follow(lake, studio, campaign)
        inputs = (bring_up_to_date if is_behind else evaluated)(lake, campaign)
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
            **({"inboxes_not_brought_up_to_date": "; ".join(refused)} if refused else {}),
        }
    )


def _follow(lake: Lake, studio: Studio, campaign: Campaign) -> list[str]:
    """Move all open tasks to present people; returns what Label Studio refused."""
    studio.check()
    members = lake.campaigns.members(campaign.name)
    _move_drawing(lake, studio, campaign, members)
    _move_questions(lake, studio, campaign, members)
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
    follow_shown_model(lake, campaign)
    lake.pending.follow(campaign)
    return refused


def _move_drawing(lake: Lake, studio: Studio, campaign: Campaign, members: Membership) -> None:
    people = {person.name for person in campaign.annotators}
    pages = lake.assignments.pages(campaign.name)
    given = [assignment for page in pages for assignment in page.assignments]
    votes = lake.votes.all(campaign.name)
    if former := unanswered_by_former(given, people=people, votes=votes):
        inboxes = _emptied(studio, former)
        # Whoever answered up to the deletion has a task left, and its answer is read now.
        copy_new_votes(
            lake, studio, campaign,
            members=members, inboxes=inboxes, differences=Differences(),
        )  # fmt: skip
        votes = lake.votes.all(campaign.name)
        former = unanswered_by_former(given, people=people, votes=votes)
    gone = set(former)
    staying = [assignment for assignment in given if assignment not in gone]
    new = reassign(former, campaign=campaign, staying=staying, members=members)
    out_of, into = _by_batch(former), _by_batch(new)
    for page in pages:
        leaving, coming = out_of[page.batch_id], into[page.batch_id]
        if leaving and not lake.assignments.move(page, leaving, coming):
            msg = f"batch {page.batch_id} was given more tasks meanwhile; the run is repeated"
            raise LakeUnavailableError(msg)
        changed = page.moved(leaving, coming)
        if changed.taken_back:  # by this run, or by one that was killed before it came to this
            images = lake.cleansed_sets.read(page.campaign, page.batch_id)
            moved = {assignment.image_id for assignment in changed.taken_back}
            again = [a for a in changed.assignments if a.image_id in moved]
            place_tasks(lake, studio, campaign, again, images)


def _by_batch(assignments: Iterable[Assignment]) -> dict[str, list[Assignment]]:
    found: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        found[assignment.batch_id].append(assignment)
    return found


def _move_questions(lake: Lake, studio: Studio, campaign: Campaign, members: Membership) -> None:
    """Move open questions; one that was skipped is open, so that it never waits for who left."""
    people = {person.name for person in campaign.people_for_triage}
    answered = lake.triage.current_decisions(campaign.name).usable
    pages = lake.triage.pages(campaign.name)
    asked = [question for page in pages for question in page.questions]
    former = {
        q.assignment: q
        for q in asked
        if q.assignment.person not in people and q.assignment.image_id not in answered
    }
    _emptied(studio, list(former))
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
    """Take unanswered conflicts out of former adjudicators' inboxes; the present one gets them."""
    task_keys = {a.task_key for a in lake.assignments.adjudication(campaign.name).assignments}
    former = [
        inbox
        for inbox in members.inboxes(Phase.ADJUDICATION)
        if inbox.person != campaign.adjudicator.name
    ]
    for _, project_id in existing_inboxes(studio, former):
        studio.remove_unanswered(project_id, task_keys)


def _emptied(studio: Studio, former: Sequence[Assignment]) -> list[Inbox]:
    """Take unanswered tasks out of the inboxes that they were in; returns these inboxes."""
    by_inbox: dict[Inbox, list[str]] = {}
    for assignment in former:
        by_inbox.setdefault(assignment.inbox, []).append(assignment.task_key)
    for inbox, project_id in existing_inboxes(studio, list(by_inbox)):
        studio.remove_unanswered(project_id, by_inbox[inbox])
    return list(by_inbox)
