"""The gate: a middleware that asks the rules about every view before it runs.

It stands last in Label Studio's own chain, so that it sees what the view will see. REST framework
signs people in inside the view; the gate does the same with the same classes, for sessions, legacy
tokens and personal access tokens alike.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.settings import api_settings

from . import accounts, pages
from .buttons import without_refused_buttons
from .facts import facts_of, own_project_ids
from .listings import narrowed, only_these
from .rules import Facts, Right, Role, decide, rule_for

View = Callable[..., HttpResponse]

_SAFE = {"GET", "HEAD", "OPTIONS"}
_log = logging.getLogger(__name__)


class Gate:
    """Django middleware; see the module."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the view answer, and take out of a list or a page what is not for the person."""
        response = self._get_response(request)
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        role = getattr(request, "farmy_role", None)
        if role is None or role is Role.PLATFORM or request.method not in {"GET", "HEAD"}:
            return response
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and not response.streaming:
            response.content = without_refused_buttons(response.content)
            response.headers.pop("Content-Length", None)  # Label Studio's own chain sets it
        return narrowed(request.farmy_route, role, request.farmy_user_id, response)

    def process_view(
        self, request: HttpRequest, view: View, _args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        """None to go on to the view; else the answer."""
        method, route = str(request.method).upper(), str(request.resolver_match.view_name)
        if method not in _SAFE and _comes_from_elsewhere(request):
            return _refused(request, HTTPStatus.FORBIDDEN, "this comes from another web page")
        user, complaint = _who(request, view)
        role = accounts.role_of(user)
        request.farmy_role, request.farmy_route, request.farmy_user_id = role, route, user.pk
        if role is Role.PLATFORM:
            return None
        rule, facts = rule_for(method, route), Facts()
        if rule and (role is not Role.NOBODY or rule.right is Right.ANYBODY):
            facts = facts_of(request, route=route, kwargs=kwargs, rule=rule, user=user)
        decision = decide(role, method, route, facts)
        if not decision.allowed:
            _log.info("refused %s %s to user %s: %s", method, route, user.pk, decision.reason)
            if role is Role.NOBODY:
                return _sign_in_first(request, complaint or "sign in first")
            return _refused(request, HTTPStatus.FORBIDDEN, decision.reason)
        if rule and rule.nothing_here:
            return JsonResponse([], safe=False)
        if rule and rule.right is Right.LISTING and "project" in route:
            ids = own_project_ids(user.email.strip().lower(), every_inbox=role is Role.LEAD)
            request.GET = only_these(request.GET, ids)
        return None


def _who(request: HttpRequest, view: View) -> tuple[Any, str]:
    """Who the view will take this to be, and what is wrong with what was shown, if anything is."""
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    classes = getattr(view_class, "authentication_classes", None)
    if classes is None and request.user.is_authenticated:
        return request.user, ""
    # A plain view knows sessions alone, and takes the holder of a token for nobody; so it gives no
    # more than everybody gets, and the gate alone has to know that a token came along.
    classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES if classes is None else classes
    try:
        user = Request(request, authenticators=[each() for each in classes]).user
    except APIException as error:
        return AnonymousUser(), str(error.detail)
    return user or AnonymousUser(), ""


def _comes_from_elsewhere(request: HttpRequest) -> bool:
    """Whether a page of another origin sends this: Label Studio itself asks for no CSRF token."""
    origin = request.headers.get("Origin")
    if not origin:
        return False
    trusted = {urlsplit(str(getattr(settings, "HOSTNAME", ""))).netloc}
    trusted |= {urlsplit(each).netloc for each in settings.CSRF_TRUSTED_ORIGINS or []}
    host = urlsplit(origin).netloc
    return not host or host not in {request.get_host(), *trusted}


def _sign_in_first(request: HttpRequest, reason: str) -> HttpResponse:
    if _is_a_person_with_a_browser(request):
        return HttpResponseRedirect(f"/user/login/?next={quote(request.get_full_path())}")
    response = _refused(request, HTTPStatus.UNAUTHORIZED, reason)
    response.headers["WWW-Authenticate"] = "Token"
    return response


def _refused(request: HttpRequest, status: HTTPStatus, reason: str) -> HttpResponse:
    if _is_a_person_with_a_browser(request):
        return pages.refusal(reason, status=status)
    return JsonResponse({"detail": reason, "status_code": status.value}, status=status.value)


def _is_a_person_with_a_browser(request: HttpRequest) -> bool:
    wants_a_page = "text/html" in request.headers.get("Accept", "")
    return wants_a_page and request.method in {"GET", "HEAD"}
