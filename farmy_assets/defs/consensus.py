"""Annotation, the way back: votes come in, are compared, argued over, and become consensus."""

from collections import Counter, defaultdict

import dagster as dg

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.believed import Differences
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import former_adjudication_key
from farmy_assets.annotation.inboxes import DRAWING, Inbox, Phase
from farmy_assets.annotation.membership import can_decide
from farmy_assets.annotation.tasks import adjudication_task
from farmy_assets.annotation.votes import Vote
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.defs.annotation import annotation_projects
from farmy_assets.defs.answer_sheets import (
    sheet_of_conflicts,
    sheet_of_consensus,
    sheet_of_votes,
)
from farmy_assets.defs.copied_votes import copy_new_votes
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.inboxes import inbox_states, open_inbox
from farmy_assets.defs.metadata import Materialized, count_table, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.defs.resources import LakeResource, StudioResource
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import Studio
from farmy_assets.lake import keys
from farmy_assets.lake.evaluations import CampaignState
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.votes import CopiedInboxes
from farmy_assets.workflow.progress import Progress

SHOWN = 20


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[dg.AssetDep(annotation_projects, partition_mapping=dg.AllPartitionMapping())],
    retry_policy=RETRY_ONCE,
)  # fmt: skip
def annotations(
    context: dg.AssetExecutionContext, lake: LakeResource, studio: StudioResource
) -> Materialized:
    """Every annotation of a campaign, copied out of Label Studio as an immutable vote.

    Running it again copies only what is new: an edit is a new vote, a deletion a withdrawn one.
    """
    with as_dagster_failure():
        opened, label_studio = lake.open(), studio.open()
        campaign = opened.campaigns.named(context.partition_key)
        seen = inbox_states(label_studio, campaign=campaign.name, phases=DRAWING)
        known = opened.votes.all(campaign.name)
        members, differences = opened.campaigns.members(campaign.name), Differences()
        new = copy_new_votes(
            opened, label_studio, campaign, members=members,
            inboxes=members.inboxes(*DRAWING), known=known, differences=differences,
        )  # fmt: skip
        opened.votes.write_copied(CopiedInboxes(
            campaign=campaign.name, inboxes=seen.get(campaign.name, {})
        ))  # fmt: skip
    votes = (*known, *new)
    foreign = sum(vote.person != vote.inbox_person for vote in votes)
    return dg.MaterializeResult(
        metadata={
            **rows(len(votes)),
            **sheet_of_votes(opened, campaign, votes),
            **place(f"s3://{opened.records.bucket.name}/{keys.votes(campaign.name)}"),
            "new_votes": len(new),
            "votes_in_other_peoples_inboxes": foreign,
            "tasks_that_nobody_was_asked": len(differences.not_asked),
            "tasks_with_altered_data": len(differences.altered),
            "votes_with_problems": sum(bool(vote.problems) for vote in votes),
            "by_outcome": count_table(
                Counter(v.outcome.value for v in votes), of="outcome", counted="votes"
            ),
            "by_author": count_table(Counter(v.voter for v in votes), of="author", counted="votes"),
        }
    )


@dg.asset(
    group_name="annotation", kinds={"python"}, partitions_def=campaigns, code_version="1",
    deps=[annotations, "reassigned_tasks"], retry_policy=RETRY_ONCE,
)  # fmt: skip
def annotation_conflicts(context: dg.AssetExecutionContext, lake: LakeResource) -> Materialized:
    """Where the annotators of a campaign disagree: other class, missed, extra, loose box.

    Judges every image from the votes alone, so running it again gives the same answer.
    """
    with as_dagster_failure():
        opened = lake.open()
        campaign = opened.campaigns.named(context.partition_key)
        copied, rulings = opened.votes.copied(campaign.name), opened.triage.digest(campaign.name)
        is_followed = rulings and not Progress.of(opened).flagged(campaign.name).to_redo
        judgements = _judge_all(opened, campaign)
        in_conflict = [j for j in judgements if j.status is ConsensusStatus.IN_CONFLICT]
        state = CampaignState(
            campaign=campaign.name,
            campaign_version=campaign.version,
            inboxes=copied.inboxes,
            judgements=judgements,
            rulings=rulings if is_followed else "",
            conflicts_handed_over=_are_handed_over(opened, campaign, in_conflict),
        )
        opened.evaluations.write(state)
    conflicts = [conflict for j in in_conflict for conflict in j.conflicts]
    shown = [{"image": c.image_id, "kind": c.kind.value, "what": c.sentence} for c in conflicts]
    kinds = Counter(conflict.kind.value for j in state.judgements for conflict in j.conflicts)
    return dg.MaterializeResult(
        metadata={
            **rows(len(state.judgements)),
            **sheet_of_conflicts(opened, campaign, in_conflict),
            **place(f"s3://{opened.records.bucket.name}/{keys.campaign_state(campaign.name)}"),
            "images_in_conflict": len(in_conflict),
            "images_ever_in_conflict": sum(bool(j.conflicts) for j in state.judgements),
            "conflicts_by_kind": count_table(kinds, of="kind", counted="conflicts"),
            "open_conflicts": record_table(shown[:SHOWN], ("image", "kind", "what")),
        }
    )


def _are_handed_over(lake: Lake, campaign: Campaign, in_conflict: list[ImageConsensus]) -> bool:
    """Whether the adjudicator has all conflicts; not after a run that was killed while giving."""
    if not in_conflict:
        return True
    before = lake.evaluations.current(campaign.name)
    given = lake.assignments.adjudication(campaign.name).assignments
    there = {a.task_key for a in given if a.person == campaign.adjudicator.name}
    return (
        before is not None
        and before.conflicts_handed_over
        and all(j.adjudication_task_key in there for j in in_conflict)
    )


def _judge_all(lake: Lake, campaign: Campaign) -> tuple[ImageConsensus, ...]:
    """The judgement of every image that was given out and is still in a cleansed set."""
    kept = lake.kept_images(campaign.name)
    asked: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in lake.assignments.all(campaign.name):
        asked[assignment.image_id].append(assignment)
    answered: dict[str, list[Vote]] = defaultdict(list)
    for vote in lake.votes.all(campaign.name):
        answered[vote.image_id].append(vote)
    return tuple(
        judge_image(
            image_id, assignments=asked[image_id], votes=answered[image_id], campaign=campaign
        )
        for image_id in sorted(asked.keys() & kept.keys())
    )


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[annotation_conflicts], retry_policy=RETRY_ONCE,
)  # fmt: skip
def adjudication_tasks(
    context: dg.AssetExecutionContext, lake: LakeResource, studio: StudioResource
) -> Materialized:
    """The images in conflict, in the adjudicator's inbox, with every version shown.

    The task belongs to exactly the votes it was made of: running it again adds none twice. Nobody
    adjudicates own work: such an image waits for another adjudicator in the campaign file.
    """
    with as_dagster_failure():
        opened, label_studio = lake.open(), studio.open()
        campaign = opened.campaigns.named(context.partition_key)
        state = opened.evaluations.current(campaign.name)
        disputed = [
            j
            for j in (state.judgements if state else ())
            if j.status is ConsensusStatus.IN_CONFLICT
        ]
        added, own_work = 0, 0
        if state and disputed:
            members = opened.campaigns.members(campaign.name)
            free = [j for j in disputed if can_decide(campaign, j, members)]
            own_work = len(disputed) - len(free)
            added = _hand_over(opened, label_studio, campaign, free) if free else 0
            if not state.conflicts_handed_over:
                handed = state.model_copy(update={"conflicts_handed_over": True})
                opened.evaluations.write(handed)
        given = opened.assignments.adjudication(campaign.name).assignments
    return dg.MaterializeResult(
        metadata={
            **rows(len(given)),
            **sheet_of_conflicts(opened, campaign, disputed),
            **place(f"s3://{opened.records.bucket.name}/{keys.adjudication(campaign.name)}"),
            "adjudicator": campaign.adjudicator.name,
            "tasks_added": added,
            "images_in_conflict": len(disputed),
            "images_that_the_adjudicator_labelled": own_work,
        }
    )


def _hand_over(
    lake: Lake, studio: Studio, campaign: Campaign, disputed: list[ImageConsensus]
) -> int:
    """Put disputed images into the adjudicator's inbox; returns how many were not there yet."""
    kept = lake.kept_images(campaign.name)
    votes = lake.votes.all(campaign.name)
    person = campaign.adjudicator.name
    inbox = Inbox(campaign=campaign.name, phase=Phase.ADJUDICATION, person=person)
    lake.mark_cleansed_bucket()
    project_id = open_inbox(studio, campaign, inbox)
    tasks, given = [], []
    for judgement in disputed:
        image: KeptImage = kept[judgement.image_id]
        key = keys.cleansed_image(image.image_id)
        task = adjudication_task(
            judgement,
            votes=votes,
            policy=campaign.agreement,
            image_uri=f"s3://{lake.cleansed.name}/{key}",
            width_px=image.width_px,
            height_px=image.height_px,
        )
        tasks.append(task)
        given.append(
            Assignment(
                campaign=campaign.name,
                phase=Phase.ADJUDICATION,
                image_id=image.image_id,
                person=person,
                task_key=task.task_key,
                batch_id="",
            )
        )
    lake.assignments.add_adjudication(campaign.name, given)
    added = studio.add_tasks(project_id, tasks)
    # What still asks for the same decisions on the former page, unless it was answered meanwhile.
    former = [former_adjudication_key(j.image_id, j.vote_ids) for j in disputed]
    studio.remove_unanswered(project_id, former)
    return added


@dg.asset(
    group_name="annotation", kinds={"python"}, partitions_def=campaigns, code_version="1",
    deps=[annotation_conflicts, adjudication_tasks], retry_policy=RETRY_ONCE,
)  # fmt: skip
def consensus(context: dg.AssetExecutionContext, lake: LakeResource) -> Materialized:
    """What a campaign's images show, as far as that is settled: the boxes that can be released.

    An image is settled when one annotator was asked and answered, when several agree, or when the
    adjudicator has decided.
    """
    with as_dagster_failure():
        opened = lake.open()
        campaign = opened.campaigns.named(context.partition_key)
        state = opened.evaluations.current(campaign.name)
        if state is None:
            msg = f"no votes of {context.partition_key} were judged yet: run annotation_conflicts"
            raise InvalidInputError(msg)
    settled = [j for j in state.judgements if j.status.is_releasable]
    classes = Counter(box.label for j in settled for box in j.boxes)
    errors = Counter(s.kind.value for j in settled for s in j.settled_as)
    return dg.MaterializeResult(
        metadata={
            **rows(len(settled)),
            **sheet_of_consensus(opened, campaign, settled),
            **place(f"s3://{opened.records.bucket.name}/{keys.campaign_state(state.campaign)}"),
            "boxes": sum(classes.values()),
            "images_waiting_for_answers": state.standings().get(ConsensusStatus.WAITING.value, 0),
            "open_conflicts": state.standings().get(ConsensusStatus.IN_CONFLICT.value, 0),
            "by_standing": count_table(state.standings(), of="standing"),
            "boxes_by_class": count_table(classes, of="class", counted="boxes"),
            "errors_found_by_the_adjudicator": count_table(errors, of="kind", counted="boxes"),
        }
    )
