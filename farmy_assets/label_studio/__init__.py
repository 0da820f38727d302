"""Label Studio: the only room that knows it.

`Studio` (client.py) is the door. Behind it: `connection` speaks HTTP, `projects` keeps the inboxes,
`tasks` puts work into them, `answers` reads back what people did. No rule about images, votes or
consensus lives here.
"""

from farmy_assets.label_studio.answers import InboxActivity
from farmy_assets.label_studio.client import Studio
from farmy_assets.label_studio.project_lists import InboxProgress
from farmy_assets.label_studio.settings import StudioSettings

__all__ = ["InboxActivity", "InboxProgress", "Studio", "StudioSettings"]
