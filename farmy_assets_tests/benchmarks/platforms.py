"""A fresh local platform for one measurement: own folder, own ports, gone afterwards."""

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.inboxes import inboxes_of
from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import Source
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake.lake import Lake
from farmy_assets.local import platform as local_platform
from farmy_assets.local.settings import LocalSettings, platform_environment, read_settings
from farmy_assets_tests.integration.running import forget_keys, free_ports

CAMPAIGN = parse_campaign(
    """
name: bench
crop: none
classes: [{id: 1, name: thing}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
"""
)
ORIGIN = DeliveryMetadata(source=Source.BULK, campaign=CAMPAIGN.name)


@dataclass(frozen=True)
class Measured:
    """The platform under measurement."""

    settings: LocalSettings
    lake: Lake
    studio: Studio

    def visible_tasks(self) -> set[str]:
        """The keys of all tasks that annotators can see now."""
        projects = self.studio.find_inboxes(f"farmy:{CAMPAIGN.name}/")
        wanted = [projects[i.key] for i in inboxes_of(CAMPAIGN) if i.key in projects]
        return {key for project_id in wanted for key in self.studio.task_ids(project_id)}


@contextmanager
def fresh_platform(parts: Collection[str] = local_platform.ALL_PARTS) -> Iterator[Measured]:
    """A platform that holds nothing but an open campaign."""
    with tempfile.TemporaryDirectory(prefix="farmy-bench-") as folder:
        settings = replace(read_settings(), home=Path(folder) / "home", ports=free_ports())
        told = platform_environment(settings)
        os.environ.update(told)  # boto3 and Daft read their credentials there
        forget_keys()
        try:
            local_platform.up(
                settings, say=lambda _: None, repair_catalog=lambda: None, parts=parts
            )
            lake = Lake.from_environment(told)
            lake.campaigns.apply(CAMPAIGN)
            cleansed = told["FARMY_CLEANSED_BUCKET"]
            studio = Studio(StudioSettings.from_environment(told, cleansed_bucket=cleansed))
            yield Measured(settings, lake, studio)
        finally:
            local_platform.down(settings, say=lambda _: None)
