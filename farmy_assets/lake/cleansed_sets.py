"""Cleansed sets: what became of each image of a batch, stored by campaign.

Records of earlier versions lie beside the campaigns' folders, under the batch alone. They are read
where no newer record stands in their place, and moved when their batch is written again, or all at
once by `move_unfiled`. The new record is written before the old one is deleted: killed between,
both are there, and the new one counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.errors import ObjectMissingError
from farmy_assets.lake import keys
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore


@dataclass(frozen=True)
class CleansedSetRepository:
    """Reads and writes the cleansed set of each batch."""

    records: RecordStore

    def of(self, campaign: str, batch_id: str) -> CleansedSet | None:
        """The cleansed set of a campaign's batch; None while there is none."""
        key, unfiled = keys.cleansed_set(campaign, batch_id), keys.unfiled_cleansed_set(batch_id)
        if found := self.records.find(key, CleansedSet):
            return found
        if (found := self.records.find(unfiled, CleansedSet)) and found.campaign == campaign:
            return found
        return self.records.find(key, CleansedSet)  # it may have been moved between the two looks

    def read(self, campaign: str, batch_id: str) -> CleansedSet:
        """The cleansed set of a campaign's batch.

        Raises:
            ObjectMissingError: The batch is not cleansed yet.
        """
        if (found := self.of(campaign, batch_id)) is None:
            msg = f"batch {batch_id} of campaign {campaign} has no cleansed set yet"
            raise ObjectMissingError(msg)
        return found

    def exists(self, campaign: str, batch_id: str) -> bool:
        """Whether a batch was cleansed; costs one request, or three while it was not."""
        key, unfiled = keys.cleansed_set(campaign, batch_id), keys.unfiled_cleansed_set(batch_id)
        sizes = map(self.records.bucket.size_bytes, (key, unfiled, key))  # moved: as in `of`
        return any(size is not None for size in sizes)

    def all(self, campaign: str) -> list[CleansedSet]:
        """All cleansed sets of a campaign, in the order of its batches.

        Reads those of this campaign alone, and what earlier versions left that was not moved yet.
        """
        # Listed first: one that is moved between the two listings is then in both, not in none.
        unfiled = list(self.records.bucket.keys_at(keys.CLEANSED_SETS))
        filed = list(self.records.bucket.keys(keys.cleansed_set(campaign)))
        moved = set(map(keys.record_name, filed))
        left = [key for key in unfiled if keys.record_name(key) not in moved]
        sets = [found for found in self._read([*left, *filed]) if found.campaign == campaign]
        return sorted(sets, key=lambda found: found.batch_id)

    def everywhere(self) -> list[CleansedSet]:
        """The cleansed sets of all campaigns, in the order of the batches."""
        found = self._read([item.key for item in self.listing()])
        return sorted(found, key=lambda each: each.batch_id)

    def listing(self) -> Iterator[ListedObject]:
        """The objects that hold the cleansed sets of all campaigns; each batch once."""
        unfiled = set(self.records.bucket.keys_at(keys.CLEANSED_SETS))
        listed = list(self.records.bucket.listing(keys.CLEANSED_SETS))
        moved = {keys.record_name(item.key) for item in listed if item.key not in unfiled}
        for item in listed:
            if item.key not in unfiled or keys.record_name(item.key) not in moved:
                yield item

    def etags(self, campaign: str) -> dict[str, str]:
        """Batch id to the ETag of its cleansed set, which differs whenever the set does.

        Sets that earlier versions left may be of other campaigns. A set that is moved keeps its
        bytes, and with them its ETag.
        """
        bucket, found = self.records.bucket, dict[str, str]()
        if unfiled := set(bucket.keys_at(keys.CLEANSED_SETS)):
            listed = bucket.listing(keys.CLEANSED_SETS)
            found = {keys.record_name(i.key): i.etag for i in listed if i.key in unfiled}
        filed = bucket.listing(keys.cleansed_set(campaign))
        return found | {keys.record_name(item.key): item.etag for item in filed}

    def write(self, cleansed: CleansedSet) -> None:
        """Write a batch's cleansed set, in place of an older one."""
        self.records.replace(keys.cleansed_set(cleansed.campaign, cleansed.batch_id), cleansed)
        unfiled = keys.unfiled_cleansed_set(cleansed.batch_id)
        if self.records.bucket.size_bytes(unfiled) is not None:
            self.records.bucket.delete(unfiled)

    def move_unfiled(self) -> int:
        """Move all records of earlier versions to their campaigns; returns how many were moved.

        May be killed and repeated, and may run beside the batches' own runs: a set that was written
        meanwhile stays. An object that is no cleansed set stays where it is.
        """
        return sum(in_threads(self._move, self.records.bucket.keys_at(keys.CLEANSED_SETS)))

    def _move(self, unfiled: str) -> bool:
        found = self.records.ours(unfiled, CleansedSet)
        if found is None or keys.unfiled_cleansed_set(found.batch_id) != unfiled:
            return False
        self.records.write_once(keys.cleansed_set(found.campaign, found.batch_id), found)
        self.records.bucket.delete(unfiled)
        return True

    def _read(self, found: list[str]) -> list[CleansedSet]:
        sets = in_threads(lambda key: self.records.ours(key, CleansedSet), found)
        return [each for each in sets if each is not None]
