"""One style for all pictures: colour-blind safe (Okabe and Ito), readable in grey, vector."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.files.writing import whole_file
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#000000",
)
GREY = "#8C8C8C"
PALE = "#E8E8E8"
GROUPS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW)

_SETTINGS: dict[str, Any] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "svg.fonttype": "none",
    "svg.hashsalt": "pairjudge-lab",
    # A dollar sign in a model's text is a dollar sign.
    "text.parse_math": False,
}


@contextmanager
def lab_style() -> Iterator[None]:
    """The lab's style for everything drawn inside, and no other.

    A ``matplotlibrc`` in the working directory may have come with data, and can have text set by
    LaTeX, which runs what it is told.
    """
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)  # type: ignore[arg-type]
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure of its own, unknown to pyplot, so that none is left open."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def well_formed(text: str) -> str:
    """A text with U+FFFD for every character that XML, and so SVG, cannot hold.

    Examples
    --------
    >>> well_formed("5\\x08") == "5\\ufffd"
    True
    """
    return _NOT_XML.sub("\ufffd", text)


def short(text: str | None, most: int = 10) -> str:
    """A model's answer, or a name, on one line, cut to fit a picture."""
    if text is None:
        return "no answer"
    line = well_formed(" ".join(text.split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def as_svg(figure: Figure | SubFigure) -> str:
    """A figure as SVG text without an XML header, the same for the same figure."""
    stream = io.StringIO()
    whole = figure.get_figure(root=True)
    assert whole is not None
    with lab_style():
        whole.savefig(stream, format="svg", metadata={"Date": None})
    # What stands in a picture's texts may have been drawn by others than our plots.
    text = well_formed(stream.getvalue())
    return text[text.index("<svg") :]


def save_picture(figure: Figure | SubFigure, path: Path) -> None:
    """Write a figure as ``.svg``, ``.pdf`` or ``.png``.

    Raises
    ------
    UserError
        For another suffix, or where the file cannot be written.
    """
    if path.suffix not in (".svg", ".pdf", ".png"):
        raise UserError(f"{path}: pictures are written as .svg, .pdf or .png")
    whole = figure.get_figure(root=True)
    assert whole is not None
    with whole_file(path) as new, lab_style():
        if path.suffix == ".svg":
            stream = io.StringIO()
            whole.savefig(stream, format="svg", dpi=200, metadata={"Date": None})
            new.write_text(well_formed(stream.getvalue()), encoding="utf-8")
        else:
            whole.savefig(new, dpi=200)


def as_data_uri(figure: Figure | SubFigure) -> str:
    """A figure as a ``data:`` address, for an ``<img>`` in a page that stands alone."""
    packed = base64.b64encode(as_svg(figure).encode()).decode()
    return f"data:image/svg+xml;base64,{packed}"
