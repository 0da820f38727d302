"""Which of a batch's images a campaign's query chose: asked once, recorded, and kept to.

The query is a person's SQL over the lake's tables, let in by the same guard as any other. Tables
that it names are brought up to date first, so that the batch at hand is in them.
"""

import hashlib
from typing import TYPE_CHECKING

from pydantic import Field

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.catalog.metadata import ImageId, Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.errors import InvalidInputError, LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.query.feeds import brought_up_to_date
from farmy_assets.lake.query.translation import translate

if TYPE_CHECKING:
    from farmy_assets.lake.lake import Lake


class Choice(Record):
    """What a query chose of a batch.

    Attributes:
        query_sha256: Of the query's text.
        generations: The tables that were asked, each with the name of its state (`generation`).
        chosen: Images that became, or become, the campaign's tasks; never taken back.
        left_out: Kept images that the query does not choose.
    """

    batch_id: str
    campaign: str
    campaign_version: int
    query: str
    query_sha256: Sha256
    generations: dict[str, str] = Field(default_factory=dict)
    chosen: tuple[ImageId, ...] = ()
    left_out: tuple[ImageId, ...] = ()


def checked_choice(query: str, batch_id: str = "b") -> str:
    """The SQL that a campaign's query becomes for a batch.

    Raises:
        InvalidInputError: It is not allowed, does not fit the tables, or names no `image_id`.
    """
    translate(query)  # by itself first: or its end could stand outside the brackets
    sql = (
        f"SELECT DISTINCT asked.image_id AS image_id FROM (\n{query}\n) AS asked "  # noqa: S608 - checked
        f"JOIN images AS own ON own.image_id = asked.image_id WHERE own.batch_id = '{batch_id}'"
    )
    try:
        translate(sql).for_duckdb()
    except InvalidInputError as error:
        msg = f"image_query has to be a SELECT with a column image_id: {error}"
        raise InvalidInputError(msg) from error
    return sql


def choose(lake: "Lake", campaign: Campaign, images: CleansedSet) -> Choice | None:
    """The record of what the campaign's query chose of a batch; None when it has no query.

    Asking again asks only about images that were not decided on by this query, such as those that
    people brought back; what was chosen once stays chosen.

    Raises:
        InvalidInputError: The query is not allowed, or does not fit the tables.
    """
    if not campaign.image_query:
        return None
    key = keys.choice(campaign.name, images.batch_id)
    before, etag = lake.records.find_with_etag(key, Choice)
    digest = hashlib.sha256(campaign.image_query.encode()).hexdigest()
    chosen = set(before.chosen) if before else set()
    left_out = set(before.left_out) if before and before.query_sha256 == digest else set()
    kept = {image.image_id for image in images.kept}
    if before and before.query_sha256 == digest and kept <= chosen | left_out:
        return before
    sql = checked_choice(campaign.image_query, images.batch_id)
    generations = brought_up_to_date(lake, translate(sql).tables)
    found = set(lake.query_engine.query(sql)["image_id"].to_pylist())
    undecided = kept - chosen - left_out
    choice = Choice(
        batch_id=images.batch_id,
        campaign=campaign.name,
        campaign_version=campaign.version,
        query=campaign.image_query,
        query_sha256=digest,
        generations=generations,
        chosen=tuple(sorted(chosen | (undecided & found))),
        left_out=tuple(sorted(left_out | (undecided - found))),
    )
    if lake.records.bucket.put_if(key, choice.to_json(), etag=etag):
        return choice
    return choose(lake, campaign, images)  # somebody else was quicker: theirs counts


def images_to_ask(lake: "Lake", campaign: Campaign, images: CleansedSet) -> list[str]:
    """The kept images of a batch that become tasks, in the set's order.

    Raises:
        LakeError: The campaign has a query, and nothing was chosen by it yet.
    """
    if not campaign.image_query:
        return [image.image_id for image in images.kept]
    choice = lake.records.find(keys.choice(campaign.name, images.batch_id), Choice)
    if choice is None:
        msg = (
            f"campaign {campaign.name} chooses its images by a query, and none was chosen of batch "
            f"{images.batch_id}: materialize chosen_images first"
        )
        raise LakeError(msg)
    chosen = set(choice.chosen)
    return [image.image_id for image in images.kept if image.image_id in chosen]
