"""Serves MiniStack behind the access rules: run as a file, by the interpreter of its environment.

MiniStack checks rights (`AUTH=true`), but takes unsigned requests, those of its root key and a few
well-known keys without looking at a signature. In front of it every signature is checked here, and
there is one root key, which is made for the platform. Three things that it lacks are added:

- an upload by a form without a signed policy is refused, as AWS refuses it;
- the condition key `s3:if-none-match`, by which the raw bucket's policy keeps images from being
  written twice;
- the connection counts as a secure one, for policies that demand TLS: on the loopback address
  there is nobody in between.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Run as a file: the checkout's packages are found here, and by no variable that a function's
# worker would inherit, which is to see nothing but its own package.
sys.path[0] = str(Path(__file__).resolve().parents[3])

from ministack import app as ministack  # type: ignore[import-not-found]  # noqa: E402
from ministack.core import (  # type: ignore[import-not-found]  # noqa: E402
    iam_actions,
    iam_evaluator,
)
from ministack.services import iam, s3  # type: ignore[import-not-found]  # noqa: E402

from farmy_assets.local.access.asgi import (  # noqa: E402
    Application,
    Receive,
    Scope,
    Send,
    guarded,
)
from farmy_assets.local.access.rules import VARIABLE, AccessRules  # noqa: E402
from farmy_assets.local.access.signed import signed  # noqa: E402

ROOT_KEY = "AWS_ACCESS_KEY_ID"
# The key of a user of the stack, which has to outlive a restart that lost the users.
USER_KEY = "FARMY_EMULATOR_USER_KEY"
SECURE = (b"x-forwarded-proto", b"https")


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    rules = AccessRules.from_json(os.environ.pop(VARIABLE))
    user, key_id, secret = os.environ.pop(USER_KEY).split(":")
    restore = iam.load_persisted_state

    def remember(data: Mapping[str, Any] | None) -> None:
        """Bring back what was saved, and the key that the platform holds for a user."""
        if data:
            restore(data)
        iam._access_keys[key_id] = {
            "UserName": user,
            "AccessKeyId": key_id,
            "SecretAccessKey": secret,
            "Status": "Active",
            "CreateDate": iam._now(),
        }

    iam.load_persisted_state = remember
    remember(None)
    s3._enforce_post_policy_size = _refuse_unsigned_form
    _know_if_none_match()
    inner = signed(
        _over_tls(ministack.app), secret_of=secret_of, is_administrator=_is_root,
        # Under a name below its own, and at some paths, MiniStack takes a form for another service.
        takes_form=lambda host, bucket: host in rules.hosts and bucket in s3._buckets,
    )  # fmt: skip
    ministack.app = guarded(inner, rules)
    ministack.main()


def secret_of(access_key_id: str, session_token: str) -> str | None:
    """The secret of the root key, of a user's key, or of a session's; None for any other."""
    if iam_evaluator.is_root_access_key(access_key_id) and not _is_root(access_key_id):
        return None
    try:
        account = iam_evaluator.find_iam_access_key_account(access_key_id)
    except iam_evaluator.AmbiguousAccessKeyError:
        return None
    found = iam_evaluator.resolve_credential(access_key_id, account, session_token)
    return getattr(found, "secret_access_key", None)


def _is_root(access_key_id: str) -> bool:
    return access_key_id == os.environ[ROOT_KEY]


def _over_tls(application: Application) -> Application:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [header for header in scope["headers"] if header[0] != SECURE[0]]
            scope = {**scope, "headers": [*headers, SECURE]}
        await application(scope, receive, send)

    return answer


def _refuse_unsigned_form(_policy: str, _size: int) -> object:
    return s3._error("AccessDenied", "the form has to carry a signed policy", 403)


def _know_if_none_match() -> None:
    known = iam_actions.s3_service_context

    def with_condition(
        action: str,
        query: Mapping[str, Any] | None,
        path: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        context = dict(known(action, query, path, headers))
        if action == "s3:PutObject":
            # A part and the beginning of an upload in parts make no object yet.
            makes_object = not ({"partNumber", "uploads"} & set(query or {}))
            context["s3:ObjectCreationOperation"] = str(makes_object).lower()
            if value := (headers or {}).get("if-none-match"):
                context["s3:if-none-match"] = value
        return context

    iam_actions.s3_service_context = with_condition


if __name__ == "__main__":
    main()
