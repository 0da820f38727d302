"""What is known of an image before anybody is asked about it, and who may be asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from farmy_assets.annotation.campaign import Campaign, Person


@dataclass(frozen=True)
class ImageFacts:
    """What sharing out looks at in an image.

    Attributes:
        words: Its crop, and the classes that were predicted on it; as `same_word` writes them.
        field: Which field it shows; empty when that is not known.
        cluster: Which images it looks like; empty when it looks like none.
    """

    words: frozenset[str] = frozenset()
    field: str = ""
    cluster: str = ""


NOTHING_KNOWN: Mapping[str, ImageFacts] = MappingProxyType({})
_NONE = ImageFacts()


def same_word(text: str) -> str:
    """The form in which crops, classes and skills are compared: "Sugar  Beet" is "sugar beet"."""
    return " ".join(text.casefold().split())


class Eligibility:
    """Who may be asked about which image.

    Somebody with skills may be asked when the image's crop, or a class predicted on it, is among
    these; somebody without skills always. Where the crop of an image is not known, it is that of
    the campaign.
    """

    def __init__(self, campaign: Campaign, people: Sequence[Person]) -> None:
        self._people = people
        self._skills = [frozenset(map(same_word, person.skills)) for person in people]
        self._asked_for = frozenset[str]().union(*self._skills)
        self._crop = same_word(campaign.crop)
        self._known: dict[frozenset[str], tuple[int, ...]] = {}

    @property
    def takes_all(self) -> bool:
        """Whether everybody may be asked about everything."""
        return not self._asked_for

    def places_for(self, facts: ImageFacts | None) -> tuple[int, ...]:
        """The places of those who may be asked about an image, ascending."""
        words = (facts or _NONE).words or frozenset({self._crop})
        asked = words & self._asked_for
        if asked not in self._known:
            self._known[asked] = tuple(
                place for place, skills in enumerate(self._skills) if not skills or skills & asked
            )
        return self._known[asked]

    def people_for(self, facts: ImageFacts | None) -> tuple[Person, ...]:
        """Those who may be asked about an image."""
        return tuple(self._people[place] for place in self.places_for(facts))


def groups_of(
    campaign: Campaign, facts: Mapping[str, ImageFacts], image_ids: Iterable[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the campaign keeps together: image id to its group, and to its cluster in the group.

    Where both count, the field is the group; images without a field are grouped by their cluster.
    """
    groups: dict[str, str] = {}
    clusters: dict[str, str] = {}
    for image_id in image_ids:
        known = facts.get(image_id, _NONE)
        if "near_duplicate" in campaign.keep_together and known.cluster:
            groups[image_id] = f"cluster\x00{known.cluster}"
            clusters[image_id] = known.cluster
        if "field" in campaign.keep_together and known.field:
            groups[image_id] = f"field\x00{known.field}"
    return groups, clusters
