"""Rows of how far people agree, from the figures of a campaign."""

from collections.abc import Iterator
from typing import Any

from farmy_assets.annotation.agreement.campaign_agreement import CampaignAgreement
from farmy_assets.annotation.agreement.intervals import Estimate

Row = dict[str, Any]


def agreement_pairs(content: bytes, key: str) -> Iterator[Row]:
    """One row two people who answered the same images."""
    del key
    found = CampaignAgreement.model_validate_json(content)
    for pair in found.regions.pairs:
        yield {
            "campaign": found.campaign,
            "person_a": pair.people[0],
            "person_b": pair.people[1],
            "images": pair.images,
            "f1": pair.f1,
            **_estimate("kappa", pair.kappa),
        }


def agreement_classes(content: bytes, key: str) -> Iterator[Row]:
    """One row a class, and one for all of them."""
    del key
    found = CampaignAgreement.model_validate_json(content)
    for label, alpha in ((None, found.regions.alpha), *found.regions.by_class.items()):
        yield {
            "campaign": found.campaign,
            "label": label,
            "images": found.images,
            **_estimate("alpha", alpha),
        }


def _estimate(name: str, found: Estimate) -> Row:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
