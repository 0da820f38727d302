"""The rules of a campaign on sending back and on review, as its file has them.

    review: {rounds: 2, share: 0.1}

Without them nothing is sent back, and nothing that one person drew is reviewed.
"""

from typing import Annotated

from pydantic import Field

from farmy_assets.catalog.records import Record


class ReviewPolicy(Record):
    """How often an image may be sent back, and how many images of one person are reviewed.

    Attributes:
        rounds: So many times an image may be sent back, to whomever; 0 for never.
        share: The share of the images that one person alone drew that somebody else looks at
            before they can be released, from 0 to 1.
    """

    rounds: Annotated[int, Field(ge=0, le=9)] = 2
    share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
