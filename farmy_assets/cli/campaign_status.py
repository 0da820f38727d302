"""A campaign's status as text: lines that are the same on a terminal and in a pipe."""

from collections.abc import Iterator, Mapping, Sequence

from farmy_assets.annotation.reviews import REVIEW_COLUMNS, review_rows
from farmy_assets.catalog.wording import counted
from farmy_assets.workflow.campaign_status import CampaignStatus

_GAP = 2


def status_lines(found: CampaignStatus) -> Iterator[str]:
    """The status of a campaign, the most important facts first."""
    newest = found.newest_version or "none"
    yield f"{found.campaign} (newest version: {newest}), version {found.version} of its file"
    if found.images_given:
        yield (
            f"{found.percent_done:g} % done: {counted(found.images_given, 'image')} given out, "
            f"{counted(found.open_tasks, 'task')} open"
        )
    else:
        yield "no image was given out yet"
    yield from _release(found)
    yield from (f"warning: {line}" for line in found.warnings)
    yield ""
    yield from _table(
        ("images", ""),
        [(status.replace("_", " "), count) for status, count in found.images.items()],
    )
    yield ""
    yield from _people(found)
    yield from _reviews(found)
    yield from _counts("left out", found.left_out)
    yield from _counts("duplicates of campaign", found.duplicates)


def _release(found: CampaignStatus) -> Iterator[str]:
    if found.blocks:
        yield "not released, because:"
        yield from (f"  - {line}" for line in found.blocks)
    elif found.is_released:
        yield "all that is settled is released"
    else:
        yield "nothing prevents a release"


def _people(found: CampaignStatus) -> Iterator[str]:
    rows: list[tuple[object, ...]] = [
        (
            f"{name} (left)" if person.has_left else name,
            person.given, person.open, person.pace.last_hour, person.pace.last_day,
            f"{person.pace.per_hour:.1f}",
        )
        for name, person in found.annotators.items()
    ]  # fmt: skip
    pace = found.pace
    given = sum(person.given for person in found.annotators.values())
    rows.append(("all", given, found.open_tasks, pace.last_hour, pace.last_day,
                 f"{pace.per_hour:.1f}"))  # fmt: skip
    head = ("annotator", "given", "open", "last hour", "last day", "an hour")
    yield from _table(head, rows)
    if found.expected_end:
        yield f"at this speed the annotators are done about {found.expected_end:%Y-%m-%d %H:%M %Z}"
    yield f"adjudicator {found.adjudicator}: {counted(found.conflicts, 'open conflict')}"
    if found.sent_back:
        yield f"sent back to annotators: {counted(found.sent_back, 'image')}"
    by = ", ".join(f"{name} {count}" for name, count in found.triage.open_by_person.items())
    yield f"triage: {found.triage.open} of {found.triage.asked} open{f' ({by})' if by else ''}"


def _reviews(found: CampaignStatus) -> Iterator[str]:
    if found.reviews:
        yield ""
        columns = REVIEW_COLUMNS
        rows = review_rows(found.reviews)
        yield from _table(columns, [[row[name] for name in columns] for row in rows])


def _counts(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        yield ""
        yield from _table((title, ""), list(counts.items()))


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Columns side by side: the first to the left, figures to the right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    for first, *others in cells:
        figures = (cell.rjust(w) for cell, w in zip(others, widths[1:], strict=True))
        yield (" " * _GAP).join((first.ljust(widths[0]), *figures)).rstrip()
