"""How right the checks are, ours and cleanvision's, on the same spoilt and sound files."""

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from farmy_assets.cleansing.checks import Check, Status
from farmy_assets.cleansing.duplicates import find_duplicates, fingerprint_of, known_images
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets_tests.benchmarks.degradations import HARMLESS, Variant, copies, spoilt
from farmy_assets_tests.benchmarks.peers import ask_peers

THEIR_NAMES = {
    Check.BLURRY: "blurry",
    Check.DARK: "dark",
    Check.BRIGHT: "light",
    Check.LOW_INFORMATION: "low_information",
    Check.ODD_ASPECT_RATIO: "odd_aspect_ratio",
    Check.TOO_SMALL: "odd_size",
    Check.NO_COLOUR: "grayscale",
}
_CLEANVISION = """
import json, os, sys
from cleanvision import Imagelab
quiet = os.dup(1); os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
lab = Imagelab(data_path=sys.argv[1])
lab.find_issues(n_jobs=2, verbose=False)
found = {name: [] for name in map(os.path.basename, lab.issues.index)}
for column in lab.issues.columns:
    if column.startswith("is_"):
        for path in lab.issues.index[lab.issues[column]]:
            found[os.path.basename(path)].append(column[3:-6])
os.dup2(quiet, 1)
print(); print(json.dumps(found))
"""


class Case(NamedTuple):
    """One file under test: the photograph it comes from, and what was done to it."""

    original: str
    variant: Variant


class Score(NamedTuple):
    """Right alarms, false alarms, and what was missed."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def in_words(self) -> str:
        """Precision, recall and F1 as three cells."""
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        return f"{precision:.3f} | {recall:.3f} | {self.f1:.3f}"


def is_for_tuning(path: Path) -> bool:
    """Half of the photographs, by their names: thresholds may be set on these only."""
    return hashlib.sha256(path.name.encode()).digest()[0] % 2 == 0


def report(photographs: Sequence[Path], policy: CleansingPolicy) -> list[str]:
    """The tables, as Markdown, for photographs on which nothing was tuned."""
    cases, untouched = _cases(photographs)
    ours = [
        assess(f"{number:06d}.jpg", case.variant.content, policy=policy)
        for number, case in enumerate(cases)
    ]
    theirs = _ask_cleanvision(cases)
    fired = {"ours": [{check.value for check in q.reasons} for q in ours], "cleanvision": theirs}
    return [
        f"{len(photographs)} photographs, {len(cases)} files; ours counts as fired on `fail`.",
        "",
        "| check | ours: precision | recall | F1 | cleanvision: precision | recall | F1 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {check.value} | {_score(cases, fired['ours'], check, check.value).in_words()} | "
            f"{_score(cases, fired['cleanvision'], check, name).in_words()} |"
            for check, name in THEIR_NAMES.items()
        ),
        "",
        *_alarms_on_untouched(untouched, ours),
        "",
        *_copies_found(cases, ours, policy),
    ]


def _cases(photographs: Sequence[Path]) -> tuple[list[Case], list[int]]:
    """All files, and the places of the untouched ones."""
    cases: list[Case] = []
    untouched = []
    for path in photographs:
        untouched.append(len(cases))
        cases.append(Case(path.name, Variant("untouched", None, path.read_bytes())))
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        cases += [Case(path.name, v) for make in (spoilt, copies) for v in make(image)]
    return cases, untouched


def _ask_cleanvision(cases: Sequence[Case]) -> list[set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            (Path(folder) / f"{number:06d}.jpg").write_bytes(case.variant.content)
        found: Mapping[str, list[str]] = ask_peers(_CLEANVISION, folder)
    return [set(found.get(f"{number:06d}.jpg", ())) for number in range(len(cases))]


def _score(cases: Sequence[Case], fired: Sequence[set[str]], check: Check, name: str) -> Score:
    counts = Counter(
        (case.variant.fires is check, name in found)
        for case, found in zip(cases, fired, strict=True)
        if case.variant.fires is check or case.variant.name in {*HARMLESS, "untouched"}
    )
    return Score(counts[True, True], counts[False, True], counts[True, False])


def _alarms_on_untouched(untouched: Sequence[int], ours: Sequence[ImageQuality]) -> list[str]:
    alarms = Counter(check.value for number in untouched for check in ours[number].reasons)
    held = sum(ours[number].status is not Status.FIT for number in untouched)
    told = ", ".join(f"{name} {count}" for name, count in alarms.most_common()) or "none"
    return [f"Alarms on the {len(untouched)} untouched photographs: {held} ({told})."]


def _copies_found(
    cases: Sequence[Case], ours: Sequence[ImageQuality], policy: CleansingPolicy
) -> list[str]:
    """Recall by kind of change: each copy on its own against all untouched photographs."""
    known, names, asked = [], {}, []
    for case, quality in zip(cases, ours, strict=True):
        fingerprint = fingerprint_of(quality)
        if fingerprint is None or case.variant.fires:
            continue
        if case.variant.name == "untouched":
            known.append(fingerprint)
            names[fingerprint.image_id] = case.original
        else:
            asked.append((case, fingerprint))
    kept = known_images(sorted(known, key=lambda fingerprint: fingerprint.image_id))
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for case, fingerprint in asked:
        duplicate = find_duplicates([fingerprint], kept, policy=policy).get(fingerprint.image_id)
        if duplicate is None:
            found[case.variant.name]["missed"] += 1
        else:
            is_right = names[duplicate.of_image_id] == case.original
            found[case.variant.name]["right" if is_right else "wrong"] += 1
    rows = ["| copy | found | of another photograph | missed |", "| --- | --- | --- | --- |"]
    return rows + [
        f"| {name} | {counts['right']} | {counts['wrong']} | {counts['missed']} |"
        for name, counts in found.items()
    ]
