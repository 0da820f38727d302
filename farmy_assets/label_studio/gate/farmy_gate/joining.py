"""The link for a first sign-in: a person chooses a password, and is in."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode
from users.functions import login

from . import pages
from .accounts import User

_FORM = "choose"  # in the token's place, once the session has the token
_KEPT = "farmy_join_token"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def join(request: HttpRequest, place: str, token: str) -> HttpResponse:
    """Show the form; with a good password, set it, which ends the link, and sign in.

    Looking at the link does not use it up: mail programs look before people do. The form lies at
    an address without the token, so that no log of a refused password and no page has it.
    """
    secret = request.session.get(_KEPT, "") if token == _FORM else token
    user = _invited(place, secret)
    if user is None:
        return pages.link_is_over()
    if token != _FORM:
        request.session[_KEPT] = token
        return HttpResponseRedirect(reverse("farmy-join", args=[place, _FORM]))
    if request.method != "POST":
        return _form(request, user, [])
    problems = _problems(request, user)
    return _form(request, user, problems) if problems else _let_in(request, user)


# Label Studio asks for a CSRF token only where a view has this mark.
join._dont_enforce_csrf_checks = False  # type: ignore[attr-defined]


def _let_in(request: HttpRequest, user: User) -> HttpResponse:
    """Set the password, in one statement, which only the first of two at once can do; sign in."""
    before, user.password = user.password, make_password(request.POST["password"])
    same = get_user_model().objects.filter(pk=user.pk, password=before)
    if not same.update(password=user.password):
        return pages.link_is_over()
    request.session.flush()
    login(request, user, backend=_BACKEND)  # Label Studio's: its sessions hold when they began
    return HttpResponseRedirect("/")


def _invited(place: str, token: str) -> User | None:
    """The account that the link was made for; None when it is not good."""
    try:
        pk = int(force_str(urlsafe_base64_decode(place)))
    except (ValueError, OverflowError):
        return None
    user = get_user_model().objects.filter(pk=pk, is_active=True).first()
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
