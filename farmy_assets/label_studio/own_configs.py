"""A label config that a campaign's file brings itself: checked against the one made for it.

What people are asked has to stay the same, because answers are read by it: the same controls under
the same names, with the same classes. Everything else is free within a list of tags and
attributes: headings, columns, order, keys, sizes. Label Studio itself accepts unknown and misspelt
tags.

Source of tags and attributes: labelstud.io/tags.
"""

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.label_configs import made_config
from farmy_assets.label_studio.regions import FORMS

_STYLE = re.compile(r"[\w\s:;.,%#()-]*")
_NOT_IN_STYLES = ("url(", "expression", "import", "position", "display: none", "display:none")
_PLAIN = frozenset({"View", "Header"})
_OPTIONS = frozenset({"Label", "Choice"})
_OF_CONTROLS = frozenset(
    {
        "name", "toName", "opacity", "fillOpacity", "strokeWidth", "strokeColor", "pointSize",
        "fillColor", "pointStyle", "showInline", "layout", "hotkey", "showLabels", "smart",
        "canRotate", "snap", "allowEmpty", "choice", "required", "requiredMessage", "perRegion",
        "placeholder", "rows", "maxSubmissions", "min", "max", "step", "defaultValue",
        "whenTagName", "whenLabelValue", "whenChoiceValue", "visibleWhen", "editable",
        "transcription", "displayMode",
    }
)  # fmt: skip
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "View": frozenset(
        {
            "style", "display", "visibleWhen", "whenTagName", "whenLabelValue", "whenChoiceValue",
        }
    ),
    "Header": frozenset({"value", "size", "style", "underline"}),
    "Image": frozenset(
        {
            "name", "value", "zoom", "zoomControl", "zoomBy", "rotateControl",
            "brightnessControl", "contrastControl", "gammaControl", "negativeZoom", "grid",
            "gridSize", "gridColor", "width", "maxWidth", "horizontalAlignment",
            "verticalAlignment", "defaultZoom", "smoothing",
        }
    ),
    "Label": frozenset({"value", "background", "hotkey", "selected", "hint", "showAlias"}),
    "Choice": frozenset({"value", "hotkey", "selected", "hint", "style"}),
}  # fmt: skip
_FIXED: Mapping[str, frozenset[str]] = {
    "Image": frozenset({"name", "value", "rotateControl"}),
}
_MEANING = ("toName", "choice", "perRegion", "required", "min", "max", "maxSubmissions")
"""Attributes of a control by which answers change their meaning."""


def ensure_own_config(campaign: Campaign) -> None:
    """Let a campaign pass whose own label config, if it has one, asks what the campaign asks.

    Raises:
        InvalidInputError: It does not; every problem is named.
    """
    if not campaign.label_config:
        return
    problems = list(dict.fromkeys(_problems(campaign)))
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        msg = (
            f"the label config of {campaign.name} is not what its file asks for:\n{lines}\n"
            "without `label_config` one is made; begin with that: farmy campaign config FILE"
        )
        raise InvalidInputError(msg)


def _problems(campaign: Campaign) -> Iterator[str]:
    try:
        root: Element = fromstring(campaign.label_config, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        yield f"it is not readable XML: {error}"
        return
    if root.tag != "View":
        yield f"it begins with <{root.tag}>, not with <View>"
    made = fromstring(made_config(campaign, Phase.ANNOTATION))
    controls = {element.tag for element in made.iter()} - _ATTRIBUTES.keys()
    withdrawn = campaign.known_labels - {item.name for item in campaign.offered_classes}
    for element in root.iter():
        yield from _tag_problems(element, controls, withdrawn)
    wanted, found = _named(made), _named(root)
    names = [element.get("name") for element in root.iter() if element.get("name")]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        yield f"the name {name!r} is given twice"
    for name in sorted(wanted.keys() - found.keys()):
        yield f"<{wanted[name].tag} name={name!r}> is missing"
    for name in sorted(found.keys() - wanted.keys()):
        yield f"<{found[name].tag} name={name!r}> asks something that the campaign's file does not"
    for name in sorted(wanted.keys() & found.keys()):
        yield from _differences(wanted[name], found[name], known=campaign.known_labels)


def _tag_problems(element: Element, controls: set[str], withdrawn: frozenset[str]) -> Iterator[str]:
    tag = element.tag
    if tag not in controls and tag not in _ATTRIBUTES:
        allowed = ", ".join(sorted({*controls, *_ATTRIBUTES}))
        yield f"<{tag}> is not allowed here; allowed are {allowed}"
        return
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES.get(tag, _OF_CONTROLS):
            yield f"<{tag}> must not have {name}="
        elif name == "style" and not (_is_plain_style(value) or _hides_only(element, withdrawn)):
            yield f"the style of a <{tag}> may place and colour, not hide or fetch: {value[:60]!r}"
        elif value.startswith("$") and (tag, name) != ("Image", "value"):
            yield f"<{tag} {name}={value[:40]!r}>: tasks have no such field"
    if tag not in _PLAIN | _OPTIONS and not element.get("name"):
        yield f"a <{tag}> has no name"


def _is_plain_style(style: str) -> bool:
    lower = style.lower()
    return bool(_STYLE.fullmatch(style)) and not any(word in lower for word in _NOT_IN_STYLES)


def _hides_only(element: Element, withdrawn: frozenset[str]) -> bool:
    """Whether it holds nothing but labels that are not offered: these are known, and hidden."""
    labels = [child.get("value") for child in element]
    is_of_labels = bool(labels) and all(child.tag == "Label" for child in element)
    hides = "".join((element.get("style") or "").split()).rstrip(";") == "display:none"
    return hides and is_of_labels and withdrawn.issuperset(labels)


def _named(root: Element) -> dict[str, Element]:
    return {name: element for element in root.iter() if (name := element.get("name"))}


def _differences(wanted: Element, found: Element, *, known: frozenset[str]) -> Iterator[str]:
    name = wanted.get("name")
    if wanted.tag != found.tag:
        yield f"{name!r} is a <{found.tag}>, and has to be a <{wanted.tag}>"
        return
    fixed = _FIXED.get(wanted.tag, frozenset(_MEANING))
    for attribute in sorted(fixed):
        if (is_said := found.get(attribute)) != (has_to_be := wanted.get(attribute)):
            yield f"{name!r}: {attribute} is {is_said!r}, and has to be {has_to_be!r}"
    tag = "Label" if wanted.tag in {form.CONTROL for form in FORMS.values()} else "Choice"
    asked = _offered(wanted, tag)
    offered = [option.get("value") or "" for option in found.iter(tag)]
    for option in sorted({option for option in offered if offered.count(option) > 1}):
        yield f"{name!r} offers {option!r} twice"
    for option in sorted(asked - set(offered)):
        yield f"{name!r} does not offer {option!r}"
    for option in sorted(set(offered) - asked - (known if tag == "Label" else frozenset())):
        yield f"{name!r} offers {option!r}, which the campaign's file does not have"


def _offered(control: Element, tag: str) -> set[str]:
    """What a made control offers: what it only knows is in a view of its own."""
    return {option.get("value") or "" for option in control.findall(tag)}
