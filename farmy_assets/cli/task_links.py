"""Where a person opens the tasks of found images in Label Studio."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.inboxes import EVERY_INBOX, Inbox
from farmy_assets.cli.context import console, environment
from farmy_assets.errors import InvalidInputError, StudioError
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake.lake import Lake
from farmy_assets.query.contact_sheet import Place


def task_links(
    lake: Lake, assignments: Mapping[Place, Sequence[Assignment]]
) -> dict[Place, list[tuple[str, str]]]:
    """Image id and campaign to title and address of each of its tasks there.

    Without Label Studio there are none, and a message gives the reason.
    """
    by_inbox: dict[Inbox, list[Assignment]] = defaultdict(list)
    for some in assignments.values():
        for assignment in some:
            by_inbox[assignment.inbox].append(assignment)
    if not by_inbox:
        return {}
    try:
        settings = StudioSettings.from_environment(
            environment(), cleansed_bucket=lake.cleansed.name
        )
        with closing(Studio(settings)) as studio:
            return _found(studio, by_inbox)
    except (InvalidInputError, StudioError) as error:
        console.print(
            f"the page has no links to tasks: {error}", highlight=False, markup=False,
            soft_wrap=True,
        )  # fmt: skip
        return {}


def _found(
    studio: Studio, by_inbox: Mapping[Inbox, Sequence[Assignment]]
) -> dict[Place, list[tuple[str, str]]]:
    links: dict[Place, list[tuple[str, str]]] = defaultdict(list)
    projects = studio.find_inboxes(EVERY_INBOX)
    for inbox, some in by_inbox.items():
        project_id = projects.get(inbox.key)
        if project_id is None:
            continue
        there = studio.find_task_ids(project_id, [a.task_key for a in some])
        for assignment in some:
            if assignment.task_key in there:
                address = studio.task_url(project_id, there[assignment.task_key])
                title = f"{inbox.phase.value}, {inbox.person}"
                links[assignment.image_id, assignment.campaign].append((title, address))
    return links
