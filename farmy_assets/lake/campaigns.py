"""Campaigns: every version of their rules, numbered, never changed."""

from dataclasses import dataclass

from farmy_assets.annotation.campaign import Campaign, same_rules
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


@dataclass(frozen=True)
class CampaignBook:
    """All campaigns that were ever applied."""

    records: RecordStore

    def named(self, name: str) -> Campaign:
        """The present version of a campaign.

        Raises:
            InvalidInputError: It was never applied.
        """
        campaign = self.current(name)
        if campaign is None:
            msg = f"there is no campaign {name}; apply one: farmy campaign apply FILE"
            raise InvalidInputError(msg)
        return campaign

    def names(self) -> list[str]:
        """The names of all campaigns."""
        return sorted({key.split("/")[1] for key in self.records.bucket.keys("campaigns/")})

    def current(self, name: str) -> Campaign | None:
        """The newest version of a campaign's rules, or None when there is no such campaign."""
        found = list(self.records.bucket.keys(keys.campaign_versions(name)))
        return self.records.read(found[-1], Campaign) if found else None

    def apply(self, campaign: Campaign) -> Campaign:
        """Store the rules as the campaign's next version, unless they are the present ones.

        Returns the campaign as it now stands, with its version.

        Raises:
            InvalidInputError: Its query for images is not allowed, or does not fit the tables.
        """
        if campaign.image_query:
            from farmy_assets.lake.choices import checked_choice  # noqa: PLC0415 - brings DuckDB

            checked_choice(campaign.image_query)
        while True:
            present = self.current(campaign.name)
            if present and same_rules(present, campaign):
                return present
            version = present.version + 1 if present else 1
            stored = campaign.model_copy(update={"version": version})
            if self.records.write_once(keys.campaign_version(campaign.name, version), stored):
                return stored
