"""Evaluations: the consensus on each image of a campaign, and what it was computed from.

An evaluation follows from assignments and votes. It is computed and written anew when they change.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.votes import InboxState


class CampaignState(Record):
    """The last evaluation of a campaign: the consensus on each image, and its inputs."""

    campaign: str
    campaign_version: int
    inboxes: dict[str, InboxState]
    judgements: tuple[ImageConsensus, ...]
    rulings: str = ""
    """The triage decisions that it takes into account (`TriageRepository.digest`)."""
    conflicts_handed_over: bool = True
    """Whether every conflict that the adjudicator may decide is assigned to him or her."""

    def is_of(self, campaign: Campaign, inboxes: Mapping[str, InboxState]) -> bool:
        """Whether it was computed from these rules and this state of the inboxes."""
        return self.campaign_version == campaign.version and self.inboxes == dict(inboxes)

    @property
    def is_settled(self) -> bool:
        """Whether every image is settled, and at least one of them can be released."""
        return all(j.status.is_settled for j in self.judgements) and any(
            j.status.is_releasable for j in self.judgements
        )

    def standings(self) -> dict[str, int]:
        """How many images have each status."""
        return dict(Counter(judgement.status.value for judgement in self.judgements))


@dataclass(frozen=True)
class EvaluationRepository:
    """Reads and writes the last evaluation of each campaign."""

    records: RecordStore

    def current(self, campaign: str) -> CampaignState | None:
        """The campaign's last evaluation; None before the first."""
        return self.records.find(keys.campaign_state(campaign), CampaignState)

    def write(self, state: CampaignState) -> None:
        """Write the campaign's evaluation over the former one."""
        self.records.replace(keys.campaign_state(state.campaign), state)
