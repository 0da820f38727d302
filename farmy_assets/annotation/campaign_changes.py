"""What a new version of a campaign changes: in words, and what it must not change."""

from collections import Counter
from collections.abc import Iterable, Iterator

from farmy_assets.annotation.campaign import Campaign, LabelClass, Person
from farmy_assets.annotation.votes import Vote, current_votes
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted, listed

_SHORT = 60


class OrphanedClass(Record):
    """A class that people used, and that a new version no longer has as it was."""

    name: str
    becomes: str
    """What stands in its place, in words."""
    regions: int
    votes: int

    @property
    def sentence(self) -> str:
        """What would be lost, in words."""
        uses = f"{counted(self.regions, 'region')} in {counted(self.votes, 'vote')}"
        return f'class "{self.name}" {self.becomes}, and has {uses}'


def orphaned_classes(
    before: Campaign, after: Campaign, votes: Iterable[Vote]
) -> tuple[OrphanedClass, ...]:
    """Classes with votes that a new version renames, removes, or gives another id.

    Regions hold the names of classes, and data set versions their ids: neither may change.

    Args:
        before: The present version.
        after: What is to come.
        votes: All votes of the campaign; those that were withdrawn or replaced do not count.
    """
    now = {item.name: item.id for item in after.classes}
    lost = [item for item in before.classes if now.get(item.name) != item.id]
    if not lost:
        return ()
    regions: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for vote in current_votes(votes):
        labels = Counter(region.label for region in vote.regions)
        regions += labels
        used.update(labels.keys())
    return tuple(
        OrphanedClass(
            name=item.name,
            becomes=_becomes(item, after),
            regions=regions[item.name],
            votes=used[item.name],
        )
        for item in lost
        if used[item.name]
    )


def _becomes(item: LabelClass, after: Campaign) -> str:
    by_name = {other.name: other.id for other in after.classes}
    if item.name in by_name:
        return f"would get the id {by_name[item.name]} in place of {item.id}"
    renamed = next((other.name for other in after.classes if other.id == item.id), None)
    return f'would become "{renamed}"' if renamed else "would be removed"


def described_changes(before: Campaign, after: Campaign) -> list[str]:
    """Each difference between two versions of a campaign, as a line for people."""
    return [
        *_class_changes(before, after),
        *_people_changes(before, after),
        *_other_changes(before, after),
    ]


def _class_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    old = {item.id: item for item in before.classes}
    new = {item.id: item for item in after.classes}
    for key in sorted(old.keys() | new.keys()):
        was, item = old.get(key), new.get(key)
        if was is None and item:
            yield f'class "{item.name}" (id {key}) is new'
        elif item is None and was:
            yield f'class "{was.name}" (id {key}) is gone'
        elif item and was and item.name != was.name:
            yield f'class "{was.name}" (id {key}) is now called "{item.name}"'
        elif item and was and item.colour != was.colour:
            yield f'class "{item.name}": colour {was.colour} -> {item.colour}'
    both = [item.name for item in before.classes if item.name in after.class_names]
    if both != [name for name in after.class_names if name in before.class_names]:
        yield f"the classes are shown in another order: {listed(after.class_names)}"


def _people_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    yield from _group("annotator", before.annotators, after.annotators, what="labelled")
    if before.adjudicator.name != after.adjudicator.name:
        was, now = before.adjudicator.name, after.adjudicator.name
        yield f"adjudicator: {was} -> {now}, who gets the open conflicts"
    elif before.adjudicator != after.adjudicator:
        yield f"adjudicator {after.adjudicator.name} is now {after.adjudicator.email}"
    yield from _group(
        "triager", before.people_for_triage, after.people_for_triage, what="answered in triage"
    )


def _group(
    role: str, before: Iterable[Person], after: Iterable[Person], *, what: str
) -> Iterator[str]:
    old, new = {p.name: p for p in before}, {p.name: p for p in after}
    for name in sorted(new.keys() - old.keys()):
        yield f"{role} {name} ({new[name].email}) joins"
    for name in sorted(old.keys() - new.keys()):
        yield f"{role} {name} leaves: what he or she has not {what} goes to others at once"
    for name in sorted(old.keys() & new.keys()):
        if old[name].email != new[name].email:
            yield f"{role} {name}: {old[name].email} -> {new[name].email}"
        if old[name].capacity != new[name].capacity:
            yield f"{role} {name}: capacity {old[name].capacity:g} -> {new[name].capacity:g}"


def _other_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.crop != after.crop:
        yield f"crop: {before.crop} -> {after.crop}"
    if before.instructions != after.instructions:
        yield "the instructions are new"
    if before.image_query != after.image_query:
        yield f"image_query: {_short(before.image_query)} -> {_short(after.image_query)}"
    if before.overlap_share != after.overlap_share:
        yield f"overlap_share: {before.overlap_share:.0%} -> {after.overlap_share:.0%}"
    for field in ("match_iou", "tight_iou"):
        was, now = getattr(before.agreement, field), getattr(after.agreement, field)
        if was != now:
            yield f"agreement.{field}: {was:g} -> {now:g}"
    if before.splits != after.splits:
        yield f"splits: {_splits(before)} -> {_splits(after)}"
    if before.regions != after.regions:
        yield f"regions: {', '.join(before.regions)} -> {', '.join(after.regions)}"
    if before.exports != after.exports:
        yield f"exports: {', '.join(before.exports)} -> {', '.join(after.exports)}"
    yield from _model_changes(before, after)


def _model_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.shown_model != after.shown_model:
        yield f"predictions: {_shown(before)} -> {_shown(after)}; open tasks follow"
    if before.order != after.order:
        yield f"order: {before.order or 'by id'} -> {after.order or 'by id'}, for new batches"


def _shown(campaign: Campaign) -> str:
    shown = campaign.shown_model
    return f"those of {shown.model} from score {shown.least_score:g} on" if shown else "none shown"


def _short(query: str) -> str:
    text = " ".join(query.split())
    return (text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}...") or "all kept images"


def _splits(campaign: Campaign) -> str:
    splits = campaign.splits
    return f"train {splits.train:g}, val {splits.val:g}, test {splits.test:g}"
