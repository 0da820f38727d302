"""One step of a large campaign in a process of its own, so that its figures are its own alone."""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets_tests.benchmarks.played_studio import CalledStudio
from farmy_assets_tests.benchmarks.synthetic_campaign import (
    BEGAN,
    SyntheticCampaign,
)

NEW_VOTES = 100
MEGABYTE = 1e6
_KILOBYTES_A_MEGABYTE = 1000


class Step(NamedTuple):
    """What a step cost; memory is the process's resident set, before the step and at its peak."""

    seconds: float
    processor_s: float
    before_mb: float
    peak_mb: float
    read_mb: float


def measured(step: str, campaign: str, *, images: int, people: int) -> Step:
    """Do a step in a process of its own, with this process's environment.

    Label Studio is played by whoever called `played_studio.served`.

    Args:
        step: `first` evaluation, `all`: the run that copies what was answered before, a `votes` run
            with 100 new votes, or a sensor's `look`.
        campaign: The campaign's name.
        images: How many it has.
        people: How many annotate.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__, step, campaign, str(images),
         str(people)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        msg = f"{step} of {campaign} failed:\n{done.stderr}"
        raise RuntimeError(msg)
    return Step(*json.loads(done.stdout.splitlines()[-1]))


class _Reading:
    """Counts the bytes that S3 answers with."""

    def __init__(self, lake: Lake) -> None:
        self.count = 0
        lake.records.bucket.client.meta.events.register("after-call.s3", self.add)

    def add(self, http_response: Any, **_: object) -> None:  # noqa: ANN401
        length = http_response.headers.get("content-length")
        self.count += int(length) if length else len(http_response.content)


def _first(lake: Lake, synthetic: SyntheticCampaign) -> Callable[[], object]:
    return lambda: bring_up_to_date(lake, synthetic.campaign)


def _all(lake: Lake, synthetic: SyntheticCampaign, studio: CalledStudio) -> Callable[[], object]:
    """The job, for all that is there."""
    # Only this step and the next ones need all the definitions.
    from farmy_assets.definitions import defs  # noqa: PLC0415

    job, name = defs.resolve_job_def("votes_job"), synthetic.campaign.name
    instance = dg.DagsterInstance.ephemeral()

    def run() -> None:
        resources = {"lake": lake, "studio": studio}
        job.execute_in_process(instance=instance, partition_key=name, resources=resources)

    instance.add_dynamic_partitions("campaigns", [name])
    return run


def _votes(lake: Lake, synthetic: SyntheticCampaign, studio: CalledStudio) -> Callable[[], object]:
    """The job, once with nothing new, as runs begin in a warm process; then for new votes."""
    run = _all(lake, synthetic, studio)
    run()
    count = len(synthetic.image_ids)
    for place, number in enumerate(random.Random(1).sample(range(count), NEW_VOTES)):
        person = synthetic.people_of(number)[0]
        task = synthetic.answer(number, person, later_s=3)
        inbox = next(i for i, _ in synthetic.answers([number]) if i.person == person)
        studio.submit(inbox, task, at=BEGAN + timedelta(days=3, seconds=place))
    return run


def _look(lake: Lake, studio: CalledStudio, stack: ExitStack) -> Callable[[], object]:
    from farmy_assets.definitions import defs  # noqa: PLC0415 - as above
    from farmy_assets.defs.sensors import annotation_completion_sensor  # noqa: PLC0415

    instance = stack.enter_context(dg.DagsterInstance.ephemeral())
    context = stack.enter_context(
        dg.build_sensor_context(
            instance=instance, definitions=defs, resources={"lake": lake, "studio": studio}
        )
    )
    annotation_completion_sensor(context)  # its clients connect
    return lambda: annotation_completion_sensor(context)


def _forget_the_peak() -> None:
    """Let the peak begin at what the process holds now."""
    Path("/proc/self/clear_refs").write_text("5")


def _memory_mb(name: str) -> float:
    """This program's own VmRSS, or its peak, VmHWM.

    getrusage would count the memory of who started it as well.
    """
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / _KILOBYTES_A_MEGABYTE if found else 0.0


def main(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Do a step and print what it cost."""
    step, name, images, people = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    lake = Lake.from_environment(environment)
    synthetic = SyntheticCampaign(name, images=images, people=people)
    with ExitStack() as stack:
        if step == "first":
            act = _first(lake, synthetic)
        else:
            studio = CalledStudio.from_environment(environment)
            if step == "look":
                act = _look(lake, studio, stack)
            else:
                act = (_votes if step == "votes" else _all)(lake, synthetic, studio)
        _forget_the_peak()
        before_mb = _memory_mb("VmRSS")
        reading, began, worked = _Reading(lake), time.perf_counter(), time.process_time()
        act()
        cost = (
            time.perf_counter() - began,
            time.process_time() - worked,
            before_mb,
            _memory_mb("VmHWM"),
            reading.count / MEGABYTE,
        )
    sys.stdout.write(json.dumps(cost) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
