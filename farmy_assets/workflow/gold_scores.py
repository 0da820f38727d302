"""Gold answers compared with the known ones as they come; who is surely too often wrong is paused.

Answers are written first, by person, then pauses, then the sums, which say up to which votes,
known answers and pauses they go: a run that was killed anywhere is made up for by the next one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.gold import GoldGiven, KnownAnswer
from farmy_assets.annotation.gold_counts import Accuracy, GoldAnswer, sums_of
from farmy_assets.annotation.gold_scores import ClassNames, reason_of, scored, surely_below
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.pauses import PauseChange, paused_people
from farmy_assets.annotation.votes import Outcome, Vote, age
from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake.gold import GoldScores, PersonsAnswers
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads

RULE = "gold rule"
"""Who pauses people, in the records."""
LEADS = "leads"
"""The role that is told of a pause, beside the person."""
_OBJECTS_AT_ONCE = 32


@dataclass(frozen=True)
class Scored:
    """What came of scoring.

    Attributes:
        scores: The sums of now.
        new_answers: How many answers were new or changed.
        pauses: Who is paused now, with the change that says why.
        spared: Who would be paused, if that did not leave nobody, and why.
    """

    scores: GoldScores
    new_answers: int
    pauses: dict[str, PauseChange]
    spared: dict[str, str] = field(default_factory=dict)


def score_gold(lake: Lake, campaign: Campaign, *, now: datetime) -> Scored:
    """Score what is new among the gold answers, and pause whom the campaign's rule says.

    Reads the votes that were copied since the last time, the known answers, and the answers of
    those people of whom something is new; of all people when the rules are new.

    Args:
        lake: Where the records are.
        campaign: Its present rules.
        now: The time, which pauses are dated by.

    Raises:
        LakeUnavailableError: Another run was quicker; run again.
    """
    before, etag = lake.gold.scores(campaign.name)
    # In this order: whatever is among these votes was given before, and known before that.
    numbers = lake.votes.log(campaign.name).after(before.votes_up_to)
    given = lake.gold.given(campaign.name)
    known = lake.gold.known(campaign.name)
    if not known:
        return Scored(before, 0, _now_paused(lake, campaign.name))
    arrived = _Arrivals(lake, campaign, before, known, given)
    answers = arrived.read(numbers)
    votes_up_to = max([before.votes_up_to, *numbers])
    lake.gold.write_answers(answers)
    people = dict(before.people) | {one.person: sums_of(one.answers) for one in answers}
    are_rules_new = before.campaign_version != campaign.version
    looked_at = people.keys() if are_rules_new else arrived.people.keys()
    spared = _pause(lake, campaign, looked_at, votes_up_to=votes_up_to, now=now)
    news = lake.pauses.numbers_after(campaign.name, before.pauses_up_to)
    if news:
        lake.pending.fall_back(campaign)
    scores = GoldScores(
        campaign=campaign.name,
        campaign_version=campaign.version,
        votes_up_to=votes_up_to,
        changes_up_to=max([0, *(answer.number for answer in known.values())]),
        pauses_up_to=max([before.pauses_up_to, *news]),
        people={name: people[name] for name in sorted(people)},
    )
    if scores != before and not lake.gold.write_scores(scores, etag=etag):
        msg = f"another run scores the gold of {campaign.name} at the same time; run again"
        raise LakeUnavailableError(msg)
    return Scored(scores, arrived.new, _now_paused(lake, campaign.name), spared)


def _now_paused(lake: Lake, campaign: str) -> dict[str, PauseChange]:
    current = lake.pauses.current(campaign)
    return {name: current[name] for name in sorted(paused_people(current))}


@dataclass
class _Arrivals:
    """The answers that are not among the sums yet, and those whose known answer has changed.

    Attributes:
        new: How many answers were new or changed.
        people: The answers by image, of each person of whom something is new.
    """

    lake: Lake
    campaign: Campaign
    before: GoldScores
    known: Mapping[str, KnownAnswer]
    given: GoldGiven
    new: int = 0
    people: dict[str, dict[str, GoldAnswer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        versions = self.lake.campaigns.versions(self.campaign.name)
        self._classes = ClassNames(versions)
        self._rules = {version.version: version for version in versions}
        self._given = {(a.person, a.image_id) for a in self.given.ever}

    def read(self, numbers: Iterable[int]) -> list[PersonsAnswers]:
        """All answers of the people of whom something is new, by name.

        Args:
            numbers: Of the objects of the log that are new. Where nobody was given gold, none of
                them is read: a campaign that has no gold yet may have many.
        """
        name = self.campaign.name
        for some in in_chunks(numbers, _OBJECTS_AT_ONCE) if self._given else ():
            read = in_threads(lambda n: (n, list(self.lake.votes.numbered(name, [n]))), some)
            for number, votes in read:
                for vote in filter(self._is_gold, votes):
                    self._take(vote, number)
        self._follow_changes()
        return [
            PersonsAnswers(campaign=name, person=who, answers=tuple(mine[i] for i in sorted(mine)))
            for who, mine in sorted(self.people.items())
        ]

    def _is_gold(self, vote: Vote) -> bool:
        is_own = vote.phase is Phase.ANNOTATION and vote.person == vote.inbox_person
        is_given = (vote.inbox_person, vote.image_id) in self._given
        return is_own and is_given and vote.image_id in self.known

    def _of(self, person: str) -> dict[str, GoldAnswer]:
        if person not in self.people:
            there = self.lake.gold.answers(self.campaign.name, person).answers
            self.people[person] = {answer.image_id: answer for answer in there}
        return self.people[person]

    def _take(self, vote: Vote, number: int) -> None:
        """Put a vote in the place of an older one; in whatever order they come."""
        mine = self._of(vote.inbox_person)
        there = mine.get(vote.image_id)
        if there is None or _age_of(there) < age(vote):
            mine[vote.image_id] = self._scored(vote, number)
            self.new += 1

    def _scored(self, vote: Vote, number: int) -> GoldAnswer:
        """Scored by the rules that the answer was given under, so that it can be done again."""
        rules = self._rules.get(vote.campaign_version, self.campaign)
        return scored(
            vote, known=self.known[vote.image_id], seen_in=number, policy=rules.agreement,
            classes=self._classes,
        )  # fmt: skip

    def _follow_changes(self) -> None:
        """Score answers again of which the known answer is another one by now."""
        changed = {i for i, known in self.known.items() if known.number > self.before.changes_up_to}
        given = sorted((who, i) for who, i in self._given if i in changed)
        images = self.lake.evaluations.of_images(self.campaign.name, {i for _, i in given})
        for who, image_id in given:
            answer = self._of(who).get(image_id)
            if answer is None or answer.known_since == self.known[image_id].number:
                continue
            votes = images[image_id].votes if image_id in images else ()
            for vote in votes:
                if vote.vote_id == answer.vote_id:
                    self._of(who)[image_id] = self._scored(vote, answer.seen_in)
                    self.new += 1


def _age_of(answer: GoldAnswer) -> tuple[datetime, bool, str]:
    """The same order as that of votes."""
    return answer.submitted_at, answer.outcome is Outcome.WITHDRAWN, answer.vote_id


def _pause(
    lake: Lake, campaign: Campaign, people: Iterable[str], *, votes_up_to: int, now: datetime
) -> dict[str, str]:
    """Pause those whom the rule says, the least accurate first; never the last one who works.

    Returns:
        Whom it spared, as nobody else would be left, with the reason.
    """
    rule, name = campaign.gold.pause, campaign.name
    current = lake.pauses.current(name)
    active = {person.name for person in campaign.active_annotators} - paused_people(current)
    due: dict[str, Accuracy] = {}
    for person in sorted(active.intersection(people)) if rule else ():
        last, answers = current.get(person), lake.gold.answers(name, person).answers
        number = last.votes_up_to if last else 0
        if rule and (found := surely_below(answers, rule, after_number=number)):
            due[person] = found
    spared: dict[str, str] = {}
    for person in sorted(due, key=lambda who: (due[who].value or 0, who)):
        reason = reason_of(due[person], rule) if rule else ""
        if len(active) == 1:
            spared[person] = reason
            continue
        change = PauseChange(
            campaign=name, person=person, is_paused=True, reason=reason, told=(LEADS, person),
            by=RULE, at=now, votes_up_to=votes_up_to,
        )  # fmt: skip
        lake.pauses.add(change)
        active.discard(person)
    return spared


def resume(lake: Lake, campaign: Campaign, person: str, *, by: str, why: str, now: datetime) -> str:
    """End somebody's pause: from now on he or she gets tasks again; returns what the pause was for.

    Only gold answers that are copied out from now on count for the rule.

    Raises:
        InvalidInputError: The person is not paused.
    """
    present = lake.pauses.current(campaign.name).get(person)
    last = max([0, *lake.votes.log(campaign.name).after(0)])
    change = PauseChange(
        campaign=campaign.name, person=person, is_paused=False, reason=why, told=(LEADS, person),
        by=by, at=now, votes_up_to=last,
    )  # fmt: skip
    if present is None or lake.pauses.add(change) is None:
        msg = f"{person} is not paused in {campaign.name}"
        raise InvalidInputError(msg)
    lake.pending.fall_back(campaign)
    return present.reason
