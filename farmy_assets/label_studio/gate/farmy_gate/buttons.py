"""Buttons on Label Studio's pages that only lead to a refusal: a stylesheet hides them.

Pressing one would be refused all the same. Where a later Label Studio names its buttons otherwise,
they are drawn again, and nothing else changes. Its Content-Security-Policy allows inline styles.
"""

_REFUSED = (
    '[aria-label="Create new project"]',
    '[data-testid="dm-import-button"]',
    '[data-testid="dm-export-button"]',
    '[data-testid="dm-connect-source-storage-button"]',
    'a[href="/organization"]',
    'a[href*="/projects/"][href$="/settings"]',  # there a project is deleted, too
)
_STYLE = f"<style>{','.join(_REFUSED)}{{display:none!important}}</style>".encode()
_END_OF_HEAD = b"</head>"


def without_refused_buttons(content: bytes) -> bytes:
    """A page with the stylesheet at the end of its head; as it is where it has no head."""
    head, end, rest = content.partition(_END_OF_HEAD)
    return b"".join((head, _STYLE, end, rest)) if end else content
