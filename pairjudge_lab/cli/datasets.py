"""``pairjudge-lab datasets``: the problem sets, pools and verdict tables that are known by name."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from pairjudge_lab.cli.shared.options import add_json

if TYPE_CHECKING:
    from pairjudge_lab.datasets.registry import Entry

HELP = "the datasets known by name: licence, size, what for, and whether they are here"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="all about one, with its files")
    parser.add_argument("--kind", help="problems, pools or verdicts")
    parser.add_argument("--fetch", action="store_true", help="fetch NAME where it is not here")
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.fetching import fetch
    from pairjudge_lab.datasets.registry import entries, find, listing
    from pairjudge_lab.records import UserError

    if args.name is None:
        if args.fetch:
            raise UserError("--fetch takes the NAME of a dataset")
        rows = listing(args.kind)
        print(json.dumps(rows) if args.json else _table(entries(args.kind)))
        return
    kinds = [args.kind] if args.kind else [e.kind for e in entries() if e.name == args.name]
    found = [find(args.name, kind) for kind in kinds or [None]]
    for entry in found:
        if args.fetch:
            fetch(entry.remote, entry.folder, entry.name)
    if args.json:
        rows = [r for r in listing(args.kind) if r["name"] == args.name]
        print(json.dumps([{**r, "files": _files(e)} for r, e in zip(rows, found, strict=True)]))
        return
    print("\n\n".join(_about(entry) for entry in found))


def _table(known: list[Entry]) -> str:
    lines = []
    for kind in dict.fromkeys(entry.kind for entry in known):
        lines.append(f"{kind}: open with load_{kind}(NAME)")
        for entry in known:
            if entry.kind == kind:
                here = "here" if entry.here else "    "
                lines.append(f"  {entry.name:22} {here}  {entry.size}; {entry.licence}")
                lines.append(f"  {'':22}       {entry.purpose}")
        lines.append("")
    lines.append("'pairjudge-lab datasets NAME' says where a dataset lies and what was verified.")
    return "\n".join(lines)


def _about(entry: Entry) -> str:
    facts = {
        "kind": f"{entry.kind} (load_{entry.kind}({entry.name!r}))",
        "what for": entry.purpose,
        "size": entry.size,
        "licence": entry.licence,
        "page": entry.remote.page,
        "source": entry.source,
        "here": "yes" if entry.here else "no",
        "folder": str(entry.folder),
    }
    lines = [entry.name, *(f"  {name:9} {value}" for name, value in facts.items())]
    return "\n".join([*lines, *(f"  {'file':9} {file}" for file in _files(entry))])


def _files(entry: Entry) -> list[str]:
    """The names of the files below the folder, each with the URL that it comes from."""
    remote = entry.remote
    if remote.repository:
        return [f"{file} (revision {remote.revision})" for file in remote.files]
    if remote.archive:
        return [f"{remote.files[0]}, unpacked from {remote.urls[0]}"]
    return [f"{file} from {url}" for file, url in zip(remote.files, remote.urls, strict=True)]
