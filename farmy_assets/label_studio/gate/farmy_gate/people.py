"""What the platform asks about people; the rules let nobody else through to here."""

from typing import ClassVar

from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import accounts
from .rules import Role

_GIVEN = {role.value: role for role in (Role.ANNOTATOR, Role.ADJUDICATOR, Role.LEAD)}
_MAX_LENGTH = 254


class ForThePlatform(APIView):  # type: ignore[misc]  # REST framework has no types
    """What nobody but the platform reaches."""

    permission_classes: ClassVar = [IsAuthenticated]
    parser_classes: ClassVar = [JSONParser]

    def check_permissions(self, request: Request) -> None:
        """Refuse whoever the gate has not found to be the platform, or has not looked at."""
        super().check_permissions(request)
        if getattr(request._request, "farmy_role", None) is not Role.PLATFORM:
            raise PermissionDenied


class People(ForThePlatform):
    """Everybody with an account; and a new one."""

    def get(self, _request: Request) -> Response:
        """List accounts."""
        return Response(accounts.everybody())

    def post(self, request: Request) -> Response:
        """Make an account with a link, or tell of the one that is there."""
        email, role = _text(request, "email").lower(), _role(request)
        if "@" not in email:
            raise ValidationError({"email": "must be an address"})
        user, is_new = accounts.make(email, role=role, name=_text(request, "name", default=""))
        link = accounts.link_for(user) if is_new else {}
        return Response(
            accounts.described(user, is_new=is_new) | link, status=201 if is_new else 200
        )


class Reset(ForThePlatform):
    """A new link for somebody who has lost the password, or the old link."""

    def post(self, request: Request) -> Response:
        """End what opened the account, and make a link."""
        user = _other_than_the_platform(request)
        accounts.lock_out(user)
        return Response(accounts.described(user) | accounts.link_for(user))


class Roles(ForThePlatform):
    """What an account is for."""

    def post(self, request: Request) -> Response:
        """Change it."""
        user, role = _other_than_the_platform(request), _role(request)
        accounts.give_role(user, role)
        return Response(accounts.described(user))


def _other_than_the_platform(request: Request) -> accounts.User:
    user = accounts.find(_text(request, "email"))
    if user is None:
        raise NotFound({"detail": "nobody has this address; invite them first"})
    if accounts.role_of(user) is Role.PLATFORM:
        raise ValidationError({"detail": "this is the platform's own account"})
    return user


def _role(request: Request) -> Role:
    role = _GIVEN.get(_text(request, "role"))
    if role is None:
        raise ValidationError({"role": f"must be one of {', '.join(_GIVEN)}"})
    return role


def _text(request: Request, name: str, *, default: str | None = None) -> str:
    value = request.data.get(name, default) if isinstance(request.data, dict) else None
    text = value if isinstance(value, str) else "\n"
    # Label Studio writes names into the scripts of its pages.
    if len(text) > _MAX_LENGTH or not text.isprintable() or set(text) & set('\\"<>'):
        raise ValidationError({name: f"must be a plain text of at most {_MAX_LENGTH} characters"})
    return text.strip()
