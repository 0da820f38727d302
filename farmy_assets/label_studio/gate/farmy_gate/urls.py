"""Label Studio's addresses, and before them the gate's own."""

from core.urls import urlpatterns as of_label_studio
from core.views import version_page
from django.urls import path

from .joining import join
from .people import People, Reset, Roles
from .work_in_progress import WorkInProgress

urlpatterns = [
    path("farmy/people/", People.as_view(), name="farmy-people"),
    path("farmy/people/reset/", Reset.as_view(), name="farmy-people-reset"),
    path("farmy/people/role/", Roles.as_view(), name="farmy-people-role"),
    path("farmy/in-progress/", WorkInProgress.as_view(), name="farmy-work"),
    path("farmy/join/<str:place>/<str:token>/", join, name="farmy-join"),
    # Label Studio's own patterns for its version match anywhere in an address, and the page among
    # them shows all settings to some.
    path("api/version/", version_page, name="farmy-version"),
    *of_label_studio,
]
