"""Triage: people look at what a check has flagged, and their word moves the photograph on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import dagster as dg

from farmy_assets.annotation.assignments import share_out_triage
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox, Phase, addresses_of
from farmy_assets.annotation.sharing_counters import Earlier
from farmy_assets.annotation.triage import TriageQuestion, failed_checks, rulings_from_task
from farmy_assets.cleansing.cleansed_set import CleansedSet, Examined, ExclusionStatus
from farmy_assets.cleansing.rulings import TriageDecision
from farmy_assets.defs.cleansing import cleansed_set
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.inboxes import existing_inboxes, inbox_states, open_inbox
from farmy_assets.defs.metadata import (
    Materialized,
    count_table,
    drawn_sheet,
    place,
    record_table,
    rows,
    without_campaign,
)
from farmy_assets.defs.partitions import batches, campaigns
from farmy_assets.label_studio import Studio, results
from farmy_assets.label_studio.new_tasks import NewTask, triage_task
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.votes import InboxState
from farmy_assets.workflow.inbox_reading import ReadingPlan


@dg.asset(
    group_name="cleansing", kinds={"labelstudio"}, partitions_def=batches, code_version="1",
    deps=[cleansed_set], retry_policy=RETRY_ONCE,
)  # fmt: skip
def triage_tasks(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """The flagged photographs of a batch, each with its reasons, in somebody's triage inbox.

    Yes sends a photograph to the annotators, no takes it out. Running it again asks only what was
    not asked before. Without a campaign file of that name nobody is asked; the sensor comes back.
    """
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        images = lake.cleansed_sets.read(batch.campaign, batch.batch_id)
        campaign = lake.campaigns.current(images.campaign)
        if campaign is None:
            return without_campaign(images.campaign)
        examined = {i.quality.image_id: i for i in lake.quality.read(images.batch_id)}
        questions = _ask(lake, campaign, images, examined)
        newest = lake.campaigns.named(campaign.name)
        if newest.version != campaign.version:
            lake.pending.fall_back(newest)  # whoever left meanwhile may just have been asked
        added = 0
        if questions:
            added = place_questions(lake, studio, campaign, questions, examined)
    people = Counter(question.assignment.person for question in questions)
    key = keys.triage_questions(campaign.name, images.batch_id)
    return dg.MaterializeResult(
        metadata={
            **rows(len(questions)),
            **drawn_sheet([examined[q.assignment.image_id].thumbnail for q in questions]),
            **place(f"s3://{lake.records.bucket.name}/{key}"),
            "campaign": campaign.name,
            "tasks_added": added,
            "reasons": count_table(Counter(r for q in questions for r in q.reasons), of="reason"),
            "by_person": count_table(people, of="person", counted="questions"),
        }
    )


def _ask(
    lake: Lake, campaign: Campaign, images: CleansedSet, examined: Mapping[str, Examined]
) -> tuple[TriageQuestion, ...]:
    held = [e.image_id for e in images.excluded if e.status is ExclusionStatus.HELD]

    def share(earlier: Earlier) -> list[TriageQuestion]:
        given = share_out_triage(held, campaign=campaign, batch_id=images.batch_id, earlier=earlier)
        return [
            TriageQuestion(assignment=a, failed=failed_checks(examined[a.image_id].quality.checks))
            for a in given
        ]

    return lake.triage.add_questions(campaign.name, images.batch_id, share=share)


def place_questions(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    questions: Sequence[TriageQuestion],
    examined: Mapping[str, Examined],
) -> int:
    """Make sure that every question is in its inbox; returns how many were not there yet.

    Nothing is put before people who left: what they answered is there.
    """
    people = {person.name for person in campaign.people_for_triage}
    tasks: dict[Inbox, list[NewTask]] = {}
    for question in questions:
        copy = examined[question.assignment.image_id].copy
        # What cannot be decoded is rejected, never held.
        if copy is None or question.assignment.person not in people:
            continue
        task = triage_task(
            question,
            image_uri=f"s3://{lake.cleansed.name}/{keys.cleansed_image(copy.image_id)}",
            width_px=copy.width_px,
            height_px=copy.height_px,
        )
        tasks.setdefault(question.assignment.inbox, []).append(task)
    studio.check()
    lake.mark_cleansed_bucket()
    return sum(
        studio.add_tasks(open_inbox(studio, campaign, inbox), new) for inbox, new in tasks.items()
    )


@dg.asset(
    group_name="cleansing", kinds={"labelstudio"}, partitions_def=campaigns, code_version="1",
    deps=[dg.AssetDep(triage_tasks, partition_mapping=dg.AllPartitionMapping())],
    retry_policy=RETRY_ONCE,
)  # fmt: skip
def triage_answers(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """What people said of flagged photographs, and how often they overruled each check.

    Every answer is a ruling for good; an edit is a new one, and the latest stands. The sensor
    then has the batches cleansed anew. A high overturn rate asks for a milder threshold.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        seen = inbox_states(studio, campaign=campaign.name, phases=[Phase.TRIAGE])
        known = lake.triage.rulings(campaign.name)
        looks = seen.get(campaign.name, {})
        plan = ReadingPlan(lake.triage.copied(campaign.name), studio.clock)
        new, found = _new_rulings(lake, studio, campaign, looks, known, plan)
        lake.triage.add_rulings(campaign.name, new)
        lake.triage.write_copied(plan.noted(looks, parts={}))
        report = lake.triage.report_overturns(campaign.name)
    rates = [rate.model_dump(mode="json") for rate in report.rates]
    return dg.MaterializeResult(
        metadata={
            **rows(len(known) + len(new)),
            **place(f"s3://{lake.records.bucket.name}/{keys.rulings(campaign.name)}"),
            "new_rulings": len(new),
            "answers_of_others": found.by_others,
            "tasks_that_nobody_was_asked": found.not_asked,
            "by_word": count_table(
                Counter(ruling.word.value for ruling in (*known, *new)), of="word"
            ),
            "overturn_rates": record_table(
                rates, ("check", "flagged", "ruled", "overturned", "rate", "low", "high")
            ),
            **{f"overturned_{r.check}": r.rate for r in report.rates if r.rate is not None},
        }
    )


class _Passed(NamedTuple):
    """What was passed over: answers of people who were not asked, and tasks of nobody's making."""

    by_others: int
    not_asked: int


def _new_rulings(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    seen: Mapping[str, InboxState],
    known: Sequence[TriageDecision],
    plan: ReadingPlan,
) -> tuple[list[TriageDecision], _Passed]:
    """The answers that are not among the known rulings, from inboxes that have changed."""
    pages = lake.triage.pages(campaign.name)
    questions = [question for page in pages for question in (*page.taken_back, *page.questions)]
    inboxes = {question.assignment.inbox for question in questions}  # of former people as well
    asked = {(q.assignment.inbox.key, q.assignment.task_key): q for q in questions}
    versions = lake.campaigns.versions(campaign.name)
    new: list[TriageDecision] = []
    by_others = not_asked = 0
    for inbox, project_id in existing_inboxes(studio, sorted(inboxes, key=str)):
        people = addresses_of(inbox, versions)
        if plan.is_quiet(inbox.key, seen):
            continue
        since = plan.since(inbox.key, seen.get(inbox.key))
        count = len(new)
        for task in studio.changed_tasks(project_id, since=since):
            question = asked.get((inbox.key, task.task_key))
            if question is None:
                not_asked += 1
                continue
            # Which photograph it is about stands in the record; the task's data could be altered.
            about = task.model_copy(update={"image_id": question.assignment.image_id})
            by_others += sum(a.email.strip().lower() not in people for a in task.annotations)
            new += rulings_from_task(
                about, inbox=inbox, by=people, reasons=question.reasons, known=known,
                reader=results, trusted_until=plan.trusted_until,
            )  # fmt: skip
        if len(new) > count:
            studio.stop_opening_instructions(project_id)
    return new, _Passed(by_others, not_asked)
