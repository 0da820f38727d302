"""What a new version of a campaign changes: in words, and what it must not change."""

from collections.abc import Iterable, Iterator

from farmy_assets.annotation.campaign import Campaign, LabelClass, Person
from farmy_assets.annotation.class_history import class_operations, removed_classes
from farmy_assets.annotation.class_uses import ClassUse, class_uses
from farmy_assets.annotation.question_changes import described_questions
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import listed

_SHORT = 60


class OrphanedClass(Record):
    """A class that people used, and that a new version no longer has as it was."""

    name: str
    becomes: str
    """What stands in its place, in words."""
    regions: int
    votes: int
    images: int

    @property
    def sentence(self) -> str:
        """What would be lost, in words."""
        use = ClassUse(self.regions, self.votes, self.images)
        return f'class "{self.name}" {self.becomes}, and has {use.sentence}'


def orphaned_classes(
    before: Campaign, after: Campaign, votes: Iterable[Vote]
) -> tuple[OrphanedClass, ...]:
    """Classes with votes that a new version removes, without saying what becomes of them.

    A class that is renamed keeps its id; one that is merged, split or retired says so in the file.

    Args:
        before: The present version.
        after: What is to come.
        votes: All votes of the campaign; those that were withdrawn or replaced do not count.
    """
    lost = removed_classes(before, after)
    if not lost:
        return ()
    uses = class_uses(votes)
    by_name = {other.name: other.id for other in after.classes}
    found = []
    for item in lost:
        use = uses.of(item)
        if use.votes:
            has_other_id = item.name in by_name
            becomes = (
                f"would get the id {by_name[item.name]} in place of {item.id}"
                if has_other_id
                else "would be removed"
            )
            found.append(OrphanedClass(name=item.name, becomes=becomes, **use._asdict()))
    return tuple(found)


def described_changes(before: Campaign, after: Campaign) -> list[str]:
    """Each difference between two versions of a campaign, as a line for people."""
    return [
        *_class_changes(before, after),
        *described_questions(before, after),
        *_people_changes(before, after),
        *_review_changes(before, after),
        *_other_changes(before, after),
        *_gold_changes(before, after),
    ]


def _class_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    old = {item.id: item for item in before.classes}
    new = {item.id: item for item in after.classes}
    for item, becomes in class_operations(before, after):
        yield f'class "{item.name}" (id {item.id}) {becomes}'
    for item in removed_classes(before, after):
        yield f'class "{item.name}" (id {item.id}) is gone'
    for key in sorted(new):
        was, now = old.get(key), new[key]
        if was is None:
            yield f'class "{now.name}" (id {key}) is new'
            continue
        if now.colour != was.colour:
            yield f'class "{now.name}": colour {was.colour} -> {now.colour}'
        yield from _threshold_changes(was, now)
    both = [item.name for item in before.classes if item.name in after.class_names]
    if both != [name for name in after.class_names if name in before.class_names]:
        yield f"the classes are shown in another order: {listed(after.class_names)}"


def _threshold_changes(was: LabelClass, item: LabelClass) -> Iterator[str]:
    for field in ("match_iou", "tight_iou"):
        old, new = (
            "the campaign's" if value is None else f"{value:g}"
            for value in (getattr(was, field), getattr(item, field))
        )
        if old != new:
            yield f'class "{item.name}": {field} {old} -> {new}'


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
    yield from _group("reviewer", before.reviewers, after.reviewers, what="reviewed")


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
        yield from _work_changes(f"{role} {name}", old[name], new[name])


def _work_changes(who: str, old: Person, new: Person) -> Iterator[str]:
    if old.tasks_a_day != new.tasks_a_day:
        was, now = (f"{each or 'no limit'}" for each in (old.tasks_a_day, new.tasks_a_day))
        yield f"{who}: tasks_a_day {was} -> {now}, for what is given from now on"
    if old.skills != new.skills:
        was, now = (", ".join(each) or "anything" for each in (old.skills, new.skills))
        yield f"{who}: skills {was} -> {now}, for what is given from now on"
    if old.languages != new.languages:
        was, now = (", ".join(each) or "not said" for each in (old.languages, new.languages))
        yield f"{who}: languages {was} -> {now}"
    if not old.paused and new.paused:
        yield f"{who} is paused: what is open goes to others, as far as they can take it"
    elif old.paused and not new.paused:
        yield f"{who} is asked again"


def _review_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.rounds != after.rounds:
        yield f"review.rounds: {before.rounds} -> {after.rounds}"
    if before.review_share != after.review_share:
        yield f"review.share: {before.review_share:.0%} -> {after.review_share:.0%}"


def _other_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.crop != after.crop:
        yield f"crop: {before.crop} -> {after.crop}"
    yield from _page_changes(before, after)
    if before.image_query != after.image_query:
        yield f"image_query: {_short(before.image_query)} -> {_short(after.image_query)}"
    if before.overlap_share != after.overlap_share:
        yield f"overlap_share: {before.overlap_share:.0%} -> {after.overlap_share:.0%}"
    yield from _sharing_changes(before, after)
    for field in ("match_iou", "tight_iou"):
        was, now = getattr(before.agreement, field), getattr(after.agreement, field)
        if was != now:
            yield f"agreement.{field}: {was:g} -> {now:g}"
    yield from _quorum_changes(before, after)
    if before.splits != after.splits:
        yield f"splits: {_splits(before)} -> {_splits(after)}"
    if before.regions != after.regions:
        was, now = (", ".join(campaign.regions) or "none" for campaign in (before, after))
        yield f"regions: {was} -> {now}"
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


def _page_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.instructions != after.instructions:
        yield "the instructions are new"
    if before.label_config != after.label_config:
        yield "the label config is " + ("new" if after.label_config else "made from the file again")


def _sharing_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    for field, nothing in (
        ("overlap", ""), ("lease_days", "never"), ("third_opinion", ""), ("language", "not said"),
    ):  # fmt: skip
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            yield f"{field}: {_value(was, nothing)} -> {_value(now, nothing)}"
    if before.keep_together != after.keep_together:
        was, now = (", ".join(c.keep_together) or "nothing" for c in (before, after))
        yield f"keep_together: {was} -> {now}"


def _value(value: object, nothing: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return nothing if value in (None, "") else str(value)


def _gold_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.gold != after.gold:
        yield f"gold: {before.gold.sentence} -> {after.gold.sentence}"


def _short(query: str) -> str:
    text = " ".join(query.split())
    return (text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}...") or "all kept images"


def _quorum_changes(before: Campaign, after: Campaign) -> Iterator[str]:
    if before.consensus != after.consensus:
        yield f"consensus: {_consensus(before)} -> {_consensus(after)}"


def _consensus(campaign: Campaign) -> str:
    policy = campaign.consensus
    if policy is None:
        return "without a quorum"
    return f"quorum {policy.quorum}, shape {policy.shape}, classes {policy.classes}"


def _splits(campaign: Campaign) -> str:
    splits = campaign.splits
    return f"train {splits.train:g}, val {splits.val:g}, test {splits.test:g}"
