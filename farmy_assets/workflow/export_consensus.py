"""The consensus of a Label Studio export, in the form of an export again."""

from collections.abc import Sequence
from typing import Any

from farmy_assets.annotation.question_answers import answers_of, merged
from farmy_assets.annotation.quorum import AgreedRegion
from farmy_assets.label_studio.exports import ExportedTask
from farmy_assets.label_studio.question_forms import results_of
from farmy_assets.label_studio.read_configs import ReadConfig
from farmy_assets.label_studio.regions import FORMS, region_to_result
from farmy_assets.workflow.export_comparison import ComparedImage


def consensus_task(
    task: ExportedTask, images: Sequence[ComparedImage], config: ReadConfig
) -> dict[str, Any]:
    """The task with one annotation: what enough people drew, each region with its score.

    Label Studio imports it. A task that everybody skipped has a cancelled annotation; one that
    nobody answered has none. Answers are kept that most people gave, to questions that at least
    half of them answered.
    """
    results = [
        entry
        for place, image in enumerate(images)
        for entry in (*_regions(image, place, config), *_choices(image, place, config))
    ]
    is_answered = any(image.answers for image in images)
    annotation = {"result": results, "was_cancelled": not is_answered, "ground_truth": False}
    skipped = any(image.skipped_by for image in images)
    return {
        "id": int(task.task_id) if task.task_id.isdecimal() else task.task_id,
        "data": task.data,
        "annotations": [annotation] if is_answered or skipped else [],
    }


def _regions(image: ComparedImage, place: int, config: ReadConfig) -> list[dict[str, Any]]:
    if image.size_px is None:
        return []
    found = []
    for agreed in image.agreed:
        result = region_to_result(
            agreed.region,
            region_id=_id_of(agreed, image),
            width_px=image.size_px[0],
            height_px=image.size_px[1],
        )
        people = {"score": round(agreed.score, 4), "meta": {"people": list(agreed.people)}}
        names = {"from_name": _control(agreed, config), "to_name": config.control}
        found.append({**result, **names, **people, **_place(place, config)})
        kinds = {name: question.kind for name, question in config.questions.items()}
        said = results_of(agreed.region.attributes, kinds, of=result, to_name=config.control)
        found += [entry | _place(place, config) for entry in said]
    return found


def _place(place: int, config: ReadConfig) -> dict[str, int]:
    return {"item_index": place} if config.is_list else {}


def _id_of(agreed: AgreedRegion, image: ComparedImage) -> str:
    """The id of the first person's region: the same whenever the same people drew it."""
    drawn = image.answers[agreed.people[0]].regions
    nearest = max(drawn, key=lambda each: _likeness(each.region, agreed))
    return nearest.region_id


def _likeness(region: Any, agreed: AgreedRegion) -> float:  # noqa: ANN401 - of the agreed one's kind
    return region.likeness(agreed.region) if region.kind == agreed.region.kind else -1.0


def _control(agreed: AgreedRegion, config: ReadConfig) -> str:
    """The config's own tool for this kind and class."""
    tag = FORMS[agreed.region.kind].CONTROL
    label = agreed.region.label
    tools = [tool for tool in config.tools.values() if label in tool.labels]
    fitting = [tool.name for tool in tools if tool.tag == tag]
    return (fitting or [tool.name for tool in tools])[0]


def _choices(image: ComparedImage, place: int, config: ReadConfig) -> list[dict[str, Any]]:
    asked = {name: q.kind for name, q in config.questions.items() if q.kind == "choice"}
    agreed = merged([answers_of(answer.choices) for answer in image.answers.values()])
    found = results_of(agreed, asked, to_name=config.control)
    return [{**e, "id": f"{e['from_name']}-{place}", **_place(place, config)} for e in found]
