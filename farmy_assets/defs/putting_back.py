"""Tasks that Label Studio has lost, put back by the code that placed them at first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.defs import days
from farmy_assets.defs.placing import place_tasks
from farmy_assets.defs.triage import place_questions
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.gold_tasks import with_gold_images

ASKED_AGAIN = (Phase.ADJUDICATION, Phase.REVIEW, Phase.CORRECTION)


def put_back(lake: Lake, studio: Studio, campaign: Campaign, missing: Iterable[Assignment]) -> int:
    """Put missing tasks of a campaign back, batch by batch; returns how many.

    Decisions, reviews and corrections are handed over again by the campaign's next run, which makes
    their pages. Of the others a batch costs what its placement cost.
    """
    by_batch: dict[tuple[Phase, str], list[Assignment]] = defaultdict(list)
    for given in missing:
        by_batch[given.phase, given.batch_id].append(given)
    count = 0
    for (phase, batch_id), some in sorted(by_batch.items()):
        if phase in ASKED_AGAIN:
            images = [given.image_id for given in some]
            bring_up_to_date(lake, campaign, to_hand_over=images)
            count += len(some)
        elif phase is Phase.TRIAGE:
            count += _questions(lake, studio, campaign, batch_id, some)
        else:
            kept = with_gold_images(lake, lake.cleansed_sets.read(campaign.name, batch_id), some)
            placed = place_tasks(lake, studio, campaign, some, kept, today=days.today())
            count += placed.added
    return count


def _questions(
    lake: Lake, studio: Studio, campaign: Campaign, batch_id: str, missing: Sequence[Assignment]
) -> int:
    wanted = set(missing)
    pages = (p for p in lake.triage.pages(campaign.name) if p.batch_id == batch_id)
    questions = [q for page in pages for q in page.questions if q.assignment in wanted]
    examined = {image.quality.image_id: image for image in lake.quality.read(batch_id)}
    return place_questions(lake, studio, campaign, questions, examined)
