"""The access rules of each server of the local platform."""

from farmy_assets.local.access.rules import AccessRules
from farmy_assets.local.settings import HOST, LocalSettings

NAMES = (HOST, "localhost")
SENDING = ("POST", "PUT")
LOOKING = ("GET", "HEAD")


def emulator_rules(settings: LocalSettings) -> AccessRules:
    """MiniStack's: programs, photographs that the upload page sends, pictures in Label Studio."""
    guests = {
        **dict.fromkeys(_origins(settings, "uploads"), SENDING),
        **dict.fromkeys(_origins(settings, "label-studio"), LOOKING),
    }
    return AccessRules(
        hosts=_hosts(settings, "ministack"), subdomains=True, guests=guests, links=False
    )


def dagster_rules(settings: LocalSettings) -> AccessRules:
    """Dagster's: changes by JSON alone, which a page elsewhere cannot send unasked."""
    return AccessRules(
        hosts=_hosts(settings, "dagster"), json_only=True, query_path="/graphql", websockets=True
    )


def upload_rules(settings: LocalSettings) -> AccessRules:
    """The upload page's and its interface's; apps send no Origin."""
    return AccessRules(hosts=_hosts(settings, "uploads"))


def start_rules(settings: LocalSettings) -> AccessRules:
    """The start page's: a link on another site may open it, nothing else of another site."""
    return AccessRules(hosts=_hosts(settings, "start"))


def _hosts(settings: LocalSettings, server: str) -> tuple[str, ...]:
    return (*(f"{name}:{settings.ports[server]}" for name in NAMES), *settings.other_hosts)


def _origins(settings: LocalSettings, server: str) -> tuple[str, ...]:
    return tuple(f"http://{name}:{settings.ports[server]}" for name in NAMES)
