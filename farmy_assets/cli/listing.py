"""The list of all commands, for `farmy` and `farmy --help`, without loading any of them.

The sentences are the first ones of the commands' own help; a test compares the two.
"""

from collections.abc import Mapping

import typer

HELP = "Field photographs in, data sets that people can trust out."
EPILOG = "Start with: farmy up, then farmy ingest DIR --campaign NAME."

SENTENCES: Mapping[str, str] = {
    "up": "Start the local platform, or repair what is down; a quick check when all is up.",
    "down": "Stop the local platform; everything is kept (MiniStack may need a minute to save).",
    "status": (
        "Show the servers, and in which phase the images are. Exit code 1 when something is down."
    ),
    "reconcile": "Compare the catalog with S3, both ways, and repair what differs.",
    "redrive": (
        "Show the events that five deliveries could not catalogue, and move them back to the queue."
    ),
    "migrate": (
        "Bring records of older versions into today's form; changes nothing where that is done."
    ),
    "ingest": (
        "Bring photographs, with metadata, into the lake: of a folder, of a list, or of a bucket."
    ),
    "scrape": "Bring a web site's photographs, with licence and source page, into the lake.",
    "cleanse": "Check a folder of photographs: what is fit to annotate, what is not, and why.",
    "conflicts": (
        "Find where the annotators of a Label Studio export disagree, and what they agree on."
    ),
    "predict": (
        "Store what a model sees in a campaign's images; annotators find it drawn in their tasks."
    ),
    "query": "Ask the lake's tables a question in Athena's SQL.",
    "search": "Find images, and show them on one page.",
    "view": "Look at images in FiftyOne: copies, metadata, check values, settled regions, votes.",
    "campaign": "Open, change and watch annotation campaigns.",
    "consensus": "Try other rules on the votes of a campaign.",
    "contributors": "Who may upload photographs from a phone.",
    "dataset": "Released data sets: list them, fetch one, find errors.",
    "duplicates": "See duplicates, and get one back.",
    "gold": "Images with a known answer, and how right people are on them.",
    "people": "Who can sign in to label; links for new accounts.",
    "studio": "Label Studio, compared with the records.",
    "votes": "What was answered on an image; lost answers put back.",
}


def listing() -> typer.Typer:
    """A command that can show its help, and do nothing else."""
    app = typer.Typer(
        no_args_is_help=True, pretty_exceptions_enable=False, help=HELP, epilog=EPILOG
    )
    for name, sentence in SENTENCES.items():
        app.command(name, help=sentence)(lambda: None)
    return app
