"""The file of a campaign: which classes are drawn, by whom, and when two people agree. It is YAML.

    name: weeds-2026
    crop: maize
    classes:
      - {id: 1, name: crop}
      - {id: 2, name: weed, colour: "#d62728"}
    annotators:
      - {name: anna, email: anna@example.com}
      - {name: ben, email: ben@example.com, capacity: 0.5}
    adjudicator: {name: cara, email: cara@example.com}

`image_query: SELECT image_id FROM images WHERE crop = 'maize'` has only these images drawn on.
`regions: [polygon, keypoint]` says what is drawn: box (nothing else, when it is not said),
rotated_box, polygon, mask or keypoint; each kind can be drawn of each class. A class can get
another name (its id stays), take in another one (`merges: [3]`), be replaced by others
(`split_into: [6, 7]`) or be `retired: true`: votes stay as they are, and follow.

More can be asked, of each image (`choices`) and of each region (`attributes`: a choice, a number or
a text, of all classes or of some); `several: yes` lets more than one value be chosen,
`required: yes` forbids to leave the question open. With `regions: []` and choices nothing is drawn.

    choices:
      - {name: quality, values: [good, bad], required: yes}
    attributes: [{name: stage, values: [seedling, grown], classes: [weed]},
      {name: leaves, kind: number, min: 0, max: 40}, {name: remark, kind: text}]
    agreement: {number_tolerance: {leaves: 1}}

`label_config: |` gives the annotators an interface of your own, in Label Studio's XML (begin with
what `farmy campaign config FILE` prints).

Of people, `tasks_a_day: 40` is the most that comes into an inbox on one day, `skills: [maize]`
limits a person to images of this crop or with this class predicted, `paused: true` gives nothing
new.
`overlap: 3` asks three people about each image of the overlapping share, `lease_days: 5` gives an
unanswered task to somebody else, `keep_together: [field, near_duplicate]` gives such images to one
person, `third_opinion: true` asks a third annotator before the adjudicator.
`consensus: {quorum: 2}` lets so many of three and more people settle an object without the
adjudicator (`shape: nearest` takes a drawn shape, `classes: skill_weighted` or `dawid_skene` weighs
votes); a class can have a `match_iou` and a `tight_iou` of its own, over those of `agreement`.
`review: {rounds: 2, share: 0.1}` lets whoever decides on an image send it back to its annotator,
with a reason, at most twice; and has a tenth of the images that one person alone drew reviewed, by
`reviewers` (as `annotators`) or else by the adjudicator. Without it nothing is sent back.
`gold: {share: 0.05, retire_after: 20, pause: {below: 0.8, after: 20}}` mixes images with a known
answer (`farmy gold add`) into everybody's tasks, and pauses whose accuracy is surely below 0.8.
`predictions: {model: weeds-v3}` shows annotators what `farmy predict` stored under that name, and
`order: uncertainty` (diversity, disagreement) says which images of a batch come first.

Everything else has a default: flagged photographs, for one, are looked at by the adjudicator
unless `triagers` names others. A class id never changes its meaning: data set versions refer to it.
"""

from typing import Any

import yaml
from pydantic import ValidationError

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.contradictions import contradictions
from farmy_assets.errors import InvalidInputError

MAX_FILE_CHARACTERS = 256_000


class _PlainLoader(yaml.BaseLoader):
    """YAML as text, lists and mappings only.

    Every scalar stays a string (so that a class may be called "no"), tags have no effect, and
    aliases, which let a short file unfold into a huge value, are refused, as are repeated keys.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                problem = f"the key {str(key.value)[:40]!r} is written twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def parse_campaign(text: str) -> Campaign:
    """The campaign that a YAML file describes.

    Raises:
        InvalidInputError: The file is no campaign; the text names every problem and its place.
    """
    document = _read_yaml(text)
    problems = [f"{place}: {text}" for place, text in contradictions(document)]
    try:
        campaign = Campaign.model_validate(document)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join(str(part) for part in detail["loc"])
            if place:
                problems.append(f"{place}: {detail['msg'].removeprefix('Value error, ')}")
            elif not problems:
                problems.append(detail["msg"].removeprefix("Value error, "))
        msg = "the campaign file is not valid:\n" + "\n".join(f"  {line}" for line in problems)
        raise InvalidInputError(msg) from error
    return campaign


def _read_yaml(text: str) -> dict[str, Any]:
    if len(text) > MAX_FILE_CHARACTERS:
        msg = f"the campaign file is longer than {MAX_FILE_CHARACTERS} characters"
        raise InvalidInputError(msg)
    try:
        document = _PlainLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        msg = f"the campaign file is not readable YAML: {reason}"
        raise InvalidInputError(msg) from error
    if not isinstance(document, dict):
        msg = "the campaign file must hold fields such as `name:` and `classes:`"
        raise InvalidInputError(msg)
    return document
