"""What the server's environment tells the gate; read before Django is set up."""

import os
from datetime import timedelta

PLATFORM_VARIABLES = ("FARMY_GATE_PLATFORM_EMAIL", "LABEL_STUDIO_USERNAME")
"""The address of the platform's own account; the first that is set counts."""

LINK_LIFETIME = timedelta(days=7)
"""How long a link for a first sign-in is good for."""


def platform_email() -> str:
    """The address of the platform's own account.

    Raises:
        RuntimeError: the environment names none: everybody would be an annotator, and the
            platform could do nothing.
    """
    for name in PLATFORM_VARIABLES:
        if os.environ.get(name):
            return os.environ[name].strip().lower()
    msg = f"the gate does not start: set {PLATFORM_VARIABLES[0]} to the platform's own account"
    raise RuntimeError(msg)
