"""A campaign that three people work on for some days, with errors, decisions and open tasks."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from PIL import Image

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign, LabelClass, Person
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.batches import batch_id_for
from farmy_assets.cleansing.cleansed_set import CleansedSet, Exclusion, ExclusionStatus, KeptImage
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.simulation.behaviour import ErrorRates, answer, seconds_needed
from farmy_assets.simulation.photographs import draw_photograph
from farmy_assets.workflow.evaluation import bring_up_to_date

NAME = "weeds-2026"
PEOPLE = ("anna", "ben", "cem")
SIZE = (640, 480)
IMAGES_A_BATCH = 12
RATES = {
    "anna": ErrorRates(wrong_class=0.004, miss=0.004, extra=0.002, loose=0.002, jitter=0.01),
    "ben": ErrorRates(wrong_class=0.04, miss=0.02, extra=0.015, loose=0.01, jitter=0.015),
    "cem": ErrorRates(wrong_class=0.01, miss=0.01, extra=0.004, skip=0.02, jitter=0.01),
}
LONG_BREAK_S = 5400.0
COLOURS = ("#7a8b4f", "#5d4a36", "#8b7d4f")


def rules() -> Campaign:
    """The campaign's rules."""
    return Campaign(
        name=NAME,
        crop="maize",
        classes=(LabelClass(id=1, name="crop"), LabelClass(id=2, name="weed")),
        annotators=tuple(Person(name=n, email=f"{n}@example.com") for n in PEOPLE),
        adjudicator=Person(name="dora", email="dora@example.com"),
        overlap_share=0.6,
    )


def play(lake: Lake, *, images: int, until: date, pictures: bool = False) -> Campaign:
    """Write the records of a campaign whose last batch nobody has answered in full; evaluated.

    Args:
        lake: Where they are written.
        images: How many images are given out, in batches of twelve, two batches a day.
        until: The day of the last answers.
        pictures: Whether field photographs are drawn; else coloured areas, which takes no time.
    """
    campaign = rules()
    lake.campaigns.apply(campaign)
    last = datetime(until.year, until.month, until.day, 8, tzinfo=UTC)
    batches = [range(n, min(n + IMAGES_A_BATCH, images)) for n in range(0, images, IMAGES_A_BATCH)]
    for place, numbers in enumerate(batches):
        when = last - timedelta(days=(len(batches) - 1 - place) // 2)
        is_newest = place == len(batches) - 1
        _play_batch(lake, campaign, place + 1, numbers, when, is_newest, pictures=pictures)
    bring_up_to_date(lake, campaign)
    lake.votes.add(NAME, list(_decisions(lake, campaign, last)))
    bring_up_to_date(lake, campaign)
    return campaign


def image_id(number: int) -> str:
    """The id of the image with this number."""
    digest = hashlib.sha256(b"played %d" % number).hexdigest()
    return f"{digest[:32]}-{digest[32:44]}"


def asked(number: int) -> tuple[str, ...]:
    """Who is asked about the image with this number: six of ten images go to two people."""
    first, second = PEOPLE[number % 3], PEOPLE[(number + 1 + number // 3 % 2) % 3]
    return (first, second) if number % 10 < 6 else (first,)


def _play_batch(
    lake: Lake, campaign: Campaign, place: int, numbers: range, when: datetime, is_newest: bool,
    *, pictures: bool,
) -> None:  # fmt: skip
    batch_id = batch_id_for(place, when, NAME)
    kept = [
        KeptImage(image_id=image_id(n), sha256="0" * 64, width_px=SIZE[0], height_px=SIZE[1])
        for n in numbers
    ]
    gone = tuple(
        Exclusion(image_id=f"gone-{place}-{status.value}", status=status, reasons=())
        for status in ExclusionStatus
    )
    lake.cleansed_sets.write(
        CleansedSet(
            batch_id=batch_id, campaign=NAME, rule_version="1", kept=tuple(kept), excluded=gone
        )
    )
    page = BatchAssignments(
        batch_id=batch_id, campaign=NAME, campaign_version=1,
        assignments=tuple(
            Assignment(
                campaign=NAME, phase=Phase.ANNOTATION, image_id=image_id(n), person=who,
                task_key=image_id(n), batch_id=batch_id,
            )
            for n in numbers for who in asked(n)
        ),
    )  # fmt: skip
    lake.records.write_once(keys.assignments(NAME, batch_id), page)
    votes = []
    for number in numbers:
        truth = _true_boxes(number, lake, pictures=pictures)
        for turn, who in enumerate(asked(number)):
            if not (is_newest and who != "anna"):
                at = when + timedelta(minutes=7 * number % 400 + turn)
                votes.append(_vote(campaign, number, who, truth, at))
    lake.votes.add(NAME, votes)


def _true_boxes(number: int, lake: Lake, *, pictures: bool) -> Sequence[Box]:
    written = BytesIO()
    if pictures:
        drawn = draw_photograph(number, width_px=SIZE[0], height_px=SIZE[1])
        drawn.content.save(written, "JPEG", quality=85)
        boxes: Sequence[Box] = drawn.boxes
    else:
        Image.new("RGB", SIZE, COLOURS[number % 3]).save(written, "JPEG")
        boxes = [
            Box(label=("crop", "weed")[(number + n) % 2], x_min=40 + 200 * n, y_min=60 + 40 * n,
                x_max=160 + 200 * n, y_max=200 + 40 * n)
            for n in range(3)
        ]  # fmt: skip
    lake.cleansed.put(keys.cleansed_image(image_id(number)), written.getvalue())
    return boxes


def _vote(campaign: Campaign, number: int, who: str, truth: Sequence[Box], at: datetime) -> Vote:
    seed = 1000 * number + PEOPLE.index(who)
    given = answer(
        truth, width_px=SIZE[0], height_px=SIZE[1], labels=campaign.class_names, rates=RATES[who],
        seed=seed,
    )  # fmt: skip
    took = LONG_BREAK_S if number % 25 == 3 else seconds_needed(given, seed)
    return Vote(
        vote_id=f"{number:05d}-{who}", campaign=NAME, campaign_version=1, phase=Phase.ANNOTATION,
        task_key=image_id(number), image_id=image_id(number), inbox_person=who, person=who,
        email=f"{who}@example.com", submitted_at=at, lead_time_s=took,
        outcome=Outcome.SKIPPED if given.skipped else Outcome.SUBMITTED, regions=given.boxes,
    )  # fmt: skip


def _decisions(lake: Lake, campaign: Campaign, last: datetime) -> Iterator[Vote]:
    """The adjudicator decides three of four conflicts, by the version of whoever comes first."""
    in_conflict = lake.evaluations.with_status(NAME, ConsensusStatus.IN_CONFLICT)
    for place, judgement in enumerate(sorted(in_conflict, key=lambda j: j.image_id)):
        if place % 4 == 3 or judgement.adjudication_task_key is None:
            continue
        yield Vote(
            vote_id=f"d{place:05d}", campaign=NAME, campaign_version=campaign.version,
            phase=Phase.ADJUDICATION, task_key=judgement.adjudication_task_key,
            image_id=judgement.image_id, inbox_person="dora", person="dora",
            email="dora@example.com", submitted_at=last + timedelta(hours=1, minutes=place),
            lead_time_s=30.0, outcome=Outcome.SUBMITTED,
            decision=Decision(kind=DecisionKind.VERSION, version="A"),
        )  # fmt: skip
