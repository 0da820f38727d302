"""The link for a first sign-in: a person chooses a password, and is in."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode
from users.functions import login

from . import pages
from .accounts import User

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def join(request: HttpRequest, place: str, token: str) -> HttpResponse:
    """Show the form; with a good password, set it, which ends the link, and sign in.

    Looking at the link does not use it up: mail programs look before people do.
    """
    if request.method != "POST":
        user = _invited(place, token)
        if user is None:
            return pages.link_is_over()
        return _form(request, user, [])
    with transaction.atomic():
        user = _invited(place, token, locked=True)
        if user is None:
            return pages.link_is_over()
        problems = _problems(request, user)
        if problems:
            return _form(request, user, problems)
        user.set_password(request.POST["password"])
        user.save(update_fields=["password"])
    login(request, user, backend=_BACKEND)  # Label Studio's: its sessions hold when they began
    return HttpResponseRedirect("/")


# Label Studio asks for a CSRF token only where a view has this mark.
join._dont_enforce_csrf_checks = False  # type: ignore[attr-defined]


def _invited(place: str, token: str, *, locked: bool = False) -> User | None:
    """The account that the link was made for; None when it is not good."""
    try:
        pk = int(force_str(urlsafe_base64_decode(place)))
    except (ValueError, OverflowError):
        return None
    users = get_user_model().objects
    user = (users.select_for_update() if locked else users).filter(pk=pk, is_active=True).first()
    if user is None or user.has_usable_password():
        return None
    return user if default_token_generator.check_token(user, token) else None


def _problems(request: HttpRequest, user: User) -> list[str]:
    password = request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        return ["The two passwords differ."]
    try:
        validate_password(password, user)
    except ValidationError as error:
        return list(error.messages)
    return []


def _form(request: HttpRequest, user: User, problems: list[str]) -> HttpResponse:
    minimum = getattr(settings, "AUTH_PASSWORD_MIN_LENGTH", 8)
    return pages.choose_password(user.email, get_token(request), problems, minimum=minimum)
