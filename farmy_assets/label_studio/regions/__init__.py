"""How each kind of region looks in Label Studio: one module of this folder a kind.

A module is called as its kind is in `annotation/regions/`. The controls of label configs follow
from the list, as do the results that are read and written.
"""

import pkgutil
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from farmy_assets.annotation.region import Region
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.region_values import is_turned


class RegionForm(Protocol):
    """What a module of this folder provides.

    Attributes:
        CONTROL: The tag that people draw with; its labels are the campaign's classes.
        SETTINGS: More attributes of the tag, as XML.
        RESULT_TYPE: The type of its results; the labels stand under the same name in the value.
            Kinds may have the same: then the control's name says which a result is of.
        NAME: What a result of this type is, for messages.
    """

    CONTROL: str
    SETTINGS: str
    RESULT_TYPE: str
    NAME: str

    def value_of(self, region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
        """Where a region of this kind is, in Label Studio's form, without the label."""

    def region_of(
        self, value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int
    ) -> Region:
        """The region that a result's value describes, in pixels of the size given here.

        Raises:
            InvalidInputError: It cannot be understood; the text ends "The region ...".
        """


def _found() -> dict[str, RegionForm]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast("RegionForm", import_module(f"{__name__}.{name}")) for name in names}


FORMS: Mapping[str, RegionForm] = _found()
"""By the name of the kind."""


def region_to_result(
    region: Region, *, region_id: str, width_px: int, height_px: int
) -> dict[str, Any]:
    """A region as an entry of a result list."""
    form = FORMS[region.kind]
    value = form.value_of(region, width_px=width_px, height_px=height_px)
    return {
        "id": region_id,
        "from_name": region.kind,
        "to_name": "image",
        "type": form.RESULT_TYPE,
        "original_width": width_px,
        "original_height": height_px,
        "image_rotation": 0,
        "value": {**value, form.RESULT_TYPE: [region.label]},
    }


def region_from_result(
    result: object,
    *,
    kinds: Collection[str],
    labels: Collection[str],
    width_px: int,
    height_px: int,
) -> Region:
    """The region that an entry of a result list describes, in pixels of the size given here.

    Label Studio checks nothing that is sent to it, so everything is checked here.

    Args:
        result: The entry, as Label Studio returned it.
        kinds: The kinds of regions that the campaign has drawn.
        labels: The class names that the campaign knows.
        width_px: Width of the image that was shown.
        height_px: Height of the image that was shown.

    Raises:
        InvalidInputError: It cannot be understood; the text says why.
    """
    if not isinstance(result, Mapping):
        raise InvalidInputError(_is_none_of(kinds, type(result).__name__))
    form = _form_of(result, kinds)
    value = result.get("value")
    if not isinstance(value, Mapping):
        msg = "has no value"
        raise InvalidInputError(msg)
    if is_turned(result.get("image_rotation")):
        msg = "is turned with its image; only upright images are understood"
        raise InvalidInputError(msg)
    label = _single_label(value.get(form.RESULT_TYPE), labels)
    return form.region_of(value, label=label, width_px=width_px, height_px=height_px)


def _form_of(result: Mapping[Any, Any], kinds: Collection[str]) -> RegionForm:
    """The form of the control that a result is of.

    Kinds can share a type of results (upright and turned boxes do), so the control's name counts,
    which is the kind's. A control of another name, as in data from elsewhere, is known by the type
    if only one kind of the campaign has it.
    """
    written, name = result.get("type"), result.get("from_name")
    alike = {kind: FORMS[kind] for kind in kinds if written == FORMS[kind].RESULT_TYPE}
    if isinstance(name, str) and name in kinds:
        alike = {kind: form for kind, form in alike.items() if kind == name}
    if not alike:
        raise InvalidInputError(_is_none_of(kinds, written))
    if len(alike) > 1:
        known = " or ".join(alike)
        msg = f"may be a {known}: its control {str(name)[:40]!r} is none of the campaign's"
        raise InvalidInputError(msg)
    return next(iter(alike.values()))


def _is_none_of(kinds: Collection[str], written: object) -> str:
    names = dict.fromkeys(FORMS[kind].NAME for kind in kinds)
    return f"is not a {' or '.join(names)} but {str(written)[:40]!r}"


def _single_label(written: object, labels: Collection[str]) -> str:
    if not isinstance(written, list | tuple) or len(written) != 1:
        count = len(written) if isinstance(written, list | tuple) else 0
        msg = f"has {count} labels instead of one"
        raise InvalidInputError(msg)
    label = written[0]
    if not isinstance(label, str) or label not in labels:
        msg = f"has the unknown label {str(label)[:40]!r}"
        raise InvalidInputError(msg)
    return label
