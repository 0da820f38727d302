"""Accounts: which role one has, and how one is made, reset and described.

A role is a group of Django's, which only the platform can put anybody into. Who is in none is an
annotator. The platform is the one account that the server's environment names, and no flag that an
account could be given makes a second one.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from rest_framework.authtoken.models import Token

from .environment import platform_email
from .rules import Role

_GROUP = "farmy:"
_GIVEN = (Role.ANNOTATOR, Role.ADJUDICATOR, Role.LEAD)

User = Any  # Label Studio's own model, known only when it runs


def role_of(user: User) -> Role:
    """What somebody is; an account that was locked is nobody."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Role.NOBODY
    if str(user.email).strip().lower() == platform_email():
        return Role.PLATFORM
    groups = set(user.groups.values_list("name", flat=True))
    return next(
        (role for role in reversed(_GIVEN) if _GROUP + role.value in groups), Role.ANNOTATOR
    )


def find(email: str) -> User | None:
    """The account with this address, in any case of letters."""
    return get_user_model().objects.filter(email__iexact=email).order_by("pk").first()


def everybody() -> list[dict[str, Any]]:
    """All accounts of the organization, as the platform sees them."""
    users = get_user_model().objects.filter(is_active=True).prefetch_related("groups")
    return [described(user) for user in users.order_by("email")]


def described(user: User, *, is_new: bool = False) -> dict[str, Any]:
    """One account, without anything that is secret."""
    role = role_of(user)
    return {
        "id": user.pk,
        "email": str(user.email).lower(),
        "name": user.get_full_name(),
        "role": "" if role is Role.PLATFORM else role.value,
        "has_signed_in": user.last_login is not None,
        "is_new": is_new,
    }


def make(email: str, *, role: Role, name: str) -> tuple[User, bool]:
    """The account with this address, and whether it was made now; nobody can sign in to it yet."""
    found = find(email)
    if found is not None:
        return found, False
    organization = apps.get_model("organizations", "Organization").objects.order_by("pk").first()
    try:
        with transaction.atomic():
            user = get_user_model()(
                email=email,
                username=email.partition("@")[0],
                first_name=name,
                active_organization=organization,
            )
            user.set_unusable_password()
            user.save()
            organization.add_user(user)
            give_role(user, role)
    except (
        IntegrityError
    ):  # somebody else was invited at the same moment: the same one, or not at all
        found = find(email)
        if found is None:
            raise
        return found, False
    return user, True


def give_role(user: User, role: Role) -> None:
    """Make this the one role that an account has."""
    user.groups.remove(*Group.objects.filter(name__startswith=_GROUP))
    group, _ = Group.objects.get_or_create(name=_GROUP + role.value)
    user.groups.add(group)
    user.__dict__.pop("_prefetched_objects_cache", None)


def link_for(user: User) -> dict[str, str]:
    """A link that works once, until the account gets a password, and when it ends.

    It is signed with the server's secret and kept nowhere. Every change of the account's password
    ends it, a reset included.
    """
    place = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("farmy-join", args=[place, default_token_generator.make_token(user)])
    until = datetime.now(UTC) + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    return {"link": path, "valid_until": until.isoformat(timespec="seconds")}


def lock_out(user: User) -> None:
    """End everything that opens the account: password, earlier links, sessions and tokens."""
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        Token.objects.filter(user=user).delete()
        Token.objects.create(user=user)
        personal = apps.get_model("token_blacklist", "OutstandingToken").objects.filter(user=user)
        ended = apps.get_model("token_blacklist", "BlacklistedToken").objects
        for token in personal:
            ended.get_or_create(token=token)
