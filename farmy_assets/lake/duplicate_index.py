"""The fingerprints of all images that were ever kept, to find duplicates of them.

One small index names what each batch claimed, for which campaign, and the segments in which the
claims' fingerprints lie, as columns. A batch is compared with what its own campaign keeps: several
campaigns may keep the same photograph. The index is changed only by compare-and-swap: of two
batches cleansed at once, the one that comes second finds the index changed and decides again. A new
segment swallows the ones before it that are not much larger, so that a million images lie in a
dozen segments.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.compared_images import Fingerprint, KnownImages, known_images
from farmy_assets.cleansing.duplicates import DuplicateOf
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore

Finder = Callable[[Sequence[Fingerprint], KnownImages], Mapping[str, DuplicateOf]]

_SWALLOWS_UP_TO = 2  # times its own size
_HASHES = ("contents", "pixels", "phashes", "dhashes")
_SCHEMA = pa.schema(
    [
        ("claim", pa.string()),
        ("image_id", pa.string()),
        *((name, pa.uint64()) for name in _HASHES),
        ("patterns", pa.binary()),  # segments written before there were any are read as without
    ]
)


class DuplicateIndex(Record):
    """What counts: the newest claim of each batch, and the segments (key to images).

    `campaigns` is the campaign of each batch; an index of an earlier version lacks it.
    """

    claims: dict[str, str] = Field(default_factory=dict)
    segments: dict[str, int] = Field(default_factory=dict)
    campaigns: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class DuplicateIndexRepository:
    """The index, and the one way to add to it."""

    records: RecordStore

    def claim(
        self, batch_id: str, new: Sequence[Fingerprint], *, campaign: str, find: Finder
    ) -> Mapping[str, DuplicateOf]:
        """Decide which of a batch's images are duplicates, and claim the others for the batch.

        Args:
            batch_id: Its own earlier claim, if there is one, is replaced.
            new: The batch's fit images.
            campaign: The batch's campaign.
            find: Called with the new images and all that other batches of the campaign keep.

        Returns:
            Image id to what it duplicates; every other image of `new` is now claimed.
        """
        while True:
            found, etag = self.records.find_with_etag(keys.DUPLICATE_INDEX, DuplicateIndex)
            index = self._with_campaigns(found or DuplicateIndex(), batch_id, campaign)
            segments = self._segments(index)
            others = (
                claim
                for name, claim in index.claims.items()
                if name != batch_id and index.campaigns.get(name) == campaign
            )
            known = _known(segments, others)
            duplicates = find(new, known)
            changed = self._with_claim(index, segments, batch_id, new, duplicates)
            if changed == found or self.records.bucket.put_if(
                keys.DUPLICATE_INDEX, changed.to_json(), etag=etag
            ):
                return duplicates

    def _with_campaigns(
        self, index: DuplicateIndex, batch_id: str, campaign: str
    ) -> DuplicateIndex:
        """The index with a batch's campaign, and with those that an earlier version left out.

        They are read from the batches' manifests. The claim of a batch without a manifest belongs
        to no campaign; its fingerprints stay.
        """
        unknown = sorted(index.claims.keys() - index.campaigns.keys() - {batch_id})
        manifests = in_threads(lambda i: self.records.ours(keys.batch_of_id(i), Batch), unknown)
        read = {
            name: batch.campaign
            for name, batch in zip(unknown, manifests, strict=True)
            if batch and batch.batch_id == name
        }
        campaigns = index.campaigns | read | {batch_id: campaign}
        return index.model_copy(update={"campaigns": dict(sorted(campaigns.items()))})

    def kept_by(self, batch_ids: Collection[str]) -> KnownImages:
        """The fingerprints of what these batches keep."""
        found = self.records.find(keys.DUPLICATE_INDEX, DuplicateIndex) or DuplicateIndex()
        claims = [claim for name, claim in found.claims.items() if name in batch_ids]
        return _known(self._segments(found), claims)

    def everything(self) -> tuple[str, Callable[[], pa.Table]]:
        """All images that any batch keeps: the version's name, and what reads them.

        The table has `image_id`, each once however many campaigns keep it, and 64-bit hashes as
        columns.
        """
        found, etag = self.records.find_with_etag(keys.DUPLICATE_INDEX, DuplicateIndex)
        index = found or DuplicateIndex()

        def read() -> pa.Table:
            merged = pa.concat_tables([_SCHEMA.empty_table(), *self._segments(index).values()])
            kept = merged.filter(_is_of(merged, index.claims.values()))
            several = len(set(index.campaigns.values())) > 1  # campaigns: one keeps an image once
            return (_each_once(kept) if several else kept).combine_chunks()

        return etag or "", read

    def _segments(self, index: DuplicateIndex) -> dict[str, pa.Table]:
        def read(key: str) -> pa.Table:
            return pq.read_table(BytesIO(self.records.bucket.get(key)), schema=_SCHEMA)

        return dict(zip(index.segments, in_threads(read, index.segments), strict=True))

    def _with_claim(
        self,
        index: DuplicateIndex,
        segments: Mapping[str, pa.Table],
        batch_id: str,
        new: Sequence[Fingerprint],
        duplicates: Mapping[str, DuplicateOf],
    ) -> DuplicateIndex:
        """The index with the batch's claim in it, whose segment is written already."""
        own = sorted((f for f in new if f.image_id not in duplicates), key=lambda f: f.image_id)
        claim = _claim(batch_id, own)
        if index.claims.get(batch_id) == claim:
            return index
        claims = dict(sorted({**index.claims, batch_id: claim}.items()))
        merged, left = _table(claim, known_images(own)), dict(index.segments)
        for key, images in sorted(index.segments.items(), key=lambda item: (item[1], item[0])):
            if images > _SWALLOWS_UP_TO * merged.num_rows:
                break
            merged = pa.concat_tables([merged, segments[key]])
            del left[key]
        merged = merged.filter(_is_of(merged, claims.values())).sort_by("image_id")
        buffer = BytesIO()
        pq.write_table(merged, buffer, compression="zstd")
        content = buffer.getvalue()
        key = keys.fingerprints(hashlib.sha256(content).hexdigest()[:32])
        self.records.bucket.put_once(key, content)
        segments_left = {**left, key: merged.num_rows}
        return index.model_copy(update={"claims": claims, "segments": segments_left})


def _claim(batch_id: str, own: Sequence[Fingerprint]) -> str:
    digest = hashlib.sha256(batch_id.encode())
    for fingerprint in own:
        digest.update(fingerprint.to_json())
    return digest.hexdigest()[:16]


def _table(claim: str, images: KnownImages) -> pa.Table:
    hashes = {name: pa.array(getattr(images, name)) for name in _HASHES}
    ids = pa.array(images.image_ids.tolist(), pa.string())
    claims = pa.array([claim] * len(ids), pa.string())
    patterns = pa.array(images.patterns, pa.binary())
    columns = {"claim": claims, "image_id": ids, **hashes, "patterns": patterns}
    return pa.table(columns, schema=_SCHEMA)


def _known(segments: Mapping[str, pa.Table], claims: Iterable[str]) -> KnownImages:
    """All images under these claims, sorted by id."""
    everything = pa.concat_tables([_SCHEMA.empty_table(), *segments.values()])
    kept = everything.filter(_is_of(everything, claims)).sort_by("image_id")
    ids = np.array(kept["image_id"].to_pylist(), dtype=np.str_)
    contents, pixels, phashes, dhashes = (kept[name].to_numpy() for name in _HASHES)
    return KnownImages(ids, contents, pixels, phashes, dhashes, kept["patterns"].to_pylist())


def _each_once(table: pa.Table) -> pa.Table:
    """The first row of each image."""
    places = table.append_column("place", pa.array(np.arange(table.num_rows)))
    first = places.group_by("image_id", use_threads=False).aggregate([("place", "min")])
    return table.take(first["place_min"])


def _is_of(table: pa.Table, claims: Iterable[str]) -> pa.ChunkedArray:
    return pc.is_in(table["claim"], pa.array(list(claims), pa.string()))
