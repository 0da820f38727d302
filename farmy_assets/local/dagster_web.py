"""Dagster's web server behind the access rules: `python -m farmy_assets.local.dagster_web`.

It takes the arguments of `dagster-webserver`. Dagster has no log-in, takes mutations by GET and by
any media type, answers under any Host, and lets its page be framed; in front of it requests of
other origins end, in the same process.
"""

import os
from typing import Any

from dagster_webserver import cli

from farmy_assets.local.access.asgi import Application, guarded
from farmy_assets.local.access.rules import VARIABLE, AccessRules

MAKER = "create_app_from_workspace_process_context"  # the command looks it up in its own module


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    rules = AccessRules.from_json(os.environ.pop(VARIABLE))
    made = getattr(cli, MAKER)

    def behind_rules(*args: Any, **kwargs: Any) -> Application:  # noqa: ANN401 - Dagster's own
        return guarded(made(*args, **kwargs), rules)

    setattr(cli, MAKER, behind_rules)
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
