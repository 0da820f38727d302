"""Images a second: our checks and other people's, in turn, on the same files and cores."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from farmy_assets_tests.benchmarks import page
from farmy_assets_tests.benchmarks.peers import Peer, PeerFailedError, ask_peer

ROUNDS = 5
MEGABYTE = 1e6
OURS = "ours: all checks and hashes"

# Each script works once on a few files, so that nothing is measured that happens once a process.
_OURS = """
import json, os, sys, time
from pathlib import Path
os.environ["DAFT_PROGRESS_BAR"] = "0"
from farmy_assets.execution.folder import cleanse
from farmy_assets.execution.found_files import files_below
from farmy_assets.cleansing.policy import CleansingPolicy
folder, times = Path(sys.argv[1]), int(sys.argv[2])
files = list(files_below(folder))
cleanse(folder, files[:64], policy=CleansingPolicy())
seconds = []
for _ in range(times):
    began = time.perf_counter()
    cleanse(folder, files, policy=CleansingPolicy())
    seconds.append(time.perf_counter() - began)
print(json.dumps([len(files), seconds]))
"""
_CLEANVISION = """
import json, os, sys, tempfile, time
from cleanvision import Imagelab
quiet = os.dup(1); os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
lab = Imagelab(data_path=sys.argv[1])
began = time.perf_counter()
lab.find_issues(n_jobs=2, verbose=False)
seconds = time.perf_counter() - began
os.dup2(quiet, 1)
print(); print(json.dumps([len(lab.issues), seconds]))
"""
_FASTDUP = """
import json, os, sys, tempfile, time
os.environ["SENTRY_OPT_OUT"] = "1"
import fastdup
quiet = os.dup(1); os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    lab = fastdup.create(work_dir="work", input_dir=sys.argv[1])
    began = time.perf_counter()
    lab.run(overwrite=True, num_threads=2, print_summary=False)
    seconds = time.perf_counter() - began
    count = len(lab.img_stats())
    os.chdir("/")
sys.stdout.flush()
os.dup2(quiet, 1)
print(); print(json.dumps([count, seconds]))
"""
_IMAGEDEDUP = """
import json, sys, time
from imagededup.methods import PHash
began = time.perf_counter()
found = PHash(verbose=False).encode_images(image_dir=sys.argv[1], num_enc_workers=2)
seconds = time.perf_counter() - began
print(); print(json.dumps([len(found), seconds]))
"""
_DECODE = """
import io, json, sys, time
from multiprocessing import Pool
from pathlib import Path
from PIL import Image
scale = int(sys.argv[2])
def decode(path):
    try:
        with Image.open(path) as image:
            if scale > 1:
                image.draft(None, (image.width // scale, image.height // scale))
            image.load()
    except OSError:
        pass
if __name__ == "__main__":
    paths = [str(p) for p in Path(sys.argv[1]).rglob("*") if p.is_file()]
    with Pool(2) as pool:
        pool.map(decode, paths[:8])
        began = time.perf_counter()
        pool.map(decode, paths, chunksize=4)
        seconds = time.perf_counter() - began
    print(json.dumps([len(paths), seconds]))
"""
Run = Callable[[], float]


def images_per_second(folder: Path, note: Callable[[str], None]) -> list[str]:
    """Rows of a table: each tool's median rate on a folder, all of them in turn in each round.

    Args:
        folder: Photographs.
        note: Told of each single measurement, and why a tool failed, as soon as it is known.
    """
    runs: Mapping[str, Run] = {
        OURS: lambda: pass_rate(folder),
        "cleanvision 0.3.7, its default checks": lambda: _peer("cleanvision", _CLEANVISION, folder),
        "imagededup 0.3.3, pHash alone": lambda: _peer("imagededup", _IMAGEDEDUP, folder),
        "fastdup 2.54, its default run": lambda: _peer("fastdup", _FASTDUP, folder),
        "Pillow, decoding at 1/4": lambda: decoding_rate(folder, 4),
        "Pillow, decoding alone": lambda: decoding_rate(folder, 1),
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    failed: dict[str, str] = {}
    for number in range(ROUNDS):
        for name, run in runs.items():
            if name in failed:
                continue  # what failed once takes as long to fail again
            try:
                rates[name].append(run())
                note(f"{folder.name}, round {number + 1}: {name}: {rates[name][-1]:.1f} images/s")
            except PeerFailedError as error:
                failed[name] = str(error)
                note(f"{folder.name}, round {number + 1}: {name}: fails: {error}")
        page.say(f"{folder.name}: round {number + 1} of {ROUNDS}")
    ours = statistics.median(rates[OURS])
    return [_row(folder.name, name, found, failed, ours) for name, found in rates.items()]


def _row(
    folder: str, name: str, rates: Sequence[float], failed: Mapping[str, str], ours: float
) -> str:
    if name in failed:
        return f"| `{folder}` | {name} | fails: {failed[name]} | |"
    rate = statistics.median(rates)
    return f"| `{folder}` | {name} | {rate:.0f} | {ours / rate:.2f} |"


def memory(folder: Path, images: int) -> tuple[float, float]:
    """Megabytes of all our processes: the peak over the first tenth, and over all of it.

    Args:
        folder: Photographs, taken again and again until there are so many.
        images: How many.
    """
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    times = max(1, -(-images // count))
    first, whole = (_peak_megabytes(folder, t) for t in (max(1, times // 10), times))
    return first, whole


def pass_rate(folder: Path) -> float:
    """Images a second of our checks, with their processes already started."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _OURS, str(folder), "1"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, seconds = json.loads(done.stdout.splitlines()[-1])
    return float(count / seconds[0])


def _peer(peer: Peer, script: str, folder: Path) -> float:
    count, seconds = ask_peer(peer, script, str(folder))
    return float(count / seconds)


def decoding_rate(folder: Path, scale: int) -> float:
    """Images a second of two processes that decode at a fraction of the size."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _DECODE, str(folder), str(scale)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, seconds = json.loads(done.stdout.splitlines()[-1])
    return float(count / seconds)


def _peak_megabytes(folder: Path, times: int) -> float:
    command = [sys.executable, "-W", "ignore", "-c", _OURS, str(folder), str(times)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _proportional_megabytes(watched))
            time.sleep(0.2)
    return peak


def _proportional_megabytes(process: psutil.Process) -> float:
    """Of a process and its children; what they share counts once."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total / MEGABYTE
