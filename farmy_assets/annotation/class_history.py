"""What becomes of a campaign's classes: renamed, merged, split, retired; old votes stay.

A class is known by its id. Votes hold the name that it had when they were given, so each class
keeps the names that it had, and those of the classes that were merged into it: a name leads to one
class for ever, and is given to no other one.

renamed    the same id with another name
merged     `merges` of the class that stays names the ids that it takes in
split      `split_into` names the classes that take its place; regions of it are to be decided anew
retired    not offered any more; its regions stay and are released
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from farmy_assets.annotation.campaign import Campaign, LabelClass
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.wording import listed


@dataclass(frozen=True)
class ClassHistory:
    """What the names in votes mean under a campaign's present classes."""

    campaign: Campaign

    @cached_property
    def split_classes(self) -> Mapping[str, str]:
        """The name of each split class, and why its regions cannot stay, in words."""
        names = {item.id: f'"{item.name}"' for item in self.campaign.classes}
        return {
            item.name: f'class "{item.name}" was split into '
            f"{listed([names[other] for other in item.split_into])}: draw it again as one of them"
            for item in self.campaign.classes
            if item.split_into
        }

    def present(self, vote: Vote) -> Vote:
        """The same vote with its classes under their present names.

        Regions of a split class are a problem of the vote: somebody has to decide.
        """
        regions = tuple(self._renamed(region) for region in vote.regions)
        problems = (*vote.problems, *self.problems(regions))
        if regions == vote.regions and problems == vote.problems:
            return vote
        return vote.model_copy(update={"regions": regions, "problems": problems})

    def problems(self, regions: Iterable[Region]) -> tuple[str, ...]:
        """Why some of these regions cannot stay, each reason once."""
        split = {region.label for region in regions} & self.split_classes.keys()
        return tuple(self.split_classes[name] for name in sorted(split))

    def _renamed(self, region: Region) -> Region:
        name = self.campaign.present_name(region.label)
        return region if name == region.label else region.model_copy(update={"label": name})


def with_history(before: Campaign | None, wanted: Campaign) -> Campaign:
    """The new rules, whose classes know the names that they had and what was merged into them.

    Args:
        before: The present rules; None for a new campaign.
        wanted: Rules as a person wrote them.

    Raises:
        ValidationError: A class gets the id or a former name of another one.
    """
    if before is None:
        return wanted
    old = {item.id: item for item in before.classes}
    classes = [_continued(item, old) for item in wanted.classes]
    # Validated again: a name of before may collide with one that is new.
    return Campaign.model_validate(
        wanted.model_dump() | {"classes": [item.model_dump() for item in classes]}
    )


def _continued(item: LabelClass, old: Mapping[int, LabelClass]) -> LabelClass:
    was = old.get(item.id)
    merged = {*item.merges, *(was.merges if was else ())}
    taken_in = [old[key] for key in sorted(merged & old.keys())]
    merged |= {key for each in taken_in for key in each.merges}
    names = set(item.former_names)
    for each in (*([was] if was else []), *taken_in):
        names |= {each.name, *each.former_names}
    return item.model_copy(
        update={
            "merges": tuple(sorted(merged)),
            "former_names": tuple(sorted(names - {item.name})),
        }
    )


def removed_classes(before: Campaign, after: Campaign) -> tuple[LabelClass, ...]:
    """Classes of before that the new rules neither have nor merge into another one."""
    goes_on = {item.id for item in after.classes}
    goes_on |= {key for item in after.classes for key in item.merges}
    return tuple(item for item in before.classes if item.id not in goes_on)


def class_operations(before: Campaign, after: Campaign) -> Iterator[tuple[LabelClass, str]]:
    """Classes of before of which something becomes, and what, in words; not those removed."""
    new = {item.id: item for item in after.classes}
    into = {key: item for item in after.classes for key in item.merges}
    names = {item.id: f'"{item.name}"' for item in after.classes}
    for item in before.classes:
        now = new.get(item.id)
        if now is None and item.id in into:
            yield item, f'is merged into "{into[item.id].name}"'
        if now and now.name != item.name:
            yield item, f'is now called "{now.name}"'
        if now and now.split_into and not item.split_into:
            parts = listed([names[key] for key in now.split_into])
            yield item, f"is split into {parts}: the adjudicator decides on each image that has it"
        if now and now.retired and not item.retired:
            yield item, "is retired: it is not offered any more, what was drawn stays"
        if now and item.retired and not now.retired:
            yield item, "is offered again"
