"""The report of a folder or a batch: one page that a person can judge at a glance.

The page holds everything itself: no script, no address of anything else. Names come from outside,
and are escaped wherever they stand.
"""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from farmy_assets.cleansing.check_kinds import Check
from farmy_assets.cleansing.checks import measured_checks, named, reading_checks
from farmy_assets.cleansing.duplicates import DuplicateKind, DuplicateOf, clusters
from farmy_assets.cleansing.histograms import histogram
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import CheckResult, Status, Verdict
from farmy_assets.cleansing.wording import copy_description
from farmy_assets.execution.page_templates import page_template

CARDS = 18
CLUSTERS = 12
CLUSTER_CARDS = 6
LISTED = 200


class Card(NamedTuple):
    """A picture with a name and a line below it; `picture` is a data address, or empty."""

    name: str
    line: str
    picture: str
    is_kept: bool = False


class ReasonSection(NamedTuple):
    """All about one check that fired."""

    check: Check
    verdict: Verdict
    images: int
    cards: tuple[Card, ...]


class ClusterSection(NamedTuple):
    """A kept image, and what shows the same."""

    kept: Card
    dropped: tuple[Card, ...]
    images: int


class Figure(NamedTuple):
    """The distribution of one check's value."""

    check: Check
    drawing: str


@dataclass(frozen=True)
class CleansingReport:
    """What the page is made of.

    Attributes:
        title: The name of what was checked.
        policy: The thresholds.
        qualities: A verdict on each image.
        duplicates: Image id to what it duplicates.
        names: Image id to the name that people know it by; others are shown by their id.
    """

    title: str
    policy: CleansingPolicy
    qualities: Sequence[ImageQuality]
    duplicates: Mapping[str, DuplicateOf]
    names: Mapping[str, str]

    def shown_images(self) -> list[str]:
        """The ids of the images whose pictures the page shows."""
        shown = [q.image_id for _, _, found in self._fired() for q, _ in found[:CARDS]]
        for kept, dropped in self._largest_clusters():
            shown += [kept, *(duplicate.image_id for duplicate in dropped[:CLUSTER_CARDS])]
        return list(dict.fromkeys(shown))

    def page(self, thumbnails: Mapping[str, bytes]) -> bytes:
        """The page, as UTF-8.

        Args:
            thumbnails: Image id to a small JPEG, of those in `shown_images` that have one.
        """
        pictures = {
            image_id: f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
            for image_id, content in thumbnails.items()
        }
        template = page_template(__package__, "report.html.jinja")
        rendered = template.render(
            title=self.title,
            numbers=self.numbers(),
            sections=[self._section(*fired, pictures) for fired in self._fired()],
            figures=self._figures(),
            clusters=[self._cluster(*cluster, pictures) for cluster in self._largest_clusters()],
            cluster_count=len(clusters(self.duplicates)),
            unreadable=self._unreadable()[:LISTED],
            unreadable_count=len(self._unreadable()),
            limits=[(check.title, self.policy.limit(check.name)) for check in measured_checks()],
            settings=self.policy.model_dump(exclude={"limits"}),
            rule_version=self.policy.rule_version,
        )
        return rendered.encode()

    def numbers(self) -> dict[str, int]:
        """How many files there are, and what became of them; `kept` counts those warned of too."""
        fit = [q for q in self.qualities if q.status is Status.FIT]
        kept = [q for q in fit if q.image_id not in self.duplicates]
        statuses = Counter(q.status for q in self.qualities)
        return {
            "files": len(self.qualities),
            "kept": len(kept),
            "warned": sum(bool(q.warnings) for q in kept),
            "duplicates": len(fit) - len(kept),
            "held": statuses[Status.HELD],
            "rejected": statuses[Status.REJECTED],
        }

    def reasons(self) -> dict[str, int]:
        """Failed check to the number of images, the most frequent first."""
        found = Counter(check for q in self.qualities for check in q.reasons)
        found.update(duplicate.kind.value for duplicate in self.duplicates.values())
        return _most_frequent_first(found)

    def warnings(self) -> dict[str, int]:
        """Check to the number of images that it warns of, the most frequent first."""
        return _most_frequent_first(Counter(check for q in self.qualities for check in q.warnings))

    def _fired(self) -> list[tuple[Check, Verdict, list[tuple[ImageQuality, CheckResult]]]]:
        """Each check with a picture to show, failures first, the worst value first."""
        left_out = {check.name for check in reading_checks()}
        found: dict[tuple[str, Verdict], list[tuple[ImageQuality, CheckResult]]] = {}
        for quality in self.qualities:
            for result in quality.checks:
                if result.verdict is not Verdict.PASS and result.check not in left_out:
                    found.setdefault((result.check, result.verdict), []).append((quality, result))
        for (check, _), images in found.items():
            sign = -1 if named(check).fails_above else 1
            images.sort(key=lambda image: (sign * (image[1].value or 0.0), image[0].image_id))
        in_order = sorted(found, key=lambda key: (key[1] is Verdict.WARN, -len(found[key])))
        return [(named(check), verdict, found[check, verdict]) for check, verdict in in_order]

    def _section(
        self,
        check: Check,
        verdict: Verdict,
        found: Sequence[tuple[ImageQuality, CheckResult]],
        pictures: Mapping[str, str],
    ) -> ReasonSection:
        form = check.form
        cards = tuple(
            self._card(q.image_id, form.format(r.value) if r.value is not None else "", pictures)
            for q, r in found[:CARDS]
        )
        return ReasonSection(check, verdict, len(found), cards)

    def _largest_clusters(self) -> list[tuple[str, list[DuplicateOf]]]:
        found = sorted(clusters(self.duplicates).items(), key=lambda item: (-len(item[1]), item[0]))
        return found[:CLUSTERS]

    def _cluster(
        self, kept: str, dropped: Sequence[DuplicateOf], pictures: Mapping[str, str]
    ) -> ClusterSection:
        cards = tuple(
            self._card(d.image_id, _how_near(d), pictures) for d in dropped[:CLUSTER_CARDS]
        )
        # A flagged image may stand for its copies, and wait for a person all the same.
        first = self._card(kept, "stands for these", pictures)._replace(is_kept=True)
        return ClusterSection(first, cards, len(dropped))

    def _card(self, image_id: str, line: str, pictures: Mapping[str, str]) -> Card:
        return Card(self.names.get(image_id, image_id), line, pictures.get(image_id, ""))

    def _figures(self) -> list[Figure]:
        figures = []
        for check in measured_checks():
            values = [v for q in self.qualities if (v := q.value_of(check.name)) is not None]
            if values:
                limit = self.policy.limit(check.name)
                drawing = histogram(
                    values, limit=limit, fails_above=check.fails_above, form=check.form
                )
                figures.append(Figure(check, drawing))
        return figures

    def _unreadable(self) -> list[tuple[str, str, str]]:
        return [
            (self.names.get(q.image_id, q.image_id), named(q.reasons[0]).title, q.detail)
            for q in self.qualities
            if q.status is Status.REJECTED
        ]


def _most_frequent_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _how_near(duplicate: DuplicateOf) -> str:
    text = copy_description(duplicate).removesuffix(" of")
    if duplicate.kind is DuplicateKind.EXACT:
        return text
    return f"{text}, {duplicate.distance_bits} bits"
