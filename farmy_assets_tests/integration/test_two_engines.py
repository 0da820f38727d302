"""The same folder on this machine's cores and on a Ray cluster of two nodes: the same rows."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from farmy_assets_tests.cleansing.drawing import blurred, plants, stored

pytestmark = pytest.mark.integration

CLUSTER = """
import sys
from ray.cluster_utils import Cluster
size = {"num_cpus": 1, "object_store_memory": 100_000_000}
cluster = Cluster(initialize_head=True, head_node_args={**size, "include_dashboard": False})
cluster.add_node(**size)
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of a cluster with a head and a second node, gone afterwards."""
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CLUSTER], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photographs"
    made.mkdir()
    for number in range(20):
        (made / f"plants {number:02d}.jpg").write_bytes(stored(plants(number)))
    (made / "blurred.jpg").write_bytes(stored(blurred(plants(50), 0.02)))
    (made / "copy.png").write_bytes(stored(plants(3), "PNG"))
    (made / "cut.jpg").write_bytes(stored(plants(4))[:5000])
    (made / "text.jpg").write_bytes(b"text")
    return made


def cleansed(folder: Path, out: Path, *options: str) -> dict[str, object]:
    command = [str(Path(sys.executable).with_name("farmy")), "cleanse", str(folder)]
    done = subprocess.run(
        [*command, "--out", str(out), "--json", *options],
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


@pytest.mark.timeout(300)
def test_both_engines_give_the_same_rows(folder: Path, cluster: str, tmp_path: Path) -> None:
    here = cleansed(folder, tmp_path / "here")
    there = cleansed(folder, tmp_path / "there", "--ray", cluster)

    tables = [pq.read_table(tmp_path / name / "report.parquet") for name in ("here", "there")]
    assert tables[0].equals(tables[1])
    assert here["files"] == there["files"] == 24
    assert here["reasons"] == there["reasons"]
    assert here["held"] == 1


def test_a_cluster_that_is_not_there_is_reported_in_one_line(folder: Path, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("farmy")), "cleanse", str(folder)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out"), "--ray", "127.0.0.1:1"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 1
    assert "there is no Ray cluster at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
