"""Annotation, the way back: votes come in, are compared, argued over, and become consensus."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice

import dagster as dg

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.believed import Differences
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.class_history import ClassHistory
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.decisions import former_adjudication_key
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import is_for_the_adjudicator
from farmy_assets.annotation.inboxes import DRAWING, Inbox, Phase, inboxes_of
from farmy_assets.annotation.judging_rules import rules_of
from farmy_assets.annotation.reviews import REVIEW_COLUMNS, by_person, review_rows
from farmy_assets.defs.annotation import annotation_projects
from farmy_assets.defs.answer_sheets import (
    sheet_of_conflicts,
    sheet_of_consensus,
    sheet_of_votes,
)
from farmy_assets.defs.asked_again import ask_again
from farmy_assets.defs.copied_votes import copy_new_votes
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.inboxes import inbox_states, open_inbox
from farmy_assets.defs.metadata import Materialized, count_table, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.new_tasks import ALL_VERSIONS, adjudication_task
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks
from farmy_assets.workflow.agreement import update_skills
from farmy_assets.workflow.evaluation import (
    Conclusion,
    bring_up_to_date,
    evaluated,
    image_ids_to_decide,
)
from farmy_assets.workflow.evaluation_arrivals import newest_votes
from farmy_assets.workflow.progress import Progress
from farmy_assets.workflow.reviews import draw_for_review

SHOWN = 20
TASKS_A_RUN = 10_000
"""Changed tasks that one run reads, half a minute of Label Studio's time; the next run goes on."""
_HANDED_OVER_AT_ONCE = 500


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[dg.AssetDep(annotation_projects, partition_mapping=dg.AllPartitionMapping())],
    retry_policy=RETRY_ONCE,
)  # fmt: skip
def annotations(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """Every annotation of a campaign, copied out of Label Studio as an immutable vote.

    Running it again copies only what is new: an edit is a new vote, a deletion a withdrawn one.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        seen = inbox_states(studio, campaign=campaign.name, phases=DRAWING)
        inboxes = seen.get(campaign.name, {})
        members, differences = lake.campaigns.members(campaign.name), Differences()
        copied = copy_new_votes(
            lake, studio, campaign, members=members, inboxes=members.inboxes(*DRAWING),
            seen=inboxes, differences=differences, at_most=TASKS_A_RUN,
        )  # fmt: skip
        lake.votes.write_copied(copied.inboxes)
        inputs = bring_up_to_date(lake, campaign)
    newest = newest_votes(lake, inputs, count=SHOWN)
    return dg.MaterializeResult(
        metadata={
            **rows(inputs.votes.votes),
            **sheet_of_votes(lake, campaign, newest[:SHOWN]),
            **place(f"s3://{lake.records.bucket.name}/{keys.votes(campaign.name)}"),
            "new_votes": copied.new_votes,
            "inboxes_left_for_the_next_run": len(copied.inboxes.begun),
            "votes_in_other_peoples_inboxes": inputs.votes.foreign,
            "tasks_that_nobody_was_asked": len(differences.not_asked),
            "tasks_with_altered_data": len(differences.altered),
            "votes_with_problems": inputs.votes.with_problems,
            "by_outcome": count_table(
                Counter(inputs.votes.outcomes), of="outcome", counted="votes"
            ),
            "by_author": count_table(Counter(inputs.votes.authors), of="author", counted="votes"),
        }
    )


@dg.asset(
    group_name="annotation", kinds={"python"}, partitions_def=campaigns, code_version="1",
    deps=[annotations, "reassigned_tasks"], retry_policy=RETRY_ONCE,
)  # fmt: skip
def annotation_conflicts(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]
) -> Materialized:
    """Where the annotators of a campaign disagree: other class, missed, extra, other answers.

    Judges the images of which something is new, from the votes alone: running it again gives the
    same answer.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        update_skills(lake, campaign)
        inputs = bring_up_to_date(
            lake, campaign, to_hand_over=_lost_by_label_studio(lake, campaign)
        )
        counts = inputs.counts
        in_conflict = _some(lake, campaign, ConsensusStatus.IN_CONFLICT)
    conflicts = [conflict for j in in_conflict for conflict in j.conflicts]
    shown = [{"image": c.image_id, "kind": c.kind.value, "what": c.sentence} for c in conflicts]
    return dg.MaterializeResult(
        metadata={
            **rows(counts.judged),
            **sheet_of_conflicts(lake, campaign, in_conflict),
            **place(f"s3://{lake.records.bucket.name}/{keys.evaluation_pages(campaign.name)}"),
            "images_in_conflict": counts.count_of(ConsensusStatus.IN_CONFLICT),
            "images_ever_in_conflict": counts.disputed,
            "conflicts_by_kind": count_table(counts.conflicts, of="kind", counted="conflicts"),
            "open_conflicts": record_table(shown[:SHOWN], ("image", "kind", "what")),
        }
    )


def _some(lake: Lake, campaign: Campaign, *statuses: ConsensusStatus) -> list[ImageConsensus]:
    """A few judgements of these statuses, to show; reads few pages."""
    found = lake.evaluations.with_status(campaign.name, *statuses)
    return list(islice(found, SHOWN))


def _lost_by_label_studio(lake: Lake, campaign: Campaign) -> Sequence[str]:
    """All open questions, when an inbox of decisions or corrections has fewer tasks than it had."""
    summary = lake.evaluations.summary(campaign.name)
    before = summary.inboxes if summary else {}
    now = lake.votes.copied(campaign.name).inboxes
    asked = (i.key for i in inboxes_of(campaign) if i.phase is not Phase.ANNOTATION)
    if any(k in before and (k not in now or now[k].tasks < before[k].tasks) for k in asked):
        return image_ids_to_decide(lake, campaign.name)
    return ()


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[annotation_conflicts], retry_policy=RETRY_ONCE,
)  # fmt: skip
def adjudication_tasks(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """The images in conflict, in the adjudicator's inbox, with every version shown.

    So are a sample of what single people drew, in the reviewers' inboxes, and what was sent back,
    in the inboxes of those who are to correct it.

    The task belongs to exactly the votes it was made of: running it again adds none twice. Nobody
    adjudicates own work: such an image waits for another adjudicator in the campaign file.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        inputs, added = draw_for_review(lake, campaign, evaluated(lake, campaign)), 0
        if waiting := inputs.to_hand_over:
            members, after = lake.campaigns.members(campaign.name), inputs.adjudication_up_to
            for some in in_chunks(waiting, _HANDED_OVER_AT_ONCE):
                found = lake.evaluations.of_images(campaign.name, some).values()
                free = [i for i in found if is_for_the_adjudicator(i, campaign, members)]
                added += _hand_over(lake, studio, campaign, free, after=after) if free else 0
                added += ask_again(lake, studio, campaign, found, members=members, after=after)
            inputs = bring_up_to_date(lake, campaign, handed_over=waiting)
        counts = inputs.counts
        disputed = _some(lake, campaign, ConsensusStatus.IN_CONFLICT)
    return dg.MaterializeResult(
        metadata={
            **rows(counts.adjudications),
            **sheet_of_conflicts(lake, campaign, disputed),
            **place(f"s3://{lake.records.bucket.name}/{keys.adjudication_log(campaign.name, 0)}"),
            "adjudicator": campaign.adjudicator.name,
            "tasks_added": added,
            "images_in_conflict": counts.count_of(ConsensusStatus.IN_CONFLICT),
            "images_that_the_adjudicator_labelled": counts.unasked,
            "images_in_review": counts.count_of(ConsensusStatus.IN_REVIEW),
            "images_sent_back_to_annotators": counts.sent_back,
            "reviews_by_annotator": record_table(
                review_rows(by_person(counts.reviews)), REVIEW_COLUMNS
            ),
        }
    )


def _hand_over(
    lake: Lake, studio: Studio, campaign: Campaign, disputed: list[EvaluatedImage], *, after: int
) -> int:
    """Put disputed images into the adjudicator's inbox; returns how many were not there yet."""
    person = campaign.adjudicator.name
    inbox = Inbox(campaign=campaign.name, phase=Phase.ADJUDICATION, person=person)
    lake.mark_cleansed_bucket()
    project_id = open_inbox(studio, campaign, inbox)
    tasks, given = [], []
    former, history = [], ClassHistory(campaign)
    rules = rules_of(campaign, lake.agreements.skills(campaign.name)[0])
    for item in disputed:
        judgement, image = item.consensus, item.image
        if judgement is None or image is None:
            continue
        key = keys.cleansed_image(image.image_id)
        task = adjudication_task(
            judgement,
            votes=[history.present(vote) for vote in item.votes],
            policy=rules,
            image_uri=f"s3://{lake.cleansed.name}/{key}",
            width_px=image.width_px,
            height_px=image.height_px,
            campaign=campaign,
        )
        former.append(former_adjudication_key(judgement.image_id, judgement.vote_ids))
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
    lake.assignments.add_adjudication(campaign.name, given, after=after)
    added = studio.add_tasks(project_id, tasks)
    studio.show_prediction(project_id, ALL_VERSIONS)
    # What still asks for the same decisions on the former page, unless it was answered meanwhile.
    studio.remove_unanswered(project_id, former)
    return added


@dg.asset(
    group_name="annotation", kinds={"python"}, partitions_def=campaigns, code_version="1",
    deps=[annotation_conflicts, adjudication_tasks], retry_policy=RETRY_ONCE,
)  # fmt: skip
def consensus(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """What a campaign's images show, as far as that is settled: the regions that can be released.

    An image is settled when one annotator was asked and answered, when several agree, or when the
    adjudicator has decided. Written are the pages of what is new, and the campaign's summary, which
    notes up to which state of the inboxes and of people's rulings this holds.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        copied, rulings = lake.votes.copied(campaign.name), lake.triage.digest(campaign.name)
        is_followed = rulings and not Progress.of(lake).flagged(campaign.name).to_redo
        conclusion = Conclusion(copied.inboxes, rulings if is_followed else "")
        inputs = bring_up_to_date(lake, campaign, conclusion=conclusion)
        settled = _some(lake, campaign, *(s for s in ConsensusStatus if s.is_releasable))
    counts = inputs.counts
    return dg.MaterializeResult(
        metadata={
            **rows(counts.releasable_images),
            **sheet_of_consensus(lake, campaign, settled),
            **place(f"s3://{lake.records.bucket.name}/{keys.evaluation_pages(campaign.name)}"),
            "regions": sum(counts.regions.values()),
            "images_waiting_for_answers": counts.count_of(ConsensusStatus.WAITING),
            "open_conflicts": counts.count_of(ConsensusStatus.IN_CONFLICT),
            "by_standing": count_table(counts.statuses, of="standing"),
            "regions_by_class": count_table(counts.regions, of="class", counted="regions"),
            "errors_found_by_the_adjudicator": count_table(
                counts.errors, of="kind", counted="regions"
            ),
        }
    )
