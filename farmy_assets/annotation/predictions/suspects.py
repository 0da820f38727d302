"""Likely label errors of a released image: where a model and the people's regions differ.

Regions are matched one to one whatever their classes, as those of two people are. Each difference
gets a suspicion from 0 to 1:

    missed       the model is sure of a region that nobody drew           its score
    extra        people drew a region that the model hardly sees          1 - the best score there
    other_class  both mean the same object, with different classes        its score
    loose        the same object and class, drawn differently             its score * (1 - likeness)

So overlooked, swapped and badly located objects are told apart as in ObjectLab (Tkachenko and
others, 2023, arxiv.org/abs/2309.00832); the formulas are simpler ones. A model that learnt from the
very labels repeats some of their errors: predictions of one that did not see the image say more.
"""

from collections.abc import Iterator, Sequence

from pydantic import Field

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.matching import drawn_alike, match_regions
from farmy_assets.annotation.predictions.predicted import PredictedRegion
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import AnyRegion
from farmy_assets.catalog.records import Record

SURE = 0.5
"""From this score on a model says that something is there."""


class Suspect(Record):
    """One likely error of a label.

    Attributes:
        kind: missed, extra, other_class or loose.
        suspicion: From 0 to 1; the higher, the likelier it is an error.
        drawn: The region of the data set; None where it lacks one.
        predicted: What the model saw in its place; None where it saw nothing.
        score: How sure the model was; None where it saw nothing.
        likeness: Of the two regions, from 0 to 1; None where one is missing.
    """

    image_id: str
    kind: ConflictKind
    suspicion: float = Field(ge=0, le=1)
    drawn: AnyRegion | None = None
    predicted: AnyRegion | None = None
    score: float | None = None
    likeness: float | None = None

    @property
    def sentence(self) -> str:
        """The suspicion in words."""
        at, score = f"at {_place(self.drawn or self.predicted)}", f"score {self.score or 0:.2f}"
        if self.kind is ConflictKind.MISSED:
            return f"the model sees {_class(self.predicted)} {at} ({score}), nobody drew it"
        if self.kind is ConflictKind.EXTRA:
            seen = f"only with {score}" if self.score else "not at all"
            return f"{_class(self.drawn)} {at} was drawn, the model sees it {seen}"
        if self.kind is ConflictKind.OTHER_CLASS:
            drawn, seen = _class(self.drawn), _class(self.predicted)
            return f"{drawn} {at} is {seen} to the model ({score})"
        likeness = f"likeness {self.likeness or 0:.2f}"
        return f"{_class(self.drawn)} {at} was drawn differently from the model's ({likeness})"


def suspects_of(
    image_id: str,
    drawn: Sequence[Region],
    predicted: Sequence[PredictedRegion],
    *,
    policy: AgreementPolicy,
) -> list[Suspect]:
    """The likely errors of one image's labels, the likeliest first.

    Args:
        image_id: The image.
        drawn: Its regions in the data set.
        predicted: What the model saw, those of low scores as well.
        policy: From which likeness on two regions are one object, and drawn alike.
    """
    sure = [each for each in predicted if each.score >= SURE]
    pairs = dict(match_regions([each.region for each in sure], drawn, policy=policy))
    found = [
        suspect
        for place, each in enumerate(sure)
        for suspect in _of_sure(
            image_id, each, drawn[pairs[place]] if place in pairs else None, policy
        )
    ]
    left = [region for place, region in enumerate(drawn) if place not in set(pairs.values())]
    doubtful = [each for each in predicted if each.score < SURE]
    found += _extra(image_id, left, doubtful, policy)
    return sorted(found, key=lambda each: (-each.suspicion, each.kind.value, each.sentence))


def _of_sure(
    image_id: str, each: PredictedRegion, drawn: Region | None, policy: AgreementPolicy
) -> Iterator[Suspect]:
    known = {"image_id": image_id, "predicted": each.region, "score": each.score}
    if drawn is None:
        yield Suspect.model_validate(
            {**known, "kind": ConflictKind.MISSED, "suspicion": each.score}
        )
        return
    likeness = each.region.likeness(drawn)
    known |= {"drawn": drawn, "likeness": round(likeness, 6)}
    if drawn.label != each.region.label:
        kind, suspicion = ConflictKind.OTHER_CLASS, each.score
    elif not drawn_alike(each.region, drawn, policy=policy):
        kind, suspicion = ConflictKind.LOOSE, each.score * (1 - likeness)
    else:
        return
    yield Suspect.model_validate({**known, "kind": kind, "suspicion": round(suspicion, 6)})


def _extra(
    image_id: str,
    left: Sequence[Region],
    doubtful: Sequence[PredictedRegion],
    policy: AgreementPolicy,
) -> Iterator[Suspect]:
    """Regions that no sure prediction explains; a doubtful one takes from the suspicion."""
    matched = match_regions([each.region for each in doubtful], left, policy=policy)
    seen = {drawn: doubtful[place] for place, drawn in matched}
    for number, region in enumerate(left):
        score = seen[number].score if number in seen else 0.0
        yield Suspect(
            image_id=image_id,
            kind=ConflictKind.EXTRA,
            suspicion=round(1 - score, 6),
            drawn=region,
            predicted=seen[number].region if number in seen else None,
            score=score or None,
        )


def _class(region: Region | None) -> str:
    return f'"{region.label}"' if region else "nothing"


def _place(region: Region | None) -> str:
    x, y = region.centre_px if region else (0.0, 0.0)
    return f"({x:.0f}, {y:.0f})"
