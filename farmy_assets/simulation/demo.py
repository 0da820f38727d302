"""The demo from its beginning to its end.

The platform's sensors do the work; the demo brings photographs in, lets simulated people answer
what they are asked, and looks on.
"""

import io
import os
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from PIL import Image

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import inboxes_of, triage_inboxes_of
from farmy_assets.annotation.regions.box import Box
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.importing import import_folder
from farmy_assets.ingestion.reports import keep_report
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.local import platform
from farmy_assets.local.settings import LocalSettings, load_secrets, platform_environment
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.tables import TABLES
from farmy_assets.simulation.accounts import Account, invite
from farmy_assets.simulation.demo_display import Screen
from farmy_assets.simulation.demo_material import (
    Material,
    Sight,
    check_order,
    draw,
    images_of,
    own,
    planted_files,
)
from farmy_assets.simulation.demo_people import passwords, staff
from farmy_assets.simulation.demo_report import make_report
from farmy_assets.simulation.demo_summary import Link, show, show_doors, show_times
from farmy_assets.simulation.release_watcher import ReleaseWatcher
from farmy_assets.simulation.vegetation import find_vegetation
from farmy_assets.workflow import campaigns
from farmy_assets.workflow.campaign_pages.making import publish_page
from farmy_assets.workflow.reconcile import Reconciler

_REMEMBERED_PICTURES = 10_000
_BLINK_SECONDS = 0.2


@dataclass(frozen=True)
class DemoOptions:
    """What the demo was asked for: own photographs, or so many drawn ones of a seed."""

    images: Path | None
    count: int
    seed: int


@dataclass
class Stopwatch:
    """How many seconds each part took, in their order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """The time from here to the end of the block."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] = time.monotonic() - began


def run(settings: LocalSettings, options: DemoOptions, screen: Screen) -> None:
    """Run the whole demo; returns after the release and its report.

    Raises:
        FarmyError: A part failed; the text says why, and what to do.
    """
    watch = Stopwatch()
    environment = platform_environment(settings)
    os.environ.update(environment)  # this platform, whatever the shell's environment names
    material = _prepare(settings, options, screen, watch)
    lake = Lake.from_environment(environment)
    studio = Studio(
        StudioSettings.from_environment(environment, cleansed_bucket=lake.cleansed.name)
    )
    sight = _sight(settings, lake, material.campaign)

    screen.chapter("the people and their campaign")
    with watch.timing("people"):
        accounts = _people(settings)
        campaign = campaigns.apply(lake, material.campaign)
        names = ", ".join(person.name for person in campaign.annotators)
        screen.say(
            f"{names} annotate; {campaign.adjudicator.name} adjudicates, and looks at what the "
            "checks flag"
        )
        screen.say(
            f"campaign {campaign.name}, version {campaign.version}: classes "
            f"{', '.join(campaign.class_names)}; {campaign.overlap_share:.0%} of the images are "
            "given to two people"
        )
    screen.chapter(f"photographs come in from {material.folder}")
    with watch.timing("ingestion"):
        image_ids = _ingest(lake, material, screen)

    vigil = ReleaseWatcher(settings, lake, studio, campaign, screen)
    screen.chapter("the platform works: sensors start every run, nobody moves an image")
    vigil.until_released(image_ids, staff(campaign, accounts, sight))
    watch.seconds |= vigil.course.stage_seconds()

    screen.chapter("the result is held against the truth")
    with watch.timing("summary"):
        report = make_report(lake, campaign.name, sight)
        publish_page(lake, campaign, now=datetime.now(UTC))  # a page is left for some minutes
        QueryLayer(lake).bring_up_to_date(TABLES)  # people will ask `farmy query` now
    show(screen.console, report)
    show_times(screen.console, watch.seconds, vigil.peak_memory_bytes)
    folder = keys.dataset(campaign.name, report.version.version_id, "")
    show_doors(screen.console, _doors(settings, lake, studio, accounts, campaign, folder))


def _prepare(
    settings: LocalSettings, options: DemoOptions, screen: Screen, watch: Stopwatch
) -> Material:
    """The platform up, and meanwhile the photographs drawn."""
    found = own(options.images) if options.images else None
    check_order(count=options.count, seed=options.seed)
    progress = {"done": 0}
    is_over = False

    def on_progress(done: int, _total: int) -> None:
        progress["done"] = done
        if is_over:
            raise CancelledError

    def repair_catalog() -> None:
        lake = Lake.from_environment(os.environ)
        screen.say(Reconciler.of(lake).reconcile(now=datetime.now(UTC)).repairs)

    def material() -> Material:
        return found or draw(
            settings.home / "demo", count=options.count, seed=options.seed, on_progress=on_progress
        )

    screen.chapter("the platform starts" + ("" if found else "; meanwhile photographs are drawn"))
    with ThreadPoolExecutor(1) as pool:
        try:
            drawing = pool.submit(material)
            with watch.timing("platform"):
                status = platform.up(settings, say=screen.say, repair_catalog=repair_catalog)
            servers = ", ".join(server.title for server in status.servers)
            screen.say(f"up: {servers}")
            with (
                watch.timing("the last drawings"),
                screen.counting("drawn", options.count) as counter,
            ):
                while not drawing.done():
                    counter.update(progress["done"])
                    time.sleep(_BLINK_SECONDS)
            return drawing.result()
        finally:
            is_over = True


def _sight(settings: LocalSettings, lake: Lake, campaign: Campaign) -> Sight:
    @lru_cache(maxsize=_REMEMBERED_PICTURES)
    def look(image_id: str) -> tuple[Box, ...]:
        content = lake.cleansed.get(keys.cleansed_image(image_id))  # just what annotators see
        with Image.open(io.BytesIO(content)) as picture:
            return find_vegetation(picture, label=campaign.class_names[0])

    return Sight(planted_files(settings.home / "demo"), look)


def _people(settings: LocalSettings) -> dict[str, Account]:
    secrets = load_secrets(settings)
    return invite(
        settings.address("label-studio"),
        secrets.label_studio_token,
        passwords=passwords(secrets.label_studio_password),
    )


def _ingest(lake: Lake, material: Material, screen: Screen) -> frozenset[str]:
    """Bring the photographs in; returns the ids of those that were let in."""
    images = images_of(material.folder, material.origin)
    done = iter(range(1, len(images) + 1_000_000))
    with screen.counting("files", len(images)) as counter:
        report = import_folder(
            lake.ingestion,
            material.folder,
            origin=material.origin,
            clock=lambda: datetime.now(UTC),
            on_file=lambda _size: counter.update(next(done)),
        )
    keep_report(lake.records.bucket, report)
    screen.say(
        f"{report.files} files: {report.stored} stored, {report.already_there} already there, "
        f"{len(report.refused)} left out"
    )
    for refusal in report.refused[:5]:
        screen.say(f"left out: {refusal.name}: {refusal.reason.value}")
    refused = {refusal.name for refusal in report.refused}
    let_in = frozenset(image_id for image_id, name in images.items() if name not in refused)
    if not let_in:
        msg = f"no file in {material.folder} is a photograph; give a folder with some: --images DIR"
        raise InvalidInputError(msg)
    return let_in


def _doors(
    settings: LocalSettings, lake: Lake, studio: Studio, accounts: dict[str, Account],
    campaign: Campaign, folder: str,
) -> list[Link]:  # fmt: skip
    secrets = load_secrets(settings)
    inboxes = studio.find_inboxes(f"farmy:{campaign.name}/")
    admin = f"{secrets.label_studio_email}   {secrets.label_studio_password}"
    doors = [
        Link("the start page, with the campaign's page", settings.address("start")),
        Link("Dagster: the lineage", f"{settings.address('dagster')}/asset-groups"),
        Link("Dagster: the runs", f"{settings.address('dagster')}/runs"),
        Link("Label Studio: all inboxes", f"{settings.address('label-studio')}/projects", admin),
    ]
    doors.append(Link("phones: uploads", settings.address("uploads"), "farmy contributors add c-1"))
    people = {person.name: person.email for person in (*campaign.annotators, campaign.adjudicator)}
    for inbox in (*inboxes_of(campaign), *triage_inboxes_of(campaign)):
        if inbox.key in inboxes:
            account = accounts[people[inbox.person]]
            address = studio.task_url(inboxes[inbox.key])
            log_in = f"{account.email}   {account.password}"
            doors.append(Link(f"{inbox.person}: {inbox.phase.value}", address, log_in))
    doors.append(Link("the data set", f"s3://{lake.exports.name}/{folder}"))
    on_disk = settings.home / "ministack" / "s3" / "000000000000" / lake.exports.name / folder
    if on_disk.is_dir():
        doors.append(Link("the same, on disk", str(on_disk)))
    return doors
