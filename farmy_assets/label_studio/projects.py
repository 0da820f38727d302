"""Inboxes as Label Studio projects: found by their key, created once, kept as the campaign says.

The key stands in the project's description: titles are for people, who may change them. Behind the
key stands the address of the person whose inbox it is; by it the gate lets people in.
"""

import html
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from farmy_assets.annotation.inboxes import CONNECTION_KEY, Inbox, Phase
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.gate.farmy_gate.inbox_keys import described, key_of, owner_of
from farmy_assets.label_studio.project_lists import all_projects, read_progress
from farmy_assets.label_studio.tabs import ensure_tabs

SETTINGS = (
    "label_config",
    "expert_instruction",
    "maximum_annotations",
    "sampling",
    "skip_queue",
    "show_skip_button",
)
"""What the platform relies on in an inbox's project."""

_log = logging.getLogger(__name__)


def find_inboxes(connection: Connection, prefix: str) -> dict[str, int]:
    """Inbox key -> project id, of all projects whose key starts with the prefix.

    Where two projects carry one key, the lower id is the inbox: everybody decides alike.
    """
    found: dict[str, int] = {}
    for row in all_projects(connection, include="id,description"):
        key = key_of(row["description"])
        if key.startswith(prefix):
            found[key] = min(row["id"], found.get(key, row["id"]))
    return found


def ensure_inbox(
    connection: Connection,
    inbox: Inbox,
    *,
    owner: str | None,
    bucket: str,
    label_config: str,
    instructions: str,
) -> int:
    """The project of this inbox, created or brought up to date, able to show the bucket's images.

    Each step looks before it acts, so a call that died half-way is finished by the next one.

    Args:
        connection: To the server.
        inbox: What the project is for.
        owner: The address of the person whose inbox it is; None leaves it to whom it belongs.
        bucket: Where the images are.
        label_config: The labelling interface.
        instructions: Plain text.

    Returns:
        The project's id.
    """
    wanted = wanted_settings(label_config, instructions, inbox.phase)
    found = sorted(_with_key(connection, inbox.key))
    if found:
        project_id = found[0]
        _bring_up_to_date(connection, project_id, wanted, key=inbox.key, owner=owner)
        remove_empty(connection, inbox.key, found[1:])
    else:
        project_id = _create(
            connection, inbox, {**wanted, "description": described(inbox.key, owner)}
        )
    _ensure_images(connection, project_id, bucket)
    ensure_tabs(connection, project_id)
    return project_id


def stop_opening_instructions(connection: Connection, project_id: int) -> None:
    """Let an inbox's instructions no longer open by themselves; their button stays.

    Label Studio opens them at every start of the work. They open for a new inbox and after they
    were changed, until the first answer shows that they were seen.
    """
    doing = f"reading project {project_id}"
    if connection.get(f"/api/projects/{project_id}", doing=doing).get("show_instruction"):
        with connection.sdk(f"closing the instructions of project {project_id}") as sdk:
            sdk.projects.update(id=project_id, show_instruction=False)


def show_prediction(connection: Connection, project_id: int, name: str) -> None:
    """Have a project show the predictions of this name, and read back that it does.

    Label Studio chooses the name that was imported first by itself, and shows no others; somebody
    may have chosen another one since.
    """
    wanted = {"model_version": name, "show_collab_predictions": True}
    if _settings(connection, project_id, wanted) == wanted:
        return
    with connection.sdk(f"showing the predictions {name} in project {project_id}") as sdk:
        sdk.projects.update(id=project_id, model_version=name, show_collab_predictions=True)
    present = _settings(connection, project_id, wanted)
    if present != wanted:
        msg = (
            f"project {project_id} goes on to show {present['model_version'] or 'no prediction'} "
            f"in place of {name}: choose it in the project's settings, under Predictions"
        )
        raise StudioError(msg)


def _settings(connection: Connection, project_id: int, names: Iterable[str]) -> dict[str, object]:
    project = connection.get(f"/api/projects/{project_id}", doing=f"reading project {project_id}")
    return {name: project.get(name) for name in names}


def give_inboxes(connection: Connection, owners: Mapping[str, str]) -> int:
    """Make inboxes that are there belong to these addresses; returns how many changed hands.

    Args:
        connection: To the server.
        owners: Inbox key to the address of its person; keys without a project are left out.
    """
    changed = 0
    for row in all_projects(connection, include="id,description"):
        key = key_of(row["description"])
        wanted = described(key, owners.get(key))
        if key in owners and row["description"] != wanted:
            with connection.sdk(f"giving the inbox {key} to its person") as sdk:
                sdk.projects.update(id=row["id"], description=wanted)
            changed += 1
    return changed


def wanted_settings(label_config: str, instructions: str, phase: Phase) -> dict[str, Any]:
    """What an inbox's project is to have of each of `SETTINGS`.

    The server keeps the configuration without outer spaces.
    """
    return {
        "label_config": label_config.strip(),
        "expert_instruction": _as_html(instructions),
        "maximum_annotations": 1,
        "sampling": "Sequential sampling",
        # Annotators say why they cannot label an image, which Label Studio's button does not ask.
        "show_skip_button": phase is not Phase.ANNOTATION,
        "skip_queue": "IGNORE_SKIPPED",  # else a skipped task keeps its inbox open for ever
    }


def _as_html(instructions: str) -> str:
    """Label Studio shows instructions as HTML: keep a plain text's paragraphs and line ends."""
    paragraphs = html.escape(instructions.strip(), quote=False).split("\n\n")
    broken = [paragraph.strip().replace("\n", "<br>") for paragraph in paragraphs]
    return "".join(f"<p>{paragraph}</p>" for paragraph in broken if paragraph)


def _create(connection: Connection, inbox: Inbox, wanted: dict[str, Any]) -> int:
    """Create the inbox's project once; when the answer is unclear, what the server has decides.

    A busy SQLite answers "database is locked" with a 500 after it has stored the project.
    """
    opens = {"show_instruction": bool(wanted["expert_instruction"])}
    body = {"title": inbox.title, **wanted, **opens}
    try:
        connection.post("/api/projects/", body, doing=f"creating the inbox {inbox.key}")
    except StudioUnavailableError:
        if inbox.key not in find_inboxes(connection, inbox.key):
            raise
        _log.warning("inbox %s: its creation failed, and stored it all the same", inbox.key)
    found = sorted(_with_key(connection, inbox.key))
    remove_empty(connection, inbox.key, found[1:])
    return found[0]


def _with_key(connection: Connection, key: str) -> list[int]:
    rows = all_projects(connection, include="id,description")
    return [row["id"] for row in rows if key_of(row["description"]) == key]


def remove_empty(connection: Connection, key: str, project_ids: list[int]) -> None:
    """Remove what a race or an unclear answer has left beside an inbox; never what holds work."""
    progress = read_progress(connection, project_ids) if project_ids else {}
    for project_id in [i for i in project_ids if i in progress and not progress[i].tasks]:
        _log.warning("inbox %s was created twice; %d is empty and goes", key, project_id)
        with connection.sdk(f"removing the empty second inbox {key}") as sdk:
            sdk.projects.delete(id=project_id)


def _bring_up_to_date(
    connection: Connection, project_id: int, wanted: dict[str, Any], *, key: str, owner: str | None
) -> None:
    current = connection.get(f"/api/projects/{project_id}", doing=f"reading project {project_id}")
    wanted |= {"description": described(key, owner or owner_of(current.get("description")))}
    changes = {name: value for name, value in wanted.items() if current.get(name) != value}
    if "expert_instruction" in changes:
        changes["show_instruction"] = bool(wanted["expert_instruction"])
    if changes:
        _log.info("project %d: changing %s", project_id, ", ".join(sorted(changes)))
        with connection.sdk(
            f"changing {', '.join(sorted(changes))} of project {project_id}"
        ) as sdk:
            sdk.projects.update(id=project_id, **changes)


def _ensure_images(connection: Connection, project_id: int, bucket: str) -> None:
    """A storage record lets the project resolve `s3://bucket/...`; it is never synced.

    Without endpoint or keys in it: the server has them in its environment, out of its database.
    The prefix is what the server may list, to see that the bucket is there; images are resolved
    whatever it says.
    """
    storages = connection.get(
        "/api/storages/s3",
        doing=f"reading the storages of project {project_id}",
        project=project_id,
    )
    if any(storage["bucket"] == bucket for storage in storages):
        return
    with connection.sdk(f"connecting project {project_id} to the bucket {bucket}") as sdk:
        sdk.import_storage.s3.create(
            project=project_id,
            bucket=bucket,
            prefix=CONNECTION_KEY,
            title="cleansed images",
            use_blob_urls=True,
            presign=False,
            request_options={"max_retries": 0},
        )
