"""The controls by which people answer a campaign's questions, as XML.

An attribute's control appears while a region of its classes is selected. It always names them:
on an adjudicator's page the versions' regions, whose labels are none of them, are not asked about.
"""

from xml.sax.saxutils import quoteattr

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.questions import CHOICE, NUMBER, Question, RegionAttribute, kind_of
from farmy_assets.label_studio.question_forms import FORMS

_COLUMN_EM = 16
_SMALL = "font-size: 14px; font-weight: normal"
_SELECT = "Select a region to answer for it."


def choice_controls(campaign: Campaign) -> list[str]:
    """The questions about the image as a whole, each under its name, side by side."""
    if not campaign.choices:
        return []
    lines = ['  <View style="display: flex; flex-wrap: wrap; gap: 0 2em">']
    for choice in campaign.choices:
        lines += ["    <View>", *_control(choice, "", "      "), "    </View>"]
    return [*lines, "  </View>"]


def beside_attributes(campaign: Campaign, image: str) -> list[str]:
    """The image, and beside it what is asked of the region that is selected.

    Beside and not above: the image must not move whenever a region is selected.

    Args:
        campaign: The rules.
        image: The image's own tag.
    """
    if not campaign.attributes:
        return [image]
    lines = [
        '  <View style="display: flex; gap: 1em">',
        '  <View style="flex: 1 1 auto; min-width: 0">',
        image,
        "  </View>",
        f'  <View style="flex: 0 0 {_COLUMN_EM}em">',
        '    <View visibleWhen="no-region-selected">',
        f'      <Header value={quoteattr(_SELECT)} size="6" style="{_SMALL}"/>',
        "    </View>",
    ]
    for attribute in campaign.attributes:
        known = sorted(campaign.known_labels - {*campaign.class_names})
        former = [n for n in known if attribute.is_asked_of(campaign.present_name(n))]
        names = [*(attribute.classes or campaign.class_names), *former]
        labels = quoteattr(",".join(names))
        lines += [
            f'    <View visibleWhen="region-selected" whenLabelValue={labels}>',
            *_control(attribute, f' perRegion="true" whenLabelValue={labels}', "      "),
            "    </View>",
        ]
    return [*lines, "  </View>", "  </View>"]


def _control(question: Question, more: str, indent: str) -> list[str]:
    kind = kind_of(question)
    tag = FORMS[kind].tag
    title = question.name.replace("_", " ").capitalize()
    header = f'{indent}<Header value={quoteattr(_heading(title, question))} size="6"/>'
    start = (
        f'{indent}<{tag} name="{question.name}" toName="image"{more}{_required(title, question)}'
    )
    if kind == CHOICE:
        choice = "multiple" if question.several else "single"
        values = [f"{indent}  <Choice value={quoteattr(value)}/>" for value in question.values]
        style = f'choice="{choice}" showInline="true"'
        return [header, f"{start} {style}>", *values, f"{indent}</{tag}>"]
    if isinstance(question, RegionAttribute) and kind == NUMBER:
        low, high = question.min, question.max
        limits = f' min="{low:g}"' if low is not None else ""
        limits += f' max="{high:g}"' if high is not None else ""
        return [header, f"{start}{limits}/>"]
    return [header, f'{start} maxSubmissions="1" editable="true" rows="1"/>']


def _heading(title: str, question: Question) -> str:
    """The name, with what has to be known to answer."""
    if isinstance(question, RegionAttribute):
        low, high = question.min, question.max
        parts = [
            f"from {low:g}" if low is not None else "",
            f"up to {high:g}" if high is not None else "",
        ]
        limits = " ".join(part for part in parts if part)
        if limits:
            return f"{title} ({limits})"
        if kind_of(question) not in (CHOICE, NUMBER):
            return f"{title} (press Enter after it)"
    return f"{title} (several)" if question.several else title


def _required(title: str, question: Question) -> str:
    if not question.required:
        return ""
    what = " for each region" if isinstance(question, RegionAttribute) else ""
    message = quoteattr(f"{title} has to be answered{what}.")
    return f' required="true" requiredMessage={message}'
