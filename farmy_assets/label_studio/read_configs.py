"""What a label config of anybody's asks for: its image, the classes of its tools, its choices.

Source of the tags: labelstud.io/tags. Tags that ask nothing of a person are passed over.
"""

from functools import cached_property
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

_ATTRIBUTE_TAGS = {"TextArea": "text", "Number": "number", "Rating": "rating"}
_MAX_CHARACTERS = 1_000_000


class Tool(Record):
    """A control that regions are drawn with.

    Attributes:
        labels: Its classes, under all of their names: an answer may hold a class's alias.
        has_more: Whether further classes come with each task.
    """

    name: str
    tag: str
    labels: tuple[str, ...]
    has_more: bool = False


class Question(Record):
    """A control that is answered for a whole image, or for each region."""

    name: str
    kind: Literal["choice", "text", "number", "rating"]
    options: tuple[str, ...] = ()
    of_each_region: bool = False


class ReadConfig(Record):
    """A label config, as far as it is needed to understand answers.

    Attributes:
        control: Name of the tag that shows the image.
        image: Name of the data field with the image's address; with a list of them, if `is_list`.
        tools: What regions are drawn with, by name.
        questions: What is asked besides, by name.
    """

    control: str
    image: str
    is_list: bool = False
    tools: dict[str, Tool]
    questions: dict[str, Question]

    @cached_property
    def labels(self) -> frozenset[str]:
        """All classes of all tools."""
        return frozenset(n for tool in self.tools.values() for n in tool.labels)

    @property
    def has_more_labels(self) -> bool:
        """Whether classes are allowed that the config does not name."""
        return any(tool.has_more for tool in self.tools.values())


def read_config(text: str) -> ReadConfig:
    """The label config in some XML.

    Raises:
        InvalidInputError: It is no XML, has entities or a document type, or shows no image.
    """
    if len(text) > _MAX_CHARACTERS:
        msg = f"the label config is longer than {_MAX_CHARACTERS:,} characters"
        raise InvalidInputError(msg)
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        msg = f"the label config is not readable XML: {error}"
        raise InvalidInputError(msg) from error
    images = list(root.iter("Image"))
    if not images:
        msg = "the label config shows no image: it has no <Image> tag"
        raise InvalidInputError(msg)
    several = images[0].get("valueList", "")
    tools, questions = {}, {}
    for element in root.iter():
        name = element.get("name", "")
        if element.tag == "Labels" or element.tag.endswith("Labels"):
            has_more = element.get("value", "").startswith("$")
            labels = _options(element, "Label")
            tools[name] = Tool(name=name, tag=element.tag, labels=labels, has_more=has_more)
        elif element.tag == "Choices":
            questions[name] = _question(element, "choice", _options(element, "Choice"))
        elif element.tag in _ATTRIBUTE_TAGS:
            questions[name] = _question(element, _ATTRIBUTE_TAGS[element.tag], ())
    return ReadConfig(
        control=images[0].get("name", "image"),
        image=(several or images[0].get("value", "$image")).removeprefix("$"),
        is_list=bool(several),
        tools=tools,
        questions=questions,
    )


def _options(element: Element, tag: str) -> tuple[str, ...]:
    written = (each.get(name) for each in element.iter(tag) for name in ("alias", "value"))
    return tuple(dict.fromkeys(option for option in written if option))


def _question(element: Element, kind: str, options: tuple[str, ...]) -> Question:
    return Question.model_validate(
        {
            "name": element.get("name", ""),
            "kind": kind,
            "options": options,
            "of_each_region": element.get("perRegion", "").lower() == "true",
        }
    )
