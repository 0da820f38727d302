"""From queue messages to the catalog: what the Lambda does, without the Lambda.

The events of one delivery are merged first: of several about one image only the newest counts, as
it would in any order. What is left is looked up in threads and written together. Events of incoming
bytes and of corrections (`other_events.py`) arrive in the same queue.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from farmy_assets.catalog.entry import CatalogEntry, EntryState, ObjectEvent, object_events
from farmy_assets.errors import FarmyError, InvalidInputError
from farmy_assets.ingestion.other_events import OtherEvents
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.raw_zone import RawZone

logger = logging.getLogger(__name__)

SHOWN = 200


@dataclass(frozen=True)
class Delivery:
    """The result of one delivery of messages.

    Attributes:
        changed: How many entries were written.
        failed: Place of each message that has to be delivered again, and why. Its other
            records were applied all the same.
        other_events: How many events there were of each kind that does not concern the catalog.
        malformed_records: How many records were no events of S3.
    """

    changed: int
    failed: Mapping[int, FarmyError]
    other_events: Mapping[str, int] = field(default_factory=dict)
    malformed_records: int = 0


@dataclass(frozen=True)
class EventIntake:
    """Turns changes in the raw zone into catalog entries."""

    raw: Bucket
    catalog: CatalogTable
    quotas: Quotas | None = None

    def take(self, message_body: str, *, now: datetime) -> int:
        """Apply the events of one message; returns how many changed the catalog.

        Raises:
            InvalidInputError: The message, or a record of it, is not an S3 event.
            LakeUnavailableError: The message has to be delivered again.
        """
        delivery = self.take_all([message_body], now=now)
        for error in delivery.failed.values():
            raise error
        return delivery.changed

    def take_all(self, message_bodies: Sequence[str], *, now: datetime) -> Delivery:
        """Apply the events of all messages of a delivery; one that fails does not delay the others.

        A message with a record that is no event fails, after its other records were applied: so it
        reaches the dead letters, where a person finds the record.
        """
        failed: dict[int, FarmyError] = {}
        messages_of: dict[str, set[int]] = defaultdict(set)
        newest: dict[str, ObjectEvent] = {}
        others: Counter[str] = Counter()
        of_other_objects: dict[str, list[int]] = defaultdict(list)
        malformed = 0
        for place, body in enumerate(message_bodies):
            try:
                events = object_events(body)
            except InvalidInputError as error:
                failed[place] = error
                continue
            others.update(name[:SHOWN] for name in events.other_names)
            malformed += len(events.malformed)
            if events.malformed:
                failed[place] = _not_events(events.malformed)
            for event in events:
                image_id = keys.image_id_of_raw_key(event.key)
                if image_id is None:
                    _note(event, place, of_other_objects)
                    continue
                messages_of[image_id].add(place)
                before = newest.get(image_id)
                if before is None or before.sequencer < event.sequencer:
                    newest[image_id] = event

        for name, count in sorted(others.items()):
            logger.warning("%d events of a kind that changes no entry: %r", count, name)

        changed = self._handle_others(of_other_objects, failed, now=now)
        looked_up = in_threads(lambda item: self._entry(*item), newest.items())
        entries = [entry for entry in looked_up if isinstance(entry, CatalogEntry)]
        written = self.catalog.apply_all(entries, now=now)
        outcomes = dict(zip((entry.image_id for entry in entries), written, strict=True))
        for image_id, outcome in (*zip(newest, looked_up, strict=True), *outcomes.items()):
            if isinstance(outcome, FarmyError):
                failed |= dict.fromkeys(messages_of[image_id], outcome)
        return Delivery(
            changed=changed + sum(o is True for o in outcomes.values()),
            failed=failed,
            other_events=dict(others),
            malformed_records=malformed,
        )

    def _handle_others(
        self, others: Mapping[str, Sequence[int]], failed: dict[int, FarmyError], *, now: datetime
    ) -> int:
        """Do what the events of other objects ask for; how many entries changed, and who failed."""
        work = OtherEvents(self.raw, self.catalog, self.quotas)
        done = in_threads(
            lambda item: work.handle(item[0], events=len(item[1]), now=now), others.items()
        )
        for places, outcome in zip(others.values(), done, strict=True):
            if isinstance(outcome, FarmyError):
                failed |= dict.fromkeys(places, outcome)
        return sum(outcome is True for outcome in done)

    def _entry(self, image_id: str, event: ObjectEvent) -> CatalogEntry | FarmyError:
        try:
            is_there = not event.removed
            if event.of_version:
                is_there = self.raw.head(event.key) is not None
            return CatalogEntry(
                image_id=image_id,
                state=EntryState.PRESENT if is_there else EntryState.DELETED,
                sequencer=event.sequencer,
                # Also for a removal, so that an entry does not depend on what came before it.
                metadata=RawZone(self.raw).find_metadata(image_id),
            )
        except FarmyError as error:
            return error


def _note(event: ObjectEvent, place: int, of_other_objects: Mapping[str, list[int]]) -> None:
    if OtherEvents.concern(event):
        of_other_objects[event.key].append(place)
    else:
        logger.warning("not an image of ours, left alone: %r", event.key[:SHOWN])


def _not_events(malformed: Sequence[str]) -> InvalidInputError:
    rest = f", and {len(malformed) - 1} more" if len(malformed) > 1 else ""
    return InvalidInputError(f"not an S3 event: {malformed[0][:SHOWN]}{rest}")
