"""Whose inbox a project is: its description, which the platform alone can write.

    farmy:weeds-2026/annotation/anna anna@example.com

The key comes first, the owner's address after one space. A project that was made before there was a
gate has the key alone and belongs to nobody, until the platform opens it again.
"""

PREFIX = "farmy:"


def described(key: str, owner: str | None) -> str:
    """The description of an inbox's project."""
    return f"{key} {owner.strip().lower()}" if owner else key


def key_of(description: str | None) -> str:
    """The inbox's key in a project's description; what is no inbox has none that begins alike."""
    return (description or "").partition(" ")[0]


def owner_of(description: str | None) -> str | None:
    """The address of the person whose inbox it is; None when it is no inbox, or nobody's."""
    key, _, owner = (description or "").partition(" ")
    return owner if key.startswith(PREFIX) and owner else None


def is_inbox(description: str | None) -> bool:
    """Whether the platform made the project for somebody's work."""
    return (description or "").startswith(PREFIX)
