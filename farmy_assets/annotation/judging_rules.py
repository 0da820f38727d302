"""The rules that images are judged by: a campaign's thresholds, its quorum, and what is known."""

from collections.abc import Mapping

from pydantic import Field

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.campaign import AgreementPolicy, Campaign, ConsensusPolicy


class JudgingRules(AgreementPolicy):
    """Thresholds by class over those of all classes; and the quorum, where there is one.

    Attributes:
        match_by_class: From which likeness on regions of a class are one object.
        tight_by_class: From which likeness on they are drawn alike.
        consensus: When three or more people settle an image without an adjudicator.
        skills: What is known of the annotators, for classes by weighted votes.
    """

    match_by_class: Mapping[str, float] = Field(default_factory=dict)
    tight_by_class: Mapping[str, float] = Field(default_factory=dict)
    consensus: ConsensusPolicy | None = None
    skills: AnnotatorSkills | None = None

    def match_for(self, *labels: str) -> float:
        """The least of the classes' thresholds: the same place in another class is one object."""
        if not self.match_by_class:
            return self.match_iou
        return min(self.match_by_class.get(label, self.match_iou) for label in labels)

    def tight_for(self, *labels: str) -> float:
        """The least of the classes' thresholds."""
        if not self.tight_by_class:
            return self.tight_iou
        return min(self.tight_by_class.get(label, self.tight_iou) for label in labels)


def rules_of(campaign: Campaign, skills: AnnotatorSkills | None = None) -> JudgingRules:
    """The rules of a campaign.

    Args:
        campaign: The campaign at its present version.
        skills: What is known of its annotators; needed where votes on classes are weighed.
    """
    asked_again = ConsensusPolicy() if campaign.third_opinion else None
    return JudgingRules(
        **dict(campaign.agreement),
        match_by_class={c.name: c.match_iou for c in campaign.classes if c.match_iou is not None},
        tight_by_class={c.name: c.tight_iou for c in campaign.classes if c.tight_iou is not None},
        consensus=campaign.consensus or asked_again,
        skills=skills,
    )


def needs_skills(campaign: Campaign) -> bool:
    """Whether votes on classes are weighed by what is known of their authors."""
    return campaign.consensus is not None and campaign.consensus.classes != "majority"
