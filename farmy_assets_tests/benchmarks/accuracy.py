"""How right the checks are, ours and cleanvision's, on the same spoilt and sound files."""

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from farmy_assets.cleansing.compared_images import fingerprint_of, known_images
from farmy_assets.cleansing.duplicates import find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets.cleansing.verdicts import Status
from farmy_assets_tests.benchmarks.degradations import HARMLESS, Variant, copies, spoilt
from farmy_assets_tests.benchmarks.peers import PeerFailedError, ask_peer

THEIR_NAMES = {
    "blurry": "blurry",
    "dark": "dark",
    "bright": "light",
    "low_information": "low_information",
    "odd_aspect_ratio": "odd_aspect_ratio",
    "too_small": "odd_size",
    "no_colour": "grayscale",
}
NOT_MEASURED = "- | - | -"  # three cells of a peer that failed
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
sets = [
    [os.path.basename(path) for path in alike]
    for kind in ("exact_duplicates", "near_duplicates")
    for alike in lab.info[kind]["sets"]
]
os.dup2(quiet, 1)
print(); print(json.dumps([found, sets]))
"""


class Case(NamedTuple):
    """One file under test: the photograph it comes from, and what was done to it."""

    original: str
    variant: Variant


class Theirs(NamedTuple):
    """What cleanvision found: the issues of each file, and the numbers of files that look alike."""

    issues: list[set[str]]
    alike: list[set[int]]


class Score(NamedTuple):
    """Right alarms, false alarms, and what was missed."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def cell(self) -> str:
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
    theirs, failure = None, list[str]()
    try:
        theirs = _ask_cleanvision(cases)
    except PeerFailedError as error:
        failure = [f"cleanvision fails: {error}", ""]
    fired = [{check for check in quality.reasons} for quality in ours]
    return [
        f"{len(photographs)} photographs, {len(cases)} files; ours counts as fired on `fail`.",
        "",
        *failure,
        "| check | ours: precision | recall | F1 | cleanvision: precision | recall | F1 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {check} | {_score(cases, fired, check, check).cell()} | "
            f"{_score(cases, theirs.issues, check, name).cell() if theirs else NOT_MEASURED} |"
            for check, name in THEIR_NAMES.items()
        ),
        "",
        *_alarms_on_untouched(untouched, ours),
        "",
        *_copies_found(cases, _our_originals(cases, ours, policy), theirs),
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


def _ask_cleanvision(cases: Sequence[Case]) -> Theirs:
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            (Path(folder) / f"{number:06d}.jpg").write_bytes(case.variant.content)
        found, sets = ask_peer("cleanvision", _CLEANVISION, folder)
    issues = [set(found.get(f"{number:06d}.jpg", ())) for number in range(len(cases))]
    return Theirs(issues, [{int(name.partition(".")[0]) for name in alike} for alike in sets])


def _score(cases: Sequence[Case], fired: Sequence[set[str]], check: str, name: str) -> Score:
    counts = Counter(
        (case.variant.fires is check, name in found)
        for case, found in zip(cases, fired, strict=True)
        if case.variant.fires is check or case.variant.name in {*HARMLESS, "untouched"}
    )
    return Score(counts[True, True], counts[False, True], counts[True, False])


def _alarms_on_untouched(untouched: Sequence[int], ours: Sequence[ImageQuality]) -> list[str]:
    alarms = Counter(check for number in untouched for check in ours[number].reasons)
    held = sum(ours[number].status is not Status.FIT for number in untouched)
    told = ", ".join(f"{name} {count}" for name, count in alarms.most_common()) or "none"
    return [f"Alarms on the {len(untouched)} untouched photographs: {held} ({told})."]


def _our_originals(
    cases: Sequence[Case], ours: Sequence[ImageQuality], policy: CleansingPolicy
) -> dict[int, set[str]]:
    """Copy's number to the photograph that we take it for, out of all untouched ones."""
    known, names = [], {}
    for case, quality in zip(cases, ours, strict=True):
        fingerprint = fingerprint_of(quality)
        if fingerprint and case.variant.name == "untouched":
            known.append(fingerprint)
            names[fingerprint.image_id] = case.original
    kept = known_images(sorted(known, key=lambda fingerprint: fingerprint.image_id))
    found: dict[int, set[str]] = {}
    for number, quality in enumerate(ours):
        fingerprint = fingerprint_of(quality)
        if fingerprint and fingerprint.image_id not in names:
            duplicates = find_duplicates([fingerprint], kept, policy=policy)
            found[number] = {names[d.of_image_id] for d in duplicates.values()}
    return found


def _copies_found(
    cases: Sequence[Case], ours: Mapping[int, set[str]], peer: Theirs | None
) -> list[str]:
    """By kind of change: whose original was found, whose was mistaken, and what was missed.

    Ours are asked for one by one; cleanvision tells sets, and a copy is found when its original is
    in one with it.
    """
    theirs: dict[int, set[str]] = defaultdict(set)
    for numbers in peer.alike if peer else []:
        untouched = {cases[n].original for n in numbers if cases[n].variant.name == "untouched"}
        for number in numbers:
            theirs[number] |= untouched
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for number, case in enumerate(cases):
        if case.variant.fires or case.variant.name == "untouched":
            continue
        for who, found in (("ours", ours), ("theirs", theirs)):
            originals = found.get(number, set())
            how = "missed" if not originals else "other"
            how = "found" if case.original in originals else how
            counts[case.variant.name][who, how] += 1
    rows = [
        "| copy | ours: found | of another photograph | missed "
        "| cleanvision: found | of another photograph | missed |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]

    def cells(count: Counter[tuple[str, str]], who: str) -> str:
        return " | ".join(str(count[who, how]) for how in ("found", "other", "missed"))

    return rows + [
        f"| {name} | {cells(count, 'ours')} | {cells(count, 'theirs') if peer else NOT_MEASURED} |"
        for name, count in counts.items()
    ]
