"""Buttons that lead to a refusal are hidden by a stylesheet, and the page is otherwise the same."""

import pytest
from scrapy import Selector

from farmy_assets.label_studio.gate.farmy_gate.buttons import without_refused_buttons

REFUSED = """
<button aria-label="Create new project">Create</button>
<button data-testid="dm-import-button">Import</button>
<button data-testid="dm-export-button">Export</button>
<a href="/projects/7/settings">Settings</a><a href="/organization">Organization</a>
"""
OWN = """
<button data-testid="dm-label-all-tasks-button">Label All Tasks</button>
<a href="/projects/7/data?labeling=1">Label</a><a href="/user/account">Account</a>
"""
PAGE = f"<html><head><title>Label Studio</title></head><body>{REFUSED}{OWN}</body></html>"


def test_just_the_buttons_that_lead_to_a_refusal_are_hidden() -> None:
    page = Selector(text=without_refused_buttons(PAGE.encode()).decode())
    rule = page.css("head > style::text").get("")
    selectors, _, declaration = rule.partition("{")
    assert declaration == "display:none!important}"
    hidden = page.css(selectors).getall()
    assert hidden == Selector(text=REFUSED).css("button, a").getall()


def test_the_rest_of_the_page_stays_byte_for_byte() -> None:
    before, _, after = PAGE.encode().partition(b"</head>")
    changed = without_refused_buttons(PAGE.encode())
    assert changed.startswith(before + b"<style>")
    assert changed.endswith(b"</style></head>" + after)


@pytest.mark.parametrize("content", [b"", b"no page", b"\xff<body></body>"])
def test_what_has_no_head_stays_as_it_is(content: bytes) -> None:
    assert without_refused_buttons(content) == content
