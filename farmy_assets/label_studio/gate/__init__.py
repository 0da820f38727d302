"""The gate inside Label Studio: who may do what there.

`farmy_gate` runs in Label Studio's own environment, next to its Django, and imports nothing of
ours; this folder is what that server gets on its path. It holds nothing else, because Label Studio
imports its parts by bare names such as `tasks` and `projects`. The platform itself uses only the
pure parts.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
"""What Label Studio's server needs on its path to serve `farmy_gate.wsgi:application`."""
