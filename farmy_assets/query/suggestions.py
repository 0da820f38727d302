"""Report a filter's value that nothing in the lake has, with the nearest existing one."""

from collections.abc import Callable, Iterator, Mapping

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.catalog.wording import nearest
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer

_SHOWN = 12


def check_values(lake: Lake, wanted: Mapping[str, str]) -> None:
    """Make sure that what was looked for without finding anything is there at all.

    Reads each campaign's present rules, and the names that the tables hold.

    Raises:
        InvalidInputError: A campaign, class, person or kind of conflict is not known.
    """
    for name, noun, known in (
        ("campaign", "campaign", _campaigns),
        ("label", "class", _labels),
        ("annotator", "annotator", _people),
        ("conflict", "kind of conflict", _conflicts),
    ):
        if name in wanted:
            _check(noun, wanted[name], known, lake)


def _check(noun: str, value: str, known: Callable[[Lake], set[str]], lake: Lake) -> None:
    there = known(lake)
    if value in there:
        return
    guess = nearest(value, there)
    names = sorted(there)
    more = ", ..." if len(names) > _SHOWN else ""
    hint = f"did you mean {guess}?" if guess else f"there are: {', '.join(names[:_SHOWN])}{more}"
    if not names:
        hint = "there is none yet"
    raise InvalidInputError(f"there is no {noun} {value!r}; {hint}")


def _rules(lake: Lake) -> Iterator[Campaign]:
    for name in lake.campaigns.names():
        if campaign := lake.campaigns.current(name):
            yield campaign


def _in_table(lake: Lake, table: str, column: str) -> set[str]:
    sql = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - our own names
    return set(QueryLayer(lake).engine.query(sql)[column].to_pylist())


def _campaigns(lake: Lake) -> set[str]:
    return {*lake.campaigns.names(), *_in_table(lake, "images", "campaign")}


def _labels(lake: Lake) -> set[str]:
    drawn = _in_table(lake, "regions", "label")
    return drawn | {each.name for campaign in _rules(lake) for each in campaign.classes}


def _people(lake: Lake) -> set[str]:
    asked = _in_table(lake, "votes", "person")
    return asked | {each.name for campaign in _rules(lake) for each in campaign.annotators}


def _conflicts(_lake: Lake) -> set[str]:
    return {"any", "none", *(kind.value for kind in ConflictKind)}
