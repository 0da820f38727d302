"""Label Studio with the gate in it: `gunicorn farmy_gate.wsgi:application`.

Nothing of Label Studio is changed. Its settings are loaded as always; then a middleware is added at
the end, and our addresses before its own. The server does not start when the gate could not do its
work: without the platform's account, or where this Label Studio lacks a route that the rules name.
"""

import os
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings.label_studio")

from django.conf import settings

from .environment import LINK_LIFETIME, platform_email
from .rules import RULES

_GATE = f"{__package__}.middleware.Gate"


def _put_up() -> Any:  # noqa: ANN401  # Django's WSGI application
    """Label Studio's own application, built with the gate.

    Raises:
        RuntimeError: the gate would not be in front of everything.
    """
    platform_email()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, _GATE]
    settings.ROOT_URLCONF = f"{__package__}.urls"
    settings.PASSWORD_RESET_TIMEOUT = int(LINK_LIFETIME.total_seconds())

    from core.wsgi import application as label_studio  # noqa: PLC0415  # builds the chain: only now
    from django.urls import get_resolver  # noqa: PLC0415

    if settings.MIDDLEWARE[-1] != _GATE:
        msg = "the gate does not start: something took its place at the end of the middleware"
        raise RuntimeError(msg)
    unknown = sorted(RULES.keys() - set(_routes(get_resolver())))
    if unknown:
        msg = f"the gate does not start: this Label Studio has no route {', '.join(unknown)}"
        raise RuntimeError(msg)
    return label_studio


def _routes(resolver: Any, spaces: tuple[str, ...] = ()) -> Iterator[str]:  # noqa: ANN401
    """The names of all routes, as `ResolverMatch.view_name` has them."""
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _routes(pattern, inner)
        else:
            view = getattr(pattern.callback, "view_class", pattern.callback)
            yield ":".join((*spaces, pattern.name or f"{view.__module__}.{view.__name__}"))


application = _put_up()
