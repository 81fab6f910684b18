"""How large an attack is: as a slow test, or in full with ``ATTACK=full`` (``make attack``)."""

import os


def size(slow: int, full: int) -> int:
    return full if os.environ.get("ATTACK") == "full" else slow
