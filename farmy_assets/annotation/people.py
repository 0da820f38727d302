"""People: the roles that an account can have, and addresses that look like a slip of another."""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from farmy_assets.annotation.campaign import Email
from farmy_assets.errors import InvalidInputError

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class Role(StrEnum):
    """What an account is for.

    An annotator and an adjudicator work in their own inboxes; a lead looks at all of them as well.
    """

    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    LEAD = "lead"


def parse_email(text: str) -> str:
    """The address as accounts and campaigns hold it: lower case, without outer spaces.

    Raises:
        InvalidInputError: it is no address.
    """
    try:
        return _EMAIL.validate_python(unicodedata.normalize("NFKC", text))
    except ValidationError as error:
        msg = f"{text!r} is not an e-mail address; write it like anna@example.com"
        raise InvalidInputError(msg) from error


def similar_addresses(email: str, known: Iterable[str]) -> list[str]:
    """Those of the known addresses that this one may be meant for, in the order of the alphabet.

    Similar is what differs in case or form of letters, in dots or in a +tag of the part before the
    @, or by one slip: a letter more, less, another, or two neighbours exchanged. The address
    itself (in any case of letters) is not similar but the same, and is left out.
    """
    wanted, written = _mailbox(email), email.strip().casefold()
    return sorted(
        {
            other
            for other in known
            if other.strip().casefold() != written and _at_most_one_slip(wanted, _mailbox(other))
        }
    )


def _mailbox(email: str) -> str:
    """The address without what many mail servers ignore."""
    local, _, domain = unicodedata.normalize("NFKC", email).strip().casefold().rpartition("@")
    return f"{re.sub(r'[.]', '', local.partition('+')[0])}@{domain}"


def _at_most_one_slip(first: str, second: str) -> bool:
    """Whether one insertion, deletion, replacement or exchange of neighbours is enough."""
    if first == second:
        return True
    shorter, longer = sorted((first, second), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    start = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[start:] == longer[start + 1 :]
    if first[start + 1 :] == second[start + 1 :]:
        return True
    exchanged = first[start : start + 2][::-1] == second[start : start + 2]
    return exchanged and first[start + 2 :] == second[start + 2 :]
