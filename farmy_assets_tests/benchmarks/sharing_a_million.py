"""Sharing out a million images among 500 people at once, in a process of its own.

    python -m farmy_assets_tests.benchmarks.sharing_a_million

Batches are a thousand times smaller; this is the largest question that the function can be asked.
"""

import json
import resource
import subprocess
import sys
import time
from datetime import date
from typing import Annotated

import typer

from farmy_assets.annotation.assignments import share_out
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.image_facts import ImageFacts
from farmy_assets.annotation.sharing_counters import Earlier, SharingCounters
from farmy_assets_tests.benchmarks.sharing_out import PEOPLE, rules

MODULE = "farmy_assets_tests.benchmarks.sharing_a_million"
IMAGES = 1_000_000
LIMIT_S, LIMIT_MB = 60, 2_000
CROPS = ("maize", "beet", "rye")
IMAGES_A_FIELD = 300
TASKS_A_DAY = 80
TODAY = date(2026, 6, 1)
KINDS = {
    "plain": "an overlap of 30 % by two",
    "everything": "overlap, skills, limits a day, leases, fields kept together",
}


def rows() -> list[str]:
    """The rows of the page of measurements."""
    return [_row(kind) for kind in KINDS]


def _row(kind: str) -> str:
    command = [sys.executable, "-m", MODULE, "--kind", kind]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(output)
    return (
        f"| sharing out {IMAGES:,} images at once among {PEOPLE} people: {KINDS[kind]} | "
        f"{found['seconds']:.0f} s ({found['processor_s']:.0f} s of the processor), "
        f"{found['peak_mb']:,.0f} MB | {LIMIT_S} s, {LIMIT_MB:,} MB |"
    )


def _campaign(kind: str) -> Campaign:
    plain = rules(PEOPLE)
    if kind == "plain":
        return plain
    return plain.model_copy(
        update={
            "annotators": tuple(_skilled(person, n) for n, person in enumerate(plain.annotators)),
            "lease_days": 5,
            "keep_together": ("field", "near_duplicate"),
        }
    )


def _skilled(person: Person, number: int) -> Person:
    """Every second person has one crop as a skill; everybody has a limit."""
    skills = (CROPS[number % len(CROPS)],) if number % 2 else ()
    return person.model_copy(update={"skills": skills, "tasks_a_day": TASKS_A_DAY})


def _facts(images: list[str]) -> dict[str, ImageFacts]:
    words = [frozenset({crop}) for crop in CROPS]
    fields = [f"field {n}" for n in range(len(images) // IMAGES_A_FIELD + 1)]
    return {
        image_id: ImageFacts(words[field % len(words)], fields[field])
        for n, image_id in enumerate(images)
        for field in (n // IMAGES_A_FIELD,)
    }


def main(
    kind: Annotated[str, typer.Option(help="plain or everything; else both rows.")] = "",
) -> None:
    """Measure, and print the figures of one kind as JSON, or the rows of both."""
    if not kind:
        typer.echo("\n".join(rows()))
        return
    campaign = _campaign(kind)
    images = [f"{n:032x}-{0:012x}" for n in range(IMAGES)]
    facts = _facts(images) if kind != "plain" else {}
    began, worked = time.perf_counter(), time.process_time()
    given = share_out(
        images, campaign=campaign, batch_id="000001-20260601T000000Z",
        earlier=Earlier(SharingCounters(), frozenset()), facts=facts, today=TODAY,
    )  # fmt: skip
    seconds, processor_s = time.perf_counter() - began, time.process_time() - worked
    if len({each.image_id for each in given}) != IMAGES:
        msg = f"{len(given)} assignments were made"
        raise ValueError(msg)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": seconds, "processor_s": processor_s, "peak_mb": peak_mb}
    typer.echo(json.dumps(figures))


if __name__ == "__main__":
    typer.run(main)
