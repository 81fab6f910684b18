"""Check the built site: python docs/check_site.py build/site

Every link within the site leads to a page and a heading that are there, and nothing is fetched from
elsewhere when a page is opened: no script, style, font, picture or frame of another host.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data", "use": "href",
}  # fmt: skip
IN_STYLE = re.compile(r"""(?:@import\s*["']|url\(\s*["']?)\s*((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """The links of a page, its anchors, and the addresses of what it fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self._style = tag == "style"
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in FETCHED and FETCHED[tag] in found:
            self.fetched.append(found[FETCHED[tag]])
        # Of links, rel="canonical" and the like name an address and fetch nothing.
        rel = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect"}
        if tag == "link" and rel & set(found.get("rel", "").split()):
            self.fetched.append(found.get("href", ""))
        self.fetched += IN_STYLE.findall(found.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self._style:
            self.fetched += IN_STYLE.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self._style = False


def faults(site: Path) -> list[str]:
    """What is wrong with the site, one line each."""
    pages = {
        file.resolve(): Page(file.read_text(encoding="utf-8")) for file in site.rglob("*.html")
    }
    found = []
    for file, page in sorted(pages.items()):
        name = file.relative_to(site.resolve())
        found += [
            f"{name} fetches {address:.100}"
            for address in page.fetched
            if urlsplit(address).netloc and urlsplit(address).scheme != "data"
        ]
        lost = [
            fault for link in page.links if (fault := _fault(file, link, pages, site.resolve()))
        ]
        found += [f"{name}: {fault}" for fault in lost]
    for file in sorted(site.rglob("*.css")):
        fetched = IN_STYLE.findall(file.read_text(encoding="utf-8"))
        found += [f"{file.relative_to(site)} fetches {address}" for address in fetched]
    return found


def _fault(file: Path, link: str, pages: dict[Path, Page], site: Path) -> str | None:
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return None
    # The page for what is not found is shown under any address, so its links begin at the root.
    start = site if address.path.startswith("/") else file.parent
    path = unquote(address.path).lstrip("/")
    target = (start / path).resolve() if address.path else file
    target = target / "index.html" if target.is_dir() else target
    if not target.exists():
        return f"no page {link}"
    anchor = unquote(address.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors | {"__top"}:
        return f"no heading {link}"
    return None


def main() -> int:
    site = Path(sys.argv[1])
    found = faults(site)
    print(
        "\n".join(found) or f"{len(list(site.rglob('*.html')))} pages, every link leads somewhere"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
