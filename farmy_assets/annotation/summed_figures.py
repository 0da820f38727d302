"""From the sums over all pages to the figures of a campaign: times without outliers, by person."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

from farmy_assets.annotation.campaign_figures import (
    BatchFigures,
    CampaignFigures,
    PersonDay,
    PersonFigures,
    VersionFigures,
    WorkingTimes,
)
from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.page_figures import DayAnswers, PageFigures

MEDIANS_AT_MOST = 10
LONGEST_AT_LEAST_S = 60.0
"""An answer's time counts with at most ten times the median of its phase, or a minute where that
is more: Label Studio counts as long as a page is open, whether or not somebody sits before it."""


def campaign_figures(
    campaign: str,
    version: int,
    *,
    counts: PageCounts,
    pages: PageFigures,
    batches: Iterable[BatchFigures] = (),
    versions: Iterable[VersionFigures] = (),
) -> CampaignFigures:
    """The figures of a campaign.

    Args:
        campaign: Its name.
        version: The version of the rules that its images were judged by.
        counts: What its evaluation counts over all images.
        pages: The sum of the figures of its pages.
        batches: Those of its batches.
        versions: Those of its data set versions, the oldest first.
    """
    times = {phase: _times(people) for phase, people in pages.answers.items()}
    return CampaignFigures(
        campaign=campaign,
        campaign_version=version,
        counts=counts,
        days=tuple(_person_days(pages, times)),
        times=times,
        people=_people(pages),
        in_conflict_since=pages.in_conflict_since,
        settled_on=pages.settled_on,
        answered_twice=pages.answered_twice,
        disputed_twice=pages.disputed_twice,
        classes=pages.classes,
        pairs=pages.pairs,
        worst=pages.worst,
        batches=_total(batches),
        versions=tuple(versions),
    )


def _times(people: Mapping[str, Mapping[str, DayAnswers]]) -> WorkingTimes:
    found = [s for days in people.values() for day in days.values() for s in day.lead_s]
    middle = median(found) if found else 0.0
    longest = max(MEDIANS_AT_MOST * middle, LONGEST_AT_LEAST_S)
    return WorkingTimes(
        median_s=round(middle, 1),
        longest_s=round(longest, 1),
        measured_s=round(sum(found), 1),
        counted_s=round(sum(min(s, longest) for s in found), 1),
    )


def _person_days(pages: PageFigures, times: Mapping[str, WorkingTimes]) -> Iterable[PersonDay]:
    for phase, people in pages.answers.items():
        longest = times[phase].longest_s
        for person, days in people.items():
            for day, found in days.items():
                yield PersonDay(
                    phase=phase, person=person, day=day, answers=found.answers,
                    skipped=found.skipped, changed=found.changed,
                    lead_time_s=round(sum(min(s, longest) for s in found.lead_s), 1),
                    cut_off=sum(s > longest for s in found.lead_s),
                    untimed=found.answers - len(found.lead_s),
                )  # fmt: skip


def _people(pages: PageFigures) -> dict[str, PersonFigures]:
    times: dict[str, list[float]] = defaultdict(list)
    drawing = pages.answers.get(Phase.ANNOTATION.value, {})
    for person, days in drawing.items():
        times[person] = [s for day in days.values() for s in day.lead_s]
    names = {*drawing, *pages.open_tasks, *pages.holding, *pages.people}
    return {
        name: PersonFigures(
            open_tasks=pages.open_tasks.get(name, {}),
            holding=pages.holding.get(name, {}),
            classes=pages.people.get(name, {}),
            median_s=round(median(times[name]), 1) if times[name] else None,
            examples=pages.examples.get(name, ()),
        )
        for name in sorted(names)
    }


def _total(batches: Iterable[BatchFigures]) -> BatchFigures:
    kept, excluded = 0, Counter[str]()
    for batch in batches:
        kept += batch.kept
        excluded.update(batch.excluded)
    return BatchFigures(kept=kept, excluded=dict(sorted(excluded.items())))
