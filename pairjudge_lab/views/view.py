"""A piece of HTML that shows itself in Jupyter, and can be kept as a page that stands alone.

Everything that came from a model or from data is escaped by the templates; the script they carry
is the lab's own and constant. Where no script may run, what it opens can be opened by hand all the
same. A notebook that is not trusted takes away styles, scripts, SVG and MathML, and leaves the text
of these two: it stands in elements with ``hidden="hidden"`` until a style shows them (``live``),
and what is to be seen in its place is hidden by a style (``still``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.mathematics import STYLE, answer_markup, mathematics_markup

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline' blob:"
)


@dataclass(frozen=True, slots=True)
class View:
    """``html`` is one element with its own style and script; ``text`` says the same in words."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text

    def save(self, path: str | Path, *, title: str = "pairjudge_lab") -> Path:
        """Write it as an HTML page that needs nothing else.

        Raises
        ------
        UserError
            When the file cannot be written.
        """
        page = _template("page.html.j2").render(title=title, policy=_POLICY, view=self.html)
        write_whole(Path(path), page)
        return Path(path)


def filled(name: str, /, **facts: Any) -> str:
    """The text of one of the templates beside this file."""
    return str(_template(name).render(**facts))


def rendered(name: str, text: str, /, **facts: Any) -> View:
    """A view from one of the templates beside this file."""
    return View(filled(name, **facts), text)


@cache
def _template(name: str) -> Any:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_source),
    )
    # Formulas as MathML, or everything as it was written.
    environment.filters["mathematics"] = lambda text, on: mathematics_markup(text) if on else text
    environment.filters["answer"] = lambda text, on: answer_markup(text) if on else text
    environment.globals["mathematics_style"] = STYLE
    return environment.get_template(name)


def _source(name: str) -> str:
    return files("pairjudge_lab.views").joinpath("templates", name).read_text("utf-8")
