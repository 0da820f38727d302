"""Which licence a statement names: by Creative Commons' addresses, by usual phrases, by the file.

Only a statement that is a licence and nothing more is understood. "CC BY 4.0, but not for money"
is not CC-BY-4.0, so it is not taken for it. Ids are those of SPDX (https://spdx.org/licenses).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from farmy_assets.scraping.records import RefusalReason
from farmy_assets.scraping.scraper_file import LicenceRule

MAX_STATEMENT = 2000
PUBLIC_DOMAIN = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}
ADDRESS = re.compile(
    r"(?:https?:)?//(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(?P<kind>by(?:-(?:nc|sa|nd))*)/(?P<version>\d\.\d)(?:/(?P<port>[a-z]{2,3})(?=/|$))?"
    r"|publicdomain/(?P<public>zero|mark)/1\.0)"
    r"(?:/(?:deed|legalcode)(?:\.[a-z_-]+)?)?/?",
    re.IGNORECASE,
)
WORDS = re.compile(
    r"(?:licen[cs]ed? ?(?:under)? ?:? ?)?(?:the )?"
    r"(?:CC[ -]?(?P<kind>BY(?:[ -](?:NC|SA|ND))*)[ -](?P<version>\d\.\d)"
    r"(?:[ -](?P<port>[A-Z]{2,3}))?(?: International| Unported)?|CC[ -]?(?P<public>0)(?:[ -]1\.0)?)"
    r"(?: licen[cs]e)?\.?",
    re.IGNORECASE,
)


class Finding(NamedTuple):
    """An allowed licence, or why there is none; and the page's statement."""

    licence: str | None
    problem: RefusalReason | None
    statement: str


def judge_licence(statements: Iterable[str], rule: LicenceRule) -> Finding:
    """The decision on the statements that a page makes about a picture's licence."""
    tidied = [_tidy(text)[:MAX_STATEMENT] for text in statements]
    statements_found = list(
        dict.fromkeys(text for text in (_cut_out(s, rule.pattern) for s in tidied) if text)
    )
    statement = "; ".join(statements_found)[:200]
    if not statements_found:
        return Finding(None, RefusalReason.LICENCE_MISSING, statement)
    named = {named_licence(text, rule) for text in statements_found}
    licence = named.pop() if len(named) == 1 else None
    if licence is None:
        return Finding(None, RefusalReason.LICENCE_UNCLEAR, statement)
    if licence not in rule.allowed:
        return Finding(None, RefusalReason.LICENCE_NOT_ALLOWED, statement)
    return Finding(licence, None, statement)


def named_licence(text: str, rule: LicenceRule) -> str | None:
    """The SPDX id that a whole statement means; None when that is not certain."""
    own = {name.casefold(): name for name in rule.allowed}
    own |= {_tidy(name).casefold(): licence for name, licence in rule.names.items()}
    if (found := own.get(text.casefold())) is not None:
        return found
    match = ADDRESS.fullmatch(text) or WORDS.fullmatch(text)
    if match is None:
        return None
    if public := match["public"]:
        return PUBLIC_DOMAIN.get(public.lower(), "CC0-1.0")
    kind = match["kind"].upper().replace(" ", "-")
    return "-".join(filter(None, ("CC", kind, match["version"], (match["port"] or "").upper())))


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _cut_out(text: str, pattern: str | None) -> str:
    """What the pattern's first group holds, or all that it matches; the text without a pattern."""
    if pattern is None:
        return text
    match = re.search(pattern, text)
    return _tidy((match[1] if match.re.groups else match[0]) or "") if match else ""
