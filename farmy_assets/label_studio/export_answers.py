"""What an exported answer says: regions with their ids and attributes, choices, and problems.

One region can be several entries of a result list, held together by their id: the shape, the class
(with `<Labels>` and `<Rectangle>` apart), and what was answered about it. Every entry is either
understood or named in a problem.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from farmy_assets.annotation.question_answers import answers_of, in_plain_words
from farmy_assets.annotation.region import Region
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.question_forms import said_in
from farmy_assets.label_studio.read_configs import ReadConfig
from farmy_assets.label_studio.region_values import finite
from farmy_assets.label_studio.regions import FORMS, region_from_result

_SHAPES = {"rectangle", "polygon", "brush", "ellipse", "keypoint", "vector", "bitmask"}
_LARGEST_SIDE_PX = 100_000


class DrawnRegion(NamedTuple):
    """A region with what was answered about it, and its id in the export."""

    region: Region
    region_id: str


class DrawnAnswer(NamedTuple):
    """What one person said of one image.

    Attributes:
        regions: What was drawn and understood.
        choices: Question to what was chosen, each sorted; a text or number is one choice.
        problems: What was not understood, each with the id of its region.
        size_px: Width and height of the image as the regions say; None when none says it.
    """

    regions: tuple[DrawnRegion, ...]
    choices: dict[str, tuple[str, ...]]
    problems: tuple[str, ...]
    size_px: tuple[int, int] | None


def read_answer(results: Sequence[Any], config: ReadConfig) -> dict[int, DrawnAnswer]:
    """What an answer says of each image of its task, by the image's place (0 for the only one)."""
    by_image: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    foreign = 0
    for entry in results:
        if isinstance(entry, Mapping):
            place = entry.get("item_index")
            by_image[place if isinstance(place, int) and place > 0 else 0].append(entry)
        else:
            foreign += 1
    found = {place: _read_image(entries, config) for place, entries in by_image.items()}
    if foreign:
        first = found.get(0, DrawnAnswer((), {}, (), None))
        problem = f"{foreign} entries are no objects"
        found[0] = first._replace(problems=(*first.problems, problem))
    return found or {0: DrawnAnswer((), {}, (), None)}


def _read_image(entries: Sequence[Mapping[str, Any]], config: ReadConfig) -> DrawnAnswer:
    parts: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for number, entry in enumerate(entries, start=1):
        parts[str(entry.get("id") or f"entry {number}")].append(entry)
    regions: list[DrawnRegion] = []
    choices: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    kinds = _kinds(entries)
    size_px = next(filter(None, map(_size_px, entries)), None)
    for region_id, of_region in parts.items():
        shape = _shape(of_region)
        answers, unreadable = _answers(of_region, config)
        problems += [f"region {region_id}: {problem}" for problem in unreadable]
        if shape is None:
            choices |= {name: _as_texts(value) for name, value in answers.items() if value != ()}
            if not answers and not unreadable:
                problems.append(f"region {region_id} is of a kind that is not known")
            continue
        try:
            region = _region(shape, config, kinds, size_px)
        except InvalidInputError as error:
            problems.append(f"region {region_id} {error}")
            continue
        if attributes := answers_of(
            {name: value for name, value in answers.items() if value != ()}
        ):
            region = region.model_copy(update={"attributes": attributes})
        regions.append(DrawnRegion(region, region_id))
    return DrawnAnswer(tuple(regions), choices, tuple(problems), size_px)


def _kinds(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The kinds that an image's results are read as.

    Upright and turned boxes have one form. Where one is turned all are read as turned ones, so
    that they can be compared with each other.
    """
    turned = any(
        isinstance(value := entry.get("value"), Mapping) and value.get("rotation")
        for entry in entries
    )
    other = "box" if turned and "rotated_box" in FORMS else "rotated_box"
    return tuple(kind for kind in FORMS if kind != other)


def _shape(of_region: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The entries of one region that say where and what it is, as one; None when none does."""
    if len(of_region) == 1:
        (only,) = of_region  # as nearly all are: nothing has to be put together
        kind, held = only.get("type"), only.get("value")
        if isinstance(kind, str) and kind.endswith("labels") and isinstance(held, dict):
            return dict(only)
    merged: dict[str, Any] = {}
    value: dict[str, Any] = {}
    for entry in of_region:
        kind, held = entry.get("type"), entry.get("value")
        if not isinstance(kind, str) or not (kind.endswith("labels") or kind in _SHAPES):
            continue
        merged = {**entry, **merged} if kind == "labels" else {**merged, **entry}
        value |= held if isinstance(held, Mapping) else {}
    if not merged:
        return None
    kind = str(merged["type"])
    if kind in _SHAPES and "labels" in value:
        kind += "labels"
        value[kind] = value.pop("labels")
    return {**merged, "type": kind, "value": value}


def _region(
    shape: dict[str, Any],
    config: ReadConfig,
    kinds: tuple[str, ...],
    size_px: tuple[int, int] | None,
) -> Region:
    """The region; one that does not say how large its image is has the size that others say."""
    size = _size_px(shape) or size_px
    if size is None:
        msg = "does not say how large its image is (original_width, original_height)"
        raise InvalidInputError(msg)
    # The names of an export's controls are its own, and may be those of our kinds by chance.
    nameless = {**shape, "from_name": None}
    labels = config.labels | set(_own_labels(shape)) if config.has_more_labels else config.labels
    return region_from_result(
        nameless, kinds=kinds, labels=labels, width_px=size[0], height_px=size[1]
    )


def _own_labels(shape: Mapping[str, Any]) -> list[str]:
    written = shape["value"].get(shape["type"])
    return [str(label) for label in written] if isinstance(written, list) else []


def _size_px(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = finite(entry.get("original_width")), finite(entry.get("original_height"))
    if width is None or height is None:
        return None
    fits = 1 <= width <= _LARGEST_SIDE_PX and 1 <= height <= _LARGEST_SIDE_PX
    return (int(width), int(height)) if fits else None


def _as_texts(value: tuple[str, ...] | float) -> tuple[str, ...]:
    return (in_plain_words(value),) if isinstance(value, float) else value


def _answers(
    entries: Iterable[Mapping[str, Any]], config: ReadConfig
) -> tuple[dict[str, tuple[str, ...] | float], list[str]]:
    """What entries answer to the questions of the config, and what of it cannot be read.

    Chosen values are several everywhere: which config allows how many makes no difference here.
    """
    found: dict[str, tuple[str, ...] | float] = {}
    problems: list[str] = []
    for entry in entries:
        name = entry.get("from_name")
        question = config.questions.get(name) if isinstance(name, str) else None
        if question is None:
            continue
        try:
            said = said_in(entry, question.kind)
        except InvalidInputError as error:
            problems.append(f"the answer to {name} {error}")
            continue
        found[question.name] = said if isinstance(said, float) else tuple(sorted(said))
    return found, problems
