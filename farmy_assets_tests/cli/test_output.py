"""What commands write, and where."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.cli.output import (
    SHORTEST_ID,
    print_json_lines,
    print_result,
    print_table,
    shortened,
)

ID = "0123456789abcdef0123456789abcdef-c0ffee"
TABLE = """
from farmy_assets.cli.output import print_table
print_table(("image_id", "campaign", "reason"),
            [("0123456789abcdef0123456789abcdef-c0ffee", "weeds-in-maize-2026", "near_duplicate"),
             ("fedcba9876543210fedcba9876543210-decade", "weeds-in-maize-2026", "exact_duplicate")],
            ids={"image_id"})
"""


def test_a_piped_table_is_as_wide_as_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "text", "n"), [(ID, "word " * 60, 1), (None, "[bold]", 22)], numbers={"n"})
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(f"{ID}  {'word ' * 59}word")
    assert "[bold]" in lines[2]
    assert told.err == ""


def test_no_line_of_a_piped_table_ends_in_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("a", "b"), [("x", "long text"), ("y", None)])
    assert [line for line in capsys.readouterr().out.splitlines() if line != line.rstrip()] == []


def test_a_terminal_that_is_narrow_gets_short_ids_on_one_line_each(tmp_path: Path) -> None:
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60", "TERM": "xterm", "NO_COLOR": "1"}
    subprocess.run([sys.executable, "-c", TABLE], stdout=side, env=environment, check=True)
    os.close(side)
    shown = os.read(main, 100_000).decode()
    os.close(main)
    lines = shown.replace("\r", "").splitlines()
    assert len(lines) == 3
    assert "\u2026" in lines[1]
    assert lines[1].startswith("012345")
    assert "c0ffee" in lines[1]
    assert "weeds-in-maize-2026" in lines[1]


@given(st.text(max_size=60), st.integers(min_value=SHORTEST_ID, max_value=50))
def test_a_shortened_text_keeps_both_ends_and_its_width(text: str, width: int) -> None:
    short = shortened(text, width)
    assert len(short) <= width
    if len(text) > width:
        before, _, after = short.partition("\u2026") if "\u2026" not in text else (text, "", text)
        assert text.startswith(before)
        assert text.endswith(after)


def test_records_for_scripts_are_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json_lines([{"a": "two\nlines"}, {"a": None}])
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [{"a": "two\nlines"}, {"a": None}]


def test_a_result_sends_no_command_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_result("\x1b[2Jname")
    assert capsys.readouterr().out == "\ufffd[2Jname\n"


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.4])
def test_an_interruption_while_the_commands_load_ends_in_one_line(seconds: float) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "farmy_assets.cli", "query", "--tables"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stderr is not None
    for line in process.stderr:  # its loading has begun
        if "typer" in line:
            break
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    said = [line for line in words.splitlines() if not line.startswith("import time:")]
    assert process.returncode == 130
    assert len(said) == 1, words
    assert "stopped" in said[0]
