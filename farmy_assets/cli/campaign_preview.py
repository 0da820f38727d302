"""What `farmy campaign apply --preview` says."""

import typer
from rich.progress import Progress

from farmy_assets.annotation.campaign import Campaign, same_rules
from farmy_assets.annotation.campaign_changes import described_changes
from farmy_assets.annotation.class_history import with_history
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.context import console
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_preview import RulesPreview, preview_rules


def preview_lines(lake: Lake, before: Campaign | None, wanted: Campaign) -> None:
    """Print what applying the rules would change; stores nothing.

    Args:
        lake: Where the campaign is.
        before: Its present rules; None when it is new.
        wanted: The rules of the file, which were checked.
    """
    if before is None:
        typer.echo(f"{wanted.name} would be a new campaign; nothing was stored")
        return
    after = with_history(before, wanted)
    if same_rules(before, after):
        typer.echo(f"{wanted.name} would stay as it is (version {before.version})")
        return
    typer.echo(f"{wanted.name}: version {before.version} -> {before.version + 1}, not stored")
    for line in described_changes(before, after):
        typer.echo(f"  {line}")
    evaluated, _ = lake.evaluations.inputs(before.name)
    if evaluated is None or not evaluated.counts.images:
        return
    with Progress(console=console, transient=True) as progress:
        judging = progress.add_task("judging by the new rules", total=evaluated.counts.images)
        found = preview_rules(
            lake, before, wanted, on_judged=lambda count: progress.advance(judging, count)
        )
    for line in _consequences(found):
        typer.echo(f"  {line}")


def _consequences(found: RulesPreview) -> list[str]:
    lines = [
        f'class "{item.name}" has {item.use.sentence}; these votes stay as they are'
        for item in found.classes
    ]
    changes = [
        f"{status} {found.before[status]:,} -> {found.after[status]:,}"
        for status in sorted(found.before | found.after)
        if found.before[status] != found.after[status]
    ]
    total = counted(found.images, "image")
    lines.append(
        f"of {total}: {', '.join(changes)}" if changes else f"no status of {total} changes"
    )
    return lines
