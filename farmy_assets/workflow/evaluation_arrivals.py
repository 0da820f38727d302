"""What a campaign's evaluation does not take into account yet: records that are new or changed.

Only what a listing shows as new or changed is read. What it says of each image is kept until the
image's page is at hand; what is more than a few megabytes, in a temporary file: so the first
evaluation of a large campaign fits into memory.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from tempfile import SpooledTemporaryFile

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.evaluation import BatchPart, EvaluatedImage
from farmy_assets.annotation.reviews import Reopening, SampleCounts, SampledImage
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.evaluations import BatchInput, EvaluationInputs, VoteCounts
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads

_BATCHES_AT_ONCE = 16
_BYTES_IN_MEMORY = 8 * 1024 * 1024
_BATCH, _VOTE, _ADJUDICATION, _REOPENED, _SAMPLED = b"b", b"v", b"a", b"r", b"s"


@dataclass
class Arrivals:
    """What arrived, by image, and the inputs that are taken into account with it."""

    inputs: EvaluationInputs
    by_image: dict[str, list[int]] = field(default_factory=dict)
    """Image id to where its contents begin in the file: a kind, a line of JSON, an end of line."""
    _file: SpooledTemporaryFile[bytes] = field(
        default_factory=lambda: SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115 - see close
    )

    def add(self, image_id: str, kind: bytes, content: Record) -> None:
        """Keep what a record says of an image."""
        self.by_image.setdefault(image_id, []).append(self._file.tell())
        self._file.write(kind + content.model_dump_json().encode() + b"\n")

    def applied_to(self, image: EvaluatedImage) -> EvaluatedImage:
        """An image with what arrived of it; not judged yet."""
        found: dict[bytes, list[bytes]] = defaultdict(list)
        for place in self.by_image.get(image.image_id, ()):
            self._file.seek(place)
            line = self._file.readline()
            found[line[:1]].append(line[1:])
        return image.with_parts(
            batches=[BatchPart.model_validate_json(line) for line in found[_BATCH]],
            votes=[Vote.model_validate_json(line) for line in found[_VOTE]],
            adjudication=[Assignment.model_validate_json(line) for line in found[_ADJUDICATION]],
            reopenings=[Reopening.model_validate_json(line) for line in found[_REOPENED]],
            samples=[SampledImage.model_validate_json(line) for line in found[_SAMPLED]],
        )

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def read_arrivals(lake: Lake, campaign: str, before: EvaluationInputs) -> Arrivals:
    """Read what is not among these inputs; with empty ones, everything."""
    arrivals = Arrivals(before)
    try:
        _read(arrivals, lake, campaign)
    except BaseException:
        arrivals.close()
        raise
    return arrivals


def _read(arrivals: Arrivals, lake: Lake, campaign: str) -> None:
    before = arrivals.inputs
    batches = listed_batches(lake, campaign)
    changed = [b for b, found in batches.items() if _etags(found) != _etags(before.batches.get(b))]
    known = {b: before.batches[b] for b in batches if b not in changed}
    for some in in_chunks(changed, _BATCHES_AT_ONCE):
        read = in_threads(lambda batch_id: _read_batch(lake, campaign, batch_id), some)
        for batch_id, (page, images) in zip(some, read, strict=True):
            taken_back = _add_batch(arrivals, page, images) if page else {}
            known[batch_id] = batches[batch_id].model_copy(update={"taken_back": taken_back})
    adjudication_up_to, former = _add_adjudication(arrivals, lake, campaign)
    votes_up_to, older, votes = _add_votes(arrivals, lake, campaign)
    reviews_up_to, sampling = _add_reviews(arrivals, lake, campaign)
    arrivals.inputs = before.model_copy(
        update={
            "batches": {batch_id: known[batch_id] for batch_id in sorted(known)},
            "adjudication_up_to": adjudication_up_to,
            "former_adjudication": former,
            "votes_up_to": votes_up_to,
            "older_votes": older,
            "votes": votes,
            "reviews_up_to": reviews_up_to,
            "sampling": sampling,
        }
    )


def listed_batches(lake: Lake, campaign: str) -> dict[str, BatchInput]:
    """The batches that a campaign's images were given out of, as listings show their records."""
    bucket, prefix = lake.records.bucket, keys.assignments(campaign)
    cleansed = lake.cleansed_sets.etags(campaign)
    found = {}
    for item in bucket.listing(prefix):
        batch_id = item.key.removeprefix(prefix).removesuffix(".json")
        found[batch_id] = BatchInput(assignments=item.etag, cleansed=cleansed.get(batch_id, ""))
    return found


def is_current(lake: Lake, inputs: EvaluationInputs) -> bool:
    """Whether batches and what the adjudicator was asked are still as they were read.

    Of these records a later one takes the place of an earlier one; votes are only added.
    """
    name = inputs.campaign
    listed = listed_batches(lake, name)
    return (
        {b: _etags(found) for b, found in listed.items()}
        == {b: _etags(found) for b, found in inputs.batches.items()}
        and not lake.assignments.adjudication_log(name).after(inputs.adjudication_up_to)
    )  # fmt: skip


def are_known_batches_current(lake: Lake, inputs: EvaluationInputs) -> bool:
    """Whether the records of every batch that is taken into account are as they were read.

    Batches that came later are not looked at.
    """
    listed = listed_batches(lake, inputs.campaign)
    return all(_etags(listed.get(b)) == _etags(found) for b, found in inputs.batches.items())


def _etags(batch: BatchInput | None) -> tuple[str, str] | None:
    return (batch.assignments, batch.cleansed) if batch else None


def _read_batch(
    lake: Lake, campaign: str, batch_id: str
) -> tuple[BatchAssignments | None, CleansedSet | None]:
    page = lake.records.ours(keys.assignments(campaign, batch_id), BatchAssignments)
    images = lake.cleansed_sets.of(campaign, batch_id) if page else None
    return page, images


def _add_batch(
    arrivals: Arrivals, page: BatchAssignments, images: CleansedSet | None
) -> dict[str, int]:
    """Add a batch's part of each of its images; returns how much was taken back from whom."""
    kept = {image.image_id: image for image in images.kept} if images else {}
    given: dict[str, list[Assignment]] = {a.image_id: [] for a in page.taken_back}
    for assignment in page.assignments:
        given.setdefault(assignment.image_id, []).append(assignment)
    for image_id, some in given.items():
        part = BatchPart(batch_id=page.batch_id, image=kept.get(image_id), assignments=tuple(some))
        arrivals.add(image_id, _BATCH, part)
    return dict(Counter(a.person for a in page.taken_back))


def _add_adjudication(arrivals: Arrivals, lake: Lake, campaign: str) -> tuple[int, str]:
    """Add what the adjudicator was newly asked; returns up to where, and the former record."""
    before, key = arrivals.inputs, keys.adjudication(campaign)
    listed = (item for item in lake.records.bucket.listing(key) if item.key == key)
    etag = next((item.etag for item in listed), "")
    pages = []
    if etag != before.former_adjudication:
        found, etag = lake.assignments.former_adjudication(campaign)
        pages += [found] if found else []
    after = 0 if pages else before.adjudication_up_to  # what was written later comes last again
    new = lake.assignments.adjudicated(campaign, after=after)
    for page in (*pages, *new.values()):
        for given in page.assignments:
            arrivals.add(given.image_id, _ADJUDICATION, given)
    return max([before.adjudication_up_to, *new]), etag


def _add_reviews(arrivals: Arrivals, lake: Lake, campaign: str) -> tuple[int, SampleCounts]:
    """Add what was reopened and drawn; returns up to where, and how many images were drawn."""
    before = arrivals.inputs
    new, sampling = lake.reviews.after(campaign, before.reviews_up_to), before.sampling
    for requests in new.values():
        for reopening in requests.reopened:
            arrivals.add(reopening.image_id, _REOPENED, reopening)
        for sampled in requests.sampled:
            arrivals.add(sampled.image_id, _SAMPLED, sampled)
        if requests.sampled:
            sampling = sampling.added(requests.share, requests.sampled)
    return max([before.reviews_up_to, *new]), sampling


def _add_votes(
    arrivals: Arrivals, lake: Lake, campaign: str
) -> tuple[int, tuple[str, ...], VoteCounts]:
    """Add the new votes; returns up to where, the older objects, and what is counted."""
    before = arrivals.inputs
    older = lake.votes.older_objects(campaign)
    unread = sorted(set(older) - set(before.older_votes))
    numbers = lake.votes.log(campaign).after(before.votes_up_to)
    seen: set[str] = set()
    tally = _VoteTally(before.votes)
    for vote in chain(lake.votes.in_objects(unread), lake.votes.numbered(campaign, numbers)):
        if vote.vote_id in seen:
            continue
        if unread:  # the log has each vote once
            seen.add(vote.vote_id)
        tally.add(vote)
        arrivals.add(vote.image_id, _VOTE, vote)
    return max([before.votes_up_to, *numbers]), tuple(older), tally.counts()


class _VoteTally:
    def __init__(self, before: VoteCounts) -> None:
        self._before = before
        self._votes = self._foreign = self._with_problems = 0
        self._outcomes, self._authors = Counter(before.outcomes), Counter(before.authors)

    def add(self, vote: Vote) -> None:
        self._votes += 1
        self._foreign += vote.person != vote.inbox_person
        self._with_problems += bool(vote.problems)
        self._outcomes[vote.outcome.value] += 1
        self._authors[vote.voter] += 1

    def counts(self) -> VoteCounts:
        before = self._before
        return VoteCounts(
            votes=before.votes + self._votes,
            foreign=before.foreign + self._foreign,
            with_problems=before.with_problems + self._with_problems,
            outcomes=dict(sorted(self._outcomes.items())),
            authors=dict(sorted(self._authors.items())),
        )


def newest_votes(lake: Lake, inputs: EvaluationInputs, *, count: int) -> Sequence[Vote]:
    """Votes that were copied out last, at least so many where the log has them, newest first."""
    found: list[Vote] = []
    number = inputs.votes_up_to
    while number and len(found) < count:
        found += lake.votes.numbered(inputs.campaign, [number])
        number -= 1
    return sorted(found, key=lambda vote: (vote.submitted_at, vote.vote_id), reverse=True)
