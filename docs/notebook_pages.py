"""A notebook with its outputs as a page of the site; nothing is run.

Code and texts become Markdown, so that they have the site's colours in light and dark and are found
by its search; pictures are kept in files; what it shows as HTML stands on the page as it is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PLACE = "<!-- output {} -->"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class NotebookPage:
    """A notebook as Markdown.

    Attributes:
        markdown: the page, with a comment where HTML belongs.
        html: what belongs in the places of those comments, in their order.
        pictures: SVG or PNG files by name, to stand beside the page.
    """

    def __init__(self, path: Path) -> None:
        self.html: list[str] = []
        self.pictures: dict[str, bytes | str] = {}
        self._name = path.stem
        book = json.loads(path.read_text(encoding="utf-8"))
        parts: list[str] = []
        for cell in book["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                parts.append(re.sub(r"\]\(([\w.-]+)\.ipynb", r"](\1.md", source))
            elif cell["cell_type"] == "code":
                parts.append(_fenced(source, "python"))
                parts += [part for output in cell["outputs"] if (part := self._shown(output))]
        self.markdown = "\n\n".join(parts) + "\n"

    def filled(self, content: str) -> str:
        """The page's HTML with the outputs in their places."""
        for number, html in enumerate(self.html):
            shown = f'<div class="notebook-output">{html}</div>'
            content = content.replace(PLACE.format(number), shown)
        return content

    def _shown(self, output: dict[str, Any]) -> str:
        """An output in the richest of the forms that a page can hold."""
        if output["output_type"] == "stream":
            return _fenced(_joined(output["text"]), "text")
        data = output.get("data", {})
        if "image/svg+xml" in data:
            return self._picture(_joined(data["image/svg+xml"]), "svg")
        if "text/html" in data:
            self.html.append(_joined(data["text/html"]))
            return PLACE.format(len(self.html) - 1)
        if "image/png" in data:
            from base64 import b64decode

            return self._picture(b64decode(data["image/png"]), "png")
        return _fenced(_joined(data.get("text/plain", "")), "text")

    def _picture(self, data: bytes | str, suffix: str) -> str:
        name = f"{self._name}-{len(self.pictures) + 1}.{suffix}"
        self.pictures[name] = data
        return f"![A picture that this cell draws]({name})"


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _fenced(text: str, language: str) -> str:
    text = _COLOURS.sub("", text).strip("\n")
    if not text.strip():
        return ""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
