"""The pages that the platform makes: one layout and one style, which each page's template extends.

A page needs nothing else: no script, and no address is asked. Every value is escaped where a
template writes it. A template begins with `{% extends "page.html.jinja" %}`, and fills the blocks
`content`, and `style` with what it alone needs.
"""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template


@cache
def page_template(package: str, name: str) -> Template:
    """A page's template.

    Args:
        package: The package that it lies in.
        name: Its file's name there.
    """

    def text(wanted: str) -> str | None:
        for place in (package, __package__):
            file = files(place).joinpath(wanted)
            if file.is_file():
                return file.read_text(encoding="utf-8")
        return None

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, loader=FunctionLoader(text)
    )
    environment.filters["count"] = "{:,}".format
    environment.filters["figure"] = _figure
    return environment.get_template(name)


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
