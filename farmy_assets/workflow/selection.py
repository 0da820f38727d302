"""Which of a batch's images a campaign's query chose: asked once, recorded, and kept to.

The query is a person's SQL over the lake's tables, let in by the same guard as any other. Tables
that it names are brought up to date first, so that the batch at hand is in them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import Field

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.catalog.metadata import ImageId, Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.errors import InvalidInputError, LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.default_crops import campaign_crops
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.translation import translate

_BATCHES_AT_ONCE = 50


class ChoiceRound(Record):
    """An earlier query of the same batch, and what was chosen by its end."""

    campaign_version: int
    query: str
    query_sha256: Sha256
    generations: dict[str, str]
    chosen: tuple[ImageId, ...]


class ImageSelection(Record):
    """What a query chose of a batch.

    Attributes:
        query_sha256: Of the query's text.
        generations: The tables that were asked, each with the name of its state (`generation`).
        chosen: Images that became, or become, the campaign's tasks; never taken back.
        left_out: Kept images that the query does not choose.
        earlier: What was asked before another query was, or the same one again.
    """

    batch_id: str
    campaign: str
    campaign_version: int
    query: str
    query_sha256: Sha256
    generations: dict[str, str] = Field(default_factory=dict)
    chosen: tuple[ImageId, ...] = ()
    left_out: tuple[ImageId, ...] = ()
    earlier: tuple[ChoiceRound, ...] = ()

    def as_round(self) -> ChoiceRound:
        """This state, to be kept beside what is asked after it."""
        return ChoiceRound.model_validate(self.model_dump(include=set(ChoiceRound.model_fields)))


class Chosen(NamedTuple):
    """What asking again came to for one batch: images that were not chosen before."""

    batch_id: str
    new: tuple[str, ...]


def checked_selection(query: str, *batch_ids: str) -> str:
    """The SQL that a campaign's query becomes for some batches.

    Raises:
        InvalidInputError: It is not allowed, does not fit the tables, or names no `image_id`.
    """
    translate(query)  # by itself first: or its end could stand outside the brackets
    own = ", ".join(f"'{batch_id}'" for batch_id in batch_ids or ("b",))
    sql = (
        f"SELECT DISTINCT asked.image_id AS image_id FROM (\n{query}\n) AS asked "  # noqa: S608 - checked
        f"JOIN memberships AS own ON own.image_id = asked.image_id WHERE own.batch_id IN ({own})"
    )
    try:
        translate(sql).for_duckdb()
    except InvalidInputError as error:
        msg = f"image_query has to be a SELECT with a column image_id: {error}"
        raise InvalidInputError(msg) from error
    return sql


def choose(lake: Lake, campaign: Campaign, images: CleansedSet) -> ImageSelection | None:
    """The record of what the campaign's query chose of a batch; None when it has no query.

    Asking again asks only about images that were not decided on by this query, such as those that
    people brought back; what was chosen once stays chosen.

    Raises:
        InvalidInputError: The query is not allowed, or does not fit the tables.
    """
    if not campaign.image_query:
        return None
    key = keys.choice(campaign.name, images.batch_id)
    before, etag = lake.records.find_with_etag(key, ImageSelection)
    if before and before.query_sha256 == _digest(campaign):
        kept = {image.image_id for image in images.kept}
        if kept <= {*before.chosen, *before.left_out}:
            return before
    generations, found = _asked(lake, campaign, [images.batch_id])
    choice = _decided(before, campaign, images, generations, found)
    if lake.records.bucket.put_if(key, choice.to_json(), etag=etag):
        return choice
    return choose(lake, campaign, images)  # somebody else was quicker: theirs counts


def preview(lake: Lake, campaign: Campaign, sets: Sequence[CleansedSet]) -> list[Chosen]:
    """What the campaign's query would choose now of batches, whatever was chosen before.

    The campaign need not be applied yet. Reads the tables that the query names, brought up to
    date, and asks once for `_BATCHES_AT_ONCE` batches.

    Args:
        lake: Where tables and choices are.
        campaign: With a query, or without one, which chooses everything.
        sets: The cleansed sets of its batches.

    Raises:
        InvalidInputError: The query is not allowed, does not fit the tables, or takes too much.
    """
    return [
        Chosen(images.batch_id, tuple(i.image_id for i in images.kept if i.image_id in found))
        for images, _, found in _in_turn(lake, campaign, sets)
    ]


def choose_again(lake: Lake, campaign: Campaign, sets: Sequence[CleansedSet]) -> list[Chosen]:
    """Ask the campaign's query again about all images of batches that were not chosen; adds only.

    Each batch's record gets the query that was asked, and keeps those before it. A batch comes
    back with its images that nobody has been given: they are still to be given out.

    Raises:
        InvalidInputError: The query is not allowed, does not fit the tables, or takes too much.
    """
    given = {a.image_id for a in lake.assignments.all(campaign.name)}
    answer = []
    for images, generations, found in _in_turn(lake, campaign, sets):
        chosen = found
        if campaign.image_query:
            chosen = set(_record_again(lake, campaign, images, generations, found).chosen)
        wanted = chosen - given
        new = tuple(i.image_id for i in images.kept if i.image_id in wanted)
        answer.append(Chosen(images.batch_id, new))
    return answer


def _record_again(
    lake: Lake,
    campaign: Campaign,
    images: CleansedSet,
    generations: dict[str, str],
    found: set[str],
) -> ImageSelection:
    key = keys.choice(campaign.name, images.batch_id)
    while True:
        before, etag = lake.records.find_with_etag(key, ImageSelection)
        choice = _decided(before, campaign, images, generations, found, again=True)
        if before and (before.chosen, before.query_sha256) == (choice.chosen, choice.query_sha256):
            return before  # nothing new: asking twice leaves one record
        if lake.records.bucket.put_if(key, choice.to_json(), etag=etag):
            return choice


def _in_turn(
    lake: Lake, campaign: Campaign, sets: Sequence[CleansedSet]
) -> Iterator[tuple[CleansedSet, dict[str, str], set[str]]]:
    """Each set with the tables that were asked and the images that the query chooses."""
    for start in range(0, len(sets), _BATCHES_AT_ONCE):
        some = sets[start : start + _BATCHES_AT_ONCE]
        if campaign.image_query:
            generations, found = _asked(lake, campaign, [images.batch_id for images in some])
        else:
            generations, found = {}, {i.image_id for images in some for i in images.kept}
        for images in some:
            yield images, generations, found


def _asked(
    lake: Lake, campaign: Campaign, batch_ids: Sequence[str]
) -> tuple[dict[str, str], set[str]]:
    """The tables that the query names, as of now, and the images of the batches it chooses."""
    sql = checked_selection(campaign.image_query, *batch_ids)
    crops = campaign_crops(lake) | {campaign.name: campaign.crop}
    generations = QueryLayer(lake).bring_up_to_date(translate(sql).tables, crops=crops)
    return generations, set(QueryLayer(lake).engine.query(sql)["image_id"].to_pylist())


def _decided(
    before: ImageSelection | None,
    campaign: Campaign,
    images: CleansedSet,
    generations: dict[str, str],
    found: set[str],
    *,
    again: bool = False,
) -> ImageSelection:
    """The next state of a batch's choice; `again` asks about what this very query left out."""
    digest = _digest(campaign)
    is_same = before is not None and before.query_sha256 == digest and not again
    chosen = set(before.chosen) if before else set()
    left_out = set(before.left_out) if before and is_same else set()
    undecided = {image.image_id for image in images.kept} - chosen - left_out
    earlier = (*before.earlier, before.as_round()) if before and not is_same else ()
    return ImageSelection(
        batch_id=images.batch_id,
        campaign=campaign.name,
        campaign_version=campaign.version,
        query=campaign.image_query,
        query_sha256=digest,
        generations=generations,
        chosen=tuple(sorted(chosen | (undecided & found))),
        left_out=tuple(sorted(left_out | (undecided - found))),
        earlier=before.earlier if before and is_same else earlier,
    )


def _digest(campaign: Campaign) -> str:
    return hashlib.sha256(campaign.image_query.encode()).hexdigest()


def images_to_ask(lake: Lake, campaign: Campaign, images: CleansedSet) -> list[str]:
    """The kept images of a batch that become tasks, in the set's order.

    Raises:
        LakeError: The campaign has a query, and nothing was chosen by it yet.
    """
    if not campaign.image_query:
        return [image.image_id for image in images.kept]
    choice = lake.records.find(keys.choice(campaign.name, images.batch_id), ImageSelection)
    if choice is None:
        msg = (
            f"campaign {campaign.name} chooses its images by a query, and none was chosen of batch "
            f"{images.batch_id}: materialize chosen_images first"
        )
        raise LakeError(msg)
    chosen = set(choice.chosen)
    return [image.image_id for image in images.kept if image.image_id in chosen]
