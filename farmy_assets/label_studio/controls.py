"""The names of the controls in the label configs; each result of an answer has that of its own."""

DRAWN_BOX = "box"
"""The control that people draw with."""

USABLE = "usable"
"""The control that a triage answer is given with."""

DECISION = "decision"
"""The control that an adjudicator decides with."""


VERSIONS = "versions"
"""The control that carries the versions which an adjudicator is shown."""
