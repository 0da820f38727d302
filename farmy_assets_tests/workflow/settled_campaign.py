"""A campaign of which everything is settled, with its pictures: ready for a release."""

import hashlib

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import Conclusion, bring_up_to_date
from farmy_assets_tests.annotation.examples import box, campaign, minutes, vote
from farmy_assets_tests.workflow.test_evaluation import asked

BATCH = "000001-20260601T120000Z"
IMAGES = 12


def picture(number: int) -> bytes:
    """The bytes of one picture's cleansed copy."""
    return b"picture %d" % number


def image_id(number: int) -> str:
    """The id of one picture."""
    digest = hashlib.sha256(picture(number)).hexdigest()
    return f"{digest[:32]}-{digest[32:44]}"


def settled_campaign(lake: Lake, *, exports: tuple[str, ...]) -> Campaign:
    """Write the records of a campaign whose images one person labelled; evaluated."""
    rules = campaign().model_copy(update={"exports": exports})
    lake.campaigns.apply(rules)
    for number in range(IMAGES):
        lake.cleansed.put(keys.cleansed_image(image_id(number)), picture(number))
    kept = tuple(
        KeptImage(
            image_id=image_id(n), sha256=hashlib.sha256(picture(n)).hexdigest(),
            width_px=800, height_px=600,
        )
        for n in range(IMAGES)
    )  # fmt: skip
    lake.cleansed_sets.write(
        CleansedSet(batch_id=BATCH, campaign=rules.name, rule_version="1", kept=kept, excluded=())
    )
    page = BatchAssignments(
        batch_id=BATCH, campaign=rules.name, campaign_version=1,
        assignments=tuple(asked(image.image_id, "anna", BATCH) for image in kept),
    )  # fmt: skip
    lake.records.write_once(keys.assignments(rules.name, BATCH), page)
    votes = [
        vote(
            "anna", box(10, 10), image_id=image.image_id, task_key=image.image_id,
            vote_id=f"vote {n}", submitted_at=minutes(n),
        )
        for n, image in enumerate(kept)
    ]  # fmt: skip
    lake.votes.add(rules.name, votes)
    bring_up_to_date(lake, rules, conclusion=Conclusion(inboxes={}, rulings=""))
    return rules
