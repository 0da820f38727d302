"""The phase of an image as a condition on the tables, under the names of `ImagePhase`.

The tables show two phases less than the records: `uncatalogued` images are in no table, and
`discarded` images cannot be distinguished from `held` ones, because triage decisions are in no
table. `held` therefore includes images that a person has discarded, or has kept but nobody was
asked to annotate yet. `farmy status` counts all phases, from the records.
"""

from collections.abc import Iterable, Mapping

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.errors import InvalidInputError

CONSENSUS_PHASES: Mapping[ConsensusStatus, ImagePhase] = {
    ConsensusStatus.WAITING: ImagePhase.ANNOTATION,
    ConsensusStatus.IN_CONFLICT: ImagePhase.ADJUDICATION,
    ConsensusStatus.EXCLUDED: ImagePhase.UNLABELLABLE,
    ConsensusStatus.SINGLE: ImagePhase.SETTLED,
    ConsensusStatus.AGREED: ImagePhase.SETTLED,
    ConsensusStatus.ADJUDICATED: ImagePhase.SETTLED,
}
"""The phase that follows from the consensus status of an image that is in no version yet."""

_FORMER_NAMES = {"triage": ImagePhase.HELD}
_NEWEST_VERSIONS = (
    "SELECT d.image_id FROM dataset_versions d JOIN "
    "(SELECT campaign, max(number) AS number FROM dataset_versions GROUP BY campaign) n "
    "ON n.campaign = d.campaign AND n.number = d.number"
)


def _with_status(statuses: Iterable[ConsensusStatus]) -> str:
    quoted = ", ".join(f"'{status.value}'" for status in statuses)
    return f"i.image_id IN (SELECT image_id FROM consensus WHERE status IN ({quoted}))"  # noqa: S608


def _with_consensus(phase: ImagePhase) -> str:
    return _with_status(status for status, then in CONSENSUS_PHASES.items() if then is phase)


_CONDITIONS: Mapping[ImagePhase, str] = {  # the first that is true decides, as in an audit
    ImagePhase.RELEASED: (
        f"i.image_id IN ({_NEWEST_VERSIONS}) AND "
        + _with_status(status for status in ConsensusStatus if status.is_releasable)
    ),
    ImagePhase.DELETED: "i.state = 'deleted'",
    ImagePhase.WAITING: "i.batch_id IS NULL",
    ImagePhase.REJECTED: "c.status = 'rejected'",
    ImagePhase.DUPLICATE: "i.image_id IN (SELECT image_id FROM duplicates)",
    ImagePhase.ADJUDICATION: _with_consensus(ImagePhase.ADJUDICATION),
    ImagePhase.UNLABELLABLE: _with_consensus(ImagePhase.UNLABELLABLE),
    ImagePhase.SETTLED: _with_consensus(ImagePhase.SETTLED),
    ImagePhase.ANNOTATION: "i.image_id IN (SELECT image_id FROM assignments)",
    ImagePhase.HELD: "c.status = 'held'",
    ImagePhase.CLEANSED: "c.status = 'fit'",
    ImagePhase.SEALED: "c.status IS NULL",
}

SEARCHABLE_PHASES = tuple(phase for phase in ImagePhase if phase in _CONDITIONS)
"""The phases that the tables show, in the order of `ImagePhase`."""


def phase_condition(name: str) -> str:
    """SQL that is true of the images in one phase; `i` is `images`, `c` is `image_checks`.

    Raises:
        InvalidInputError: There is no such phase, or the tables do not show it.
    """
    phase = _FORMER_NAMES.get(name)
    if phase is None and name in set(ImagePhase):
        phase = ImagePhase(name)
    if phase is None or phase not in _CONDITIONS:
        known = ", ".join(SEARCHABLE_PHASES)
        problem = f"no phase {name!r}" if phase is None else f"no table that shows {name}"
        raise InvalidInputError(f"there is {problem}; a search can be for: {known}")
    # CASE, not NOT: a column without a value makes a condition neither true nor false.
    branches = ""
    for earlier, condition in _CONDITIONS.items():
        branches += f" WHEN {condition} THEN '{earlier.value}'"
        if earlier is phase:
            break
    return f"CASE{branches} END = '{phase.value}'"
