"""The phase of an image in a campaign as a condition on the tables, named as in `ImagePhase`.

Whatever is asked is asked of one image in one campaign: `IMAGES` has a row for each campaign that
has an image.

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
    ConsensusStatus.IN_REVIEW: ImagePhase.ADJUDICATION,
    ConsensusStatus.EXCLUDED: ImagePhase.UNLABELLABLE,
    ConsensusStatus.SINGLE: ImagePhase.SETTLED,
    ConsensusStatus.AGREED: ImagePhase.SETTLED,
    ConsensusStatus.ADJUDICATED: ImagePhase.SETTLED,
}
"""The phase that follows from the consensus status of an image that is in no version yet."""

_FORMER_NAMES = {"triage": ImagePhase.HELD}
CAMPAIGN = "COALESCE(m.campaign, i.campaign)"
BATCH = "COALESCE(m.batch_id, i.batch_id)"
IMAGES = (
    "images i LEFT JOIN memberships m ON m.image_id = i.image_id "
    f"LEFT JOIN image_checks c ON c.image_id = i.image_id AND c.batch_id = {BATCH}"
)
"""Every image in every campaign that has it (`CAMPAIGN`), with its batch there and its checks.

What `memberships` does not show yet has its own campaign alone.
"""


def has_row(rows: str, *, image: str = "image_id", campaign: str = "campaign") -> str:
    """SQL that is true of an image in a campaign when there is such a row about both.

    Args:
        rows: A table's name, and maybe joins and a condition, as after FROM.
        image: Its column with the image.
        campaign: Its column with the campaign.
    """
    # Texts of both, not pairs: Athena compares a subquery's one column.
    wanted = f"concat(i.image_id, ' ', COALESCE({CAMPAIGN}, ''))"
    return f"{wanted} IN (SELECT concat({image}, ' ', COALESCE({campaign}, '')) FROM {rows})"  # noqa: S608


_IN_NEWEST_VERSION = has_row(
    "dataset_versions d JOIN "
    "(SELECT campaign, max(number) AS number FROM dataset_versions GROUP BY campaign) n "
    "ON n.campaign = d.campaign AND n.number = d.number",
    image="d.image_id",
    campaign="d.campaign",
)


def _with_status(statuses: Iterable[ConsensusStatus]) -> str:
    quoted = ", ".join(f"'{status.value}'" for status in statuses)
    return has_row(f"consensus WHERE status IN ({quoted})")


def _with_consensus(phase: ImagePhase) -> str:
    return _with_status(status for status, then in CONSENSUS_PHASES.items() if then is phase)


_CONDITIONS: Mapping[ImagePhase, str] = {  # the first that is true decides, as in an audit
    ImagePhase.RELEASED: (
        f"{_IN_NEWEST_VERSION} AND "
        + _with_status(status for status in ConsensusStatus if status.is_releasable)
    ),
    ImagePhase.DELETED: "i.state = 'deleted'",
    ImagePhase.WAITING: f"{BATCH} IS NULL",
    ImagePhase.REJECTED: "c.status = 'rejected'",
    ImagePhase.DUPLICATE: has_row("duplicates WHERE duplicate_of <> image_id"),
    ImagePhase.ADJUDICATION: _with_consensus(ImagePhase.ADJUDICATION),
    ImagePhase.UNLABELLABLE: _with_consensus(ImagePhase.UNLABELLABLE),
    ImagePhase.SETTLED: _with_consensus(ImagePhase.SETTLED),
    ImagePhase.ANNOTATION: has_row("assignments"),
    ImagePhase.HELD: "c.status = 'held'",
    ImagePhase.CLEANSED: "c.status = 'fit'",
    ImagePhase.SEALED: "c.status IS NULL",
}

SEARCHABLE_PHASES = tuple(phase for phase in ImagePhase if phase in _CONDITIONS)
"""The phases that the tables show, in the order of `ImagePhase`."""


def phase_condition(name: str) -> str:
    """SQL that is true of what is in one phase, of the rows of `IMAGES`.

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
