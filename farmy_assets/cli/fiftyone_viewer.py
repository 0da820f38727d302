"""What runs in FiftyOne's own environment: a file of samples becomes a dataset with a page.

`python fiftyone_viewer.py FILE NAME PORT`; nothing of the platform is imported here, because it is
not installed there. Exit code 3: the name is taken by a dataset that this did not make.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import fiftyone

TAKEN = 3
DONE = "ready"


def main(file: str, name: str, port: str) -> int:
    """Make the dataset, say so on standard output, and serve until ended; port 0 serves nothing."""
    samples = json.loads(Path(file).read_text(encoding="utf-8"))
    there = name in fiftyone.list_datasets()
    if there and not fiftyone.load_dataset(name).info.get("farmy"):
        return TAKEN
    dataset = fiftyone.Dataset(name, overwrite=True, persistent=True)
    dataset.info["farmy"] = True
    dataset.save()
    dataset.add_samples([_sample(values) for values in samples], progress=False)
    session = None
    if int(port):
        session = fiftyone.launch_app(dataset, address="127.0.0.1", port=int(port), auto=False)
    print(DONE, flush=True)  # noqa: T201 - its parent waits for this line
    if session:
        session.wait(-1)
    return 0


def _sample(values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - FiftyOne has no types
    fields = dict(values["fields"])
    for moment in values["moments"]:
        fields[moment] = datetime.fromisoformat(fields[moment])
    if "latitude_deg" in fields and "longitude_deg" in fields:
        point = [fields["longitude_deg"], fields["latitude_deg"]]
        fields["location"] = fiftyone.GeoLocation(point=point)
    return fiftyone.Sample(
        filepath=values["file"],
        consensus=_detections(values["consensus"]),
        votes=_detections(values["votes"]),
        **fields,
    )


def _detections(boxes: Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401 - as above
    return fiftyone.Detections(detections=[fiftyone.Detection(**box) for box in boxes])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
