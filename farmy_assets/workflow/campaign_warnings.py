"""What a person should look at in a campaign: photographs that nobody is asked about, and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.duplicate_rulings import by_other_campaign
from farmy_assets.workflow.gold_images import gold_warnings
from farmy_assets.workflow.selection import ImageSelection


class _Choices(NamedTuple):
    """Counts of images: those that a query has chosen, left out, and those chosen before it."""

    chosen: int
    left_out: int
    before: int


def warnings(
    lake: Lake, campaign: Campaign, sets: Sequence[CleansedSet], kept_by: Mapping[str, str]
) -> Iterator[str]:
    """The warnings about a campaign, each one line that says what to do.

    Args:
        lake: Where its records are.
        campaign: The campaign.
        sets: Its cleansed sets.
        kept_by: Image id to the other campaign that keeps it (`kept_elsewhere`).
    """
    name = campaign.name
    restored = lake.triage.current_decisions(name).no_duplicates
    for other, items in by_other_campaign(sets, kept_by, restored=restored).items():
        count = len(items)
        yield (
            f"an earlier version left {counted(count, 'photograph')} out as "
            f"{verb(count, 'a duplicate', 'duplicates')} of campaign {other}'s; "
            f"to take {verb(count, 'it', 'them')} in: "
            f"farmy duplicates restore --campaign {name} --all"
        )
    yield from gold_warnings(lake, campaign)
    found = _choices(lake, campaign)
    if campaign.image_query and found.left_out and not found.chosen:
        asking = f"farmy campaign choose {name} --again"
        yield f"{_choices_text(found)}; after a change of the query: {asking}"


def _choices(lake: Lake, campaign: Campaign) -> _Choices:
    """What the campaign's query chose; if it was not asked yet, what the former one chose."""
    choices = lake.records.read_all(keys.choice(campaign.name), ImageSelection)
    present = [choice for choice in choices if choice.query == campaign.image_query] or choices
    before = [set(choice.earlier[-1].chosen if choice.earlier else ()) for choice in present]
    return _Choices(
        chosen=sum(len(set(c.chosen) - b) for c, b in zip(present, before, strict=True)),
        left_out=sum(len(choice.left_out) for choice in present),
        before=sum(map(len, before)),
    )


def _choices_text(found: _Choices) -> str:
    if not found.before:
        return f"the campaign's query has chosen none of {counted(found.left_out, 'image')}"
    return (
        f"the query that was asked last has chosen none of {counted(found.left_out, 'image')}; "
        f"{found.before:,} {verb(found.before, 'was', 'were')} chosen by earlier ones and "
        f"{verb(found.before, 'stays', 'stay')}"
    )
