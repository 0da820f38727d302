"""What a campaign file says of gold: how much of it there is, and when it pauses somebody."""

from typing import Annotated

from pydantic import Field, model_validator

from farmy_assets.catalog.records import Record

Answers = Annotated[int, Field(ge=1, le=10_000)]


class GoldPause(Record):
    """Who is paused: whose accuracy is surely below a limit.

    Attributes:
        below: The limit, a share: the upper end of the interval of the accuracy has to be under it.
        after: So many gold answers are waited for.
        of_last: So many of the newest gold answers count.
    """

    below: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    after: Answers = 20
    of_last: Answers = 100

    @model_validator(mode="after")
    def _enough_count(self) -> "GoldPause":
        if self.of_last < self.after:
            msg = f"of_last {self.of_last} must not be under after {self.after}"
            raise ValueError(msg)
        return self


class GoldRules(Record):
    """Gold: images with a known answer, mixed into everybody's tasks.

    Attributes:
        share: Which share of each person's tasks is gold; 0 is none.
        retire_after: An image that so many people were given is not given to others any more.
        pause: When the answers pause a person; None is never.
    """

    share: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.0
    retire_after: Answers = 20
    pause: GoldPause | None = None

    @property
    def sentence(self) -> str:
        """The rules in a few words."""
        if not self.share:
            return "none"
        rule = "pauses nobody"
        if pause := self.pause:
            rule = (
                f"pauses whose newest {pause.of_last} answers are below {pause.below:g}, "
                f"from {pause.after} answers on"
            )
        return f"{self.share:.1%} of the tasks, retired after {self.retire_after} people, {rule}"
