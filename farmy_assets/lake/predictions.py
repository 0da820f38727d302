"""Predictions of models, and which tasks show them.

Predictions are written once, in parts of a batch; an image that a part has is not in a later one.
A model's own record comes before its first part.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from farmy_assets.annotation.campaign import ShownModel
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictionModel
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.numbered_log import NumberedLog
from farmy_assets.lake.record_store import RecordStore

ShownChanges = Mapping[str, Mapping[str, ShownModel | None]]
"""Person to image id to the model whose predictions the task shows now; None for none."""


class ShownPredictions(Record):
    """Which tasks of a batch show predictions; written after they are there.

    Attributes:
        shown: Person to image id to the model; of a task that showed several, the last.
    """

    batch_id: str
    campaign: str
    shown: dict[str, dict[str, ShownModel]] = Field(default_factory=dict)

    def changed(self, changes: ShownChanges) -> "ShownPredictions":
        """The same after tasks were made to show predictions, or to show them no more (None)."""
        merged = {}
        for person in sorted(self.shown.keys() | changes.keys()):
            of_person = {**self.shown.get(person, {}), **changes.get(person, {})}
            merged[person] = {i: model for i, model in sorted(of_person.items()) if model}
        return self.model_copy(update={"shown": {p: m for p, m in merged.items() if m}})


@dataclass(frozen=True)
class PredictionRepository:
    """Reads and adds predictions, and keeps which tasks show them."""

    records: RecordStore

    def register(self, model: PredictionModel) -> None:
        """Keep what a model's name stands for, once and for all.

        Raises:
            InvalidInputError: The name stands for another file, or was made with other settings.
        """
        key = keys.prediction_model(model.campaign, model.name)
        if self.records.write_once(key, model):
            return
        present = self.records.read(key, PredictionModel)
        if present != model:
            msg = (
                f"{model.campaign} has predictions of another model {model.name} ("
                f"{present.origin}, {present.source}), or of other settings: give this one another "
                "--model-version"
            )
            raise InvalidInputError(msg)

    def model(self, campaign: str, name: str) -> PredictionModel | None:
        """What a model's name stands for; None before it was registered."""
        return self.records.find(keys.prediction_model(campaign, name), PredictionModel)

    def models(self, campaign: str) -> list[str]:
        """The names of all models of a campaign; lists their parts as well."""
        prefix = keys.prediction_model(campaign, "").partition("/model.json")[0]
        found = self.records.bucket.keys(prefix)
        return sorted({key.split("/")[2] for key in found if key.endswith("/model.json")})

    def of_batch(self, campaign: str, name: str, batch_id: str) -> dict[str, ImagePredictions]:
        """A model's predictions on a batch's images, by image id."""
        log = self._log(campaign, name, batch_id)
        parts = (log.key_of(number) for number in log.after(0))
        found: dict[str, ImagePredictions] = {}
        for each in self.records.lines(parts, ImagePredictions):
            found.setdefault(each.image_id, each)
        return found

    def of_model(self, campaign: str, name: str) -> Iterator[ImagePredictions]:
        """All predictions of a model, a few parts in memory at a time."""
        prefix = keys.predictions(campaign, name, "", 0).partition("//")[0] + "/"
        yield from self.records.read_lines(prefix, ImagePredictions)

    def add(
        self, campaign: str, name: str, batch_id: str, predictions: Sequence[ImagePredictions]
    ) -> None:
        """Add a part of a batch; what other parts have by then is not added again."""
        left = {each.image_id: each for each in predictions}

        def learn(content: bytes) -> None:
            for each in self.records.parsed_lines(batch_id, content, ImagePredictions):
                left.pop(each.image_id, None)

        def content() -> bytes | None:
            return b"".join(left[i].to_line() + b"\n" for i in sorted(left)) or None

        log = self._log(campaign, name, batch_id)
        log.append(after=0, content=content, learn=learn, media_type="application/x-ndjson")

    def shown(self, campaign: str, batch_id: str) -> ShownPredictions:
        """Which tasks of a batch show predictions."""
        found = self.records.find(keys.shown_predictions(campaign, batch_id), ShownPredictions)
        return found or ShownPredictions(batch_id=batch_id, campaign=campaign)

    def was_anything_shown(self, campaign: str) -> bool:
        """Whether any task of a campaign ever showed predictions; costs one listing."""
        found: Iterable[str] = self.records.bucket.keys(keys.shown_predictions(campaign))
        return next(iter(found), None) is not None

    def note_shown(self, campaign: str, batch_id: str, changes: ShownChanges) -> None:
        """Note which tasks of a batch show predictions by now, by compare-and-swap.

        Args:
            campaign: The campaign.
            batch_id: The batch.
            changes: Person to image id to the model; None for a task that shows none any more.
        """
        key = keys.shown_predictions(campaign, batch_id)
        while True:
            found, etag = self.records.find_with_etag(key, ShownPredictions)
            before = found or ShownPredictions(batch_id=batch_id, campaign=campaign)
            after = before.changed(changes)
            if after == before or self.records.bucket.put_if(key, after.to_json(), etag=etag):
                return

    def _log(self, campaign: str, name: str, batch_id: str) -> NumberedLog:
        return NumberedLog(self.records.bucket, partial(keys.predictions, campaign, name, batch_id))
