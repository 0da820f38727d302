"""The agreement of a campaign, brought up to date from the pages of its evaluation that changed.

A page of the evaluation that has another ETag is read, and of its lines those that are not as they
were; the figures then follow from the pages of agreement. A run that was killed anywhere is made up
for by the next one.
"""

import hashlib

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.agreement.campaign_agreement import (
    AgreementSums,
    CampaignAgreement,
)
from farmy_assets.annotation.agreement.image_agreement import ImageAgreement, image_agreement
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.judging_rules import needs_skills
from farmy_assets.lake import keys
from farmy_assets.lake.agreements import AgreementInputs
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads
from farmy_assets.workflow.evaluation import bring_up_to_date, evaluated

GROWN_BY = 1.25
"""By how much the votes have to grow until the annotators' skills are found anew: every image is
judged again then, and so no image more than some dozens of times however a campaign grows."""

_PAGES_AT_ONCE = 16
_DIGEST_DIGITS = 16


def update_agreement(lake: Lake, campaign: Campaign) -> CampaignAgreement:
    """The agreement of a campaign as of its evaluation; reads the pages that changed.

    Args:
        lake: Where evaluation and agreement are.
        campaign: Its present rules; other rules make all pages anew.

    Raises:
        LakeUnavailableError: The evaluation is being laid out anew; try again.
    """
    _update_pages(lake, campaign)
    stored = lake.agreements.figures(campaign.name)
    source = lake.agreements.inputs_etag(campaign.name)
    if stored and stored.source == source:
        return stored
    sums = _sums(lake, campaign)
    figures = sums.agreement(campaign.name, campaign.version, source=source)
    lake.agreements.write_figures(figures)
    return figures


def update_skills(lake: Lake, campaign: Campaign) -> bool:
    """Find the annotators' skills anew when a quarter more votes are there than last time.

    Costs nothing in a campaign that does not weigh votes, and one look otherwise. Returns whether
    they are new: then all images were judged again.
    """
    if not needs_skills(campaign):
        return False
    votes = evaluated(lake, campaign).votes.votes
    before, _ = lake.agreements.skills(campaign.name)
    if before and votes < GROWN_BY * before.votes:
        return False
    _update_pages(lake, campaign)
    found = _sums(lake, campaign).skills(campaign.name)
    if found is None:
        return False
    lake.agreements.write_skills(found.model_copy(update={"votes": votes}))
    bring_up_to_date(lake, campaign)
    return True


def _sums(lake: Lake, campaign: Campaign) -> AgreementSums:
    sums = AgreementSums()
    for image in lake.agreements.images(campaign.name):
        sums.add(image)
    return sums


def _update_pages(lake: Lake, campaign: Campaign) -> None:
    """Bring the pages up to date."""
    name = campaign.name
    layout = evaluated(lake, campaign).layout
    skills, skills_version = lake.agreements.skills(name) if needs_skills(campaign) else (None, "")
    rules = f"{campaign.version} {skills_version}".strip()
    prefix = keys.evaluation_pages(name, layout)
    listed = {
        page.key.removeprefix(prefix).removesuffix(".jsonl"): page.etag
        for page in lake.records.bucket.listing(prefix)
    }
    before = lake.agreements.inputs(name)
    if before and (before.rules, before.layout) != (rules, layout):
        before = None
    known = before.pages if before else {}
    changed = sorted(page for page, etag in listed.items() if known.get(page) != etag)
    if before and before.pages == listed:
        return
    for some in in_chunks(changed, _PAGES_AT_ONCE):
        old = some if before else ()
        read = in_threads(lambda page: lake.evaluations.page_lines(name, layout, page), some)
        former = in_threads(lambda page: lake.agreements.page(name, layout, page), old)
        had = {image.image_id: image for page in former for image in page}
        for page, lines in zip(some, read, strict=True):
            images = [_line(line, had, campaign, skills) for line in lines]
            lake.agreements.put_page(name, layout, page, images)
    lake.agreements.write_inputs(
        AgreementInputs(
            campaign=name, rules=rules, layout=layout, pages=dict(sorted(listed.items()))
        )
    )
    lake.agreements.remove_pages_but(name, layout)


def _line(
    line: bytes,
    had: dict[str, ImageAgreement],
    campaign: Campaign,
    skills: AnnotatorSkills | None,
) -> ImageAgreement:
    """The agreement of one image: that of before, as long as its evaluation is the same."""
    source = hashlib.sha256(line).hexdigest()[:_DIGEST_DIGITS]
    image_id = _image_id(line)
    before = had.get(image_id)
    if before and before.source == source:
        return before
    return image_agreement(EvaluatedImage.model_validate_json(line), source, campaign, skills)


def _image_id(line: bytes) -> str:
    """The first field of a line, which is the image's id, without reading the others."""
    return line[: line.find(b",")].removeprefix(b'{"image_id":').strip(b'"}').decode()
