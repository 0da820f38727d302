"""The names of controls in the label configs; each result of an answer has that of its own.

The controls that people draw with are called as the kinds of regions.
"""

USABLE = "usable"
"""The control that a triage answer is given with."""

CANNOT_LABEL = "cannot_label"
"""The control with which an annotator says why an image cannot be labelled."""

DECISION = "decision"
"""The control that an adjudicator decides with."""

VERSIONS = "versions"
"""The control that carries the versions which an adjudicator is shown."""

REASON = "reason"
"""The control in which whoever sends an answer back says why."""

PLACE = "place"
"""The control that marks places in an image that is sent back."""
