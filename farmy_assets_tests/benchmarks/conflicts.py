"""The benchmark of conflicts and consensus: `make bench-conflicts`.

Writes what it measured, with the machine named, to docs/benchmarks.md: how fast an export is
compared, how fast images are judged, and how right both are beside Datumaro.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import psutil
import typer

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign, LabelClass, Person
from farmy_assets.annotation.consensus import judge_image
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets_tests.benchmarks import page, truth
from farmy_assets_tests.benchmarks.datumaro_merge import merged_by_datumaro
from farmy_assets_tests.benchmarks.peers import PeerFailedError
from farmy_assets_tests.benchmarks.simulated_people import (
    CLASSES,
    HEIGHT_PX,
    KINDS,
    WIDTH_PX,
    Habits,
    SimulatedImage,
    simulated_image,
)

PEOPLE = ("anna", "ben", "eva")
BOXES = 5
MEGABYTE = 1e6
_LOOK_EVERY_S = 0.2
_DISTINCT = 2_000  # images of the export that are drawn; the others repeat them under other ids
_IMAGES = {"box": 1_000, "rotated_box": 400, "polygon": 300, "mask": 120, "keypoint": 1_000}
_AGREEING = Habits(confusion=0, missed=0, extra=0, jitter=0.02)
"""Of images that are judged for speed: what people agree on is fused, which takes longest."""

_JUDGED = {"box": 2_000, "polygon": 200, "mask": 100}


class Run(NamedTuple):
    """What a command cost; memory is that of all of its processes together, at its peak."""

    seconds: float
    processor_s: float
    peak_mb: float


def main(
    images: Annotated[int, typer.Option(help="Images of the export.")] = 100_000,
    share: Annotated[float, typer.Option(help="How much of the images for quality.")] = 1.0,
) -> None:
    """Measure conflicts and consensus on this machine, and write the page."""
    rows = page.Rows("conflicts")
    rows.add(page.measured_on(), "")
    with tempfile.TemporaryDirectory(prefix="farmy-bench-") as folder:
        run = _compared(Path(folder), images)
    rows.add(
        "| what | measured | target |",
        "| --- | --- | --- |",
        f"| `farmy conflicts`, {images:,} images, {len(PEOPLE)} people, {BOXES} boxes each | "
        f"{run.seconds:.0f} s | 120 s |",
        f"| its processor time | {run.processor_s:.0f} s | |",
        f"| peak memory of all its processes | {run.peak_mb:.0f} MB | 1000 MB |",
    )
    for kind, count in _JUDGED.items():
        for people in (2, 3):
            rate = judged_a_second(kind, people, count)
            target = {"mask": "200", "box": f"{100_000 / 120:.0f}"}.get(kind, "")
            rows.add(f"| images judged a second, {kind}, {people} people | {rate:.0f} | {target} |")
    rows.add("", *_TITLE)
    for kind in KINDS:
        for people in (2, 3, 5):
            rows.add(_row(kind, people, max(20, int(share * _IMAGES[kind]))))
    typer.echo(rows.publish())


def _compared(folder: Path, images: int) -> Run:
    export, config = folder / "export.json", folder / "config.xml"
    page.say(f"writing an export of {images:,} images")
    with export.open("w") as stream:
        stream.writelines(_export(images))
    labels = "".join(f'<Label value="{name}"/>' for name in CLASSES)
    config.write_text(
        '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
        f"{labels}</RectangleLabels></View>"
    )
    page.say(f"comparing {export.stat().st_size / MEGABYTE:.0f} MB")
    words = ["conflicts", str(export), "--label-config", str(config), "--out", str(folder / "out")]
    began = time.perf_counter()
    # Its output is nothing to wait for; a failure shows in the code.
    process = psutil.Popen(
        [sys.executable, "-m", "farmy_assets.cli", *words], stdout=subprocess.DEVNULL
    )
    peak, used = 0.0, dict[int, float]()
    while process.poll() is None:
        peak = max(peak, _look_at(process, used))
        time.sleep(_LOOK_EVERY_S)
    if process.returncode:
        msg = f"farmy conflicts failed with {process.returncode}"
        raise RuntimeError(msg)
    return Run(time.perf_counter() - began, sum(used.values()), peak)


def _look_at(process: psutil.Process, used: dict[int, float]) -> float:
    """The memory of a process and its children in MB; their processor time goes to `used`."""
    memory = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
            used[each.pid] = times.user + times.system
            memory += each.memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return memory / MEGABYTE


def _export(images: int) -> Iterator[str]:
    chance = np.random.default_rng(truth.SEED)
    habits = dict.fromkeys(PEOPLE, Habits())
    drawn = [
        json.dumps(_annotations(simulated_image("box", habits, chance, objects=BOXES)))
        for _ in range(min(images, _DISTINCT))
    ]
    for number in range(images):
        data = json.dumps({"image": f"s3://images/{number}.jpg"})
        start = ",\n" if number else "["
        answers = drawn[number % len(drawn)]
        yield f'{start}{{"id": {number}, "data": {data}, "annotations": {answers}}}'
    yield "]\n"


def _annotations(image: SimulatedImage) -> list[dict[str, object]]:
    return [
        {
            "id": n, "completed_by": {"id": n, "email": f"{person}@example.com"},
            "was_cancelled": False, "updated_at": "2026-06-01T08:00:00Z", "lead_time": 20.0,
            "result": [
                region_to_result(
                    d.region, region_id=f"{n}-{i}", width_px=WIDTH_PX, height_px=HEIGHT_PX
                )
                for i, d in enumerate(drawn)
            ],
        }
        for n, (person, drawn) in enumerate(image.answers.items())
    ]  # fmt: skip


def judged_a_second(kind: str, people: int, images: int) -> float:
    """How many images two processes judge in a second of their own: matching, conflicts, fusing."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        seconds = pool.map(_seconds_to_judge, [kind] * 2, [people] * 2, [images] * 2)
        return sum(images / each for each in seconds)


def _seconds_to_judge(kind: str, people: int, images: int) -> float:
    names = [f"p{n}" for n in range(people)]
    campaign = Campaign(
        name="truth", crop="maize",
        classes=tuple(LabelClass(id=n, name=name) for n, name in enumerate(CLASSES, start=1)),
        annotators=tuple(Person(name=n, email=f"{n}@example.com") for n in names),
        adjudicator=Person(name="judge", email="judge@example.com"),
    )  # fmt: skip
    asked = [
        Assignment(
            campaign="truth", phase=Phase.ANNOTATION, image_id="image", person=name,
            task_key="image", batch_id="batch",
        )
        for name in names
    ]  # fmt: skip
    chance = np.random.default_rng(truth.SEED)
    habits = dict.fromkeys(names, _AGREEING)
    all_votes = [
        truth.votes_on(simulated_image(kind, habits, chance, objects=BOXES))
        for _ in range(images + 1)
    ]
    judge_image("image", assignments=asked, votes=all_votes.pop(), campaign=campaign)  # imports
    began = time.process_time()
    for votes in all_votes:
        judge_image("image", assignments=asked, votes=votes, campaign=campaign)
    return time.process_time() - began


_TITLE = (
    "| regions | people | best person: F1 | IoU | consensus: F1 | IoU | Datumaro: F1 | IoU | "
    "conflicts: recall | precision | other class found |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def _row(kind: str, people: int, count: int) -> str:
    page.say(f"{kind}, {people} people, {count} images")
    images = truth.simulated(kind, people, count)
    found = truth.measured(kind, images)
    theirs = _datumaro(kind, people, images)
    cells = [
        *(f"{value:.3f}" for value in (*found.best_person, *found.consensus)), *theirs,
        *(f"{value:.3f}" for value in found.conflicts),
    ]  # fmt: skip
    return f"| {kind} ({count} images) | {people} | {' | '.join(cells)} |"


def _datumaro(kind: str, people: int, images: list[SimulatedImage]) -> list[str]:
    """F1 and mean IoU with the quorum that gives it the best F1, or why there are none."""
    try:
        merged = merged_by_datumaro(kind, images, quorums=range(1, people + 1))
    except PeerFailedError as error:
        return [f"fails: {error}", "-"]
    scores = [
        truth.score((i.truth, regions) for i, regions in zip(images, of_quorum, strict=True))
        for of_quorum in merged
    ]
    best = max(scores)
    return [f"{best.f1:.3f} (quorum {scores.index(best) + 1})", f"{best.mean_iou:.3f}"]


if __name__ == "__main__":
    typer.run(main)
