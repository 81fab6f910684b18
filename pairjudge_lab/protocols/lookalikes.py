"""Text as a reader or a tokenizer's normaliser may see it: the copy on which patterns are matched.

Compatibility forms (full-width and mathematical letters) become plain ones, accents and characters
that show nothing are dropped, letters are folded to lower case, and white space to blanks. Nothing
is ever shown in this form; it says where in the original text something stands.
"""

from __future__ import annotations

import unicodedata

# Characters that show nothing although their category says letter, mark or symbol.
_INVISIBLE = {
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180E, 0x180F, 0x2800,
    0x3164, 0xFFA0, 0xFFFC,
}  # fmt: skip
_INVISIBLE_RANGES = ((0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF0, 0xFFFB), (0xE0000, 0xE0FFF))
_SPACE = "\t\n\v\f\r"

# Letters and brackets of other scripts that look like ASCII, which no normal form unifies. They
# fool a reader and no tokenizer, and brackets of this kind are mathematics, so they count in tags.
_TWINS = {
    **dict(zip("аеорсухіјѕһԁԛԝвкмнт", "aeopcyxijshdqwbkmht", strict=True)),
    **dict(zip("αερονικτυχ", "aeponiktux", strict=True)),
    **dict.fromkeys("‹⟨〈❮ᐸ˂⧼❬𐊖", "<"),
    **dict.fromkeys("›⟩〉❯ᐳ˃⧽❭", ">"),
    **dict.fromkeys("⁄∕⧸╱", "/"),
    **dict.fromkeys("∣ǀ│❘⏐丨", "|"),
    **dict.fromkeys("∖⧵⧹", "\\"),
    "ı": "i",
    "ɡ": "g",
    "ʟ": "l",
}


class Fold(dict[int, str]):
    """What each character becomes, by code point; worked out when first asked for.

    Made for ``str.translate``; a character may become several, or none.
    """

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold()
        # Folding the case can bring compatibility forms back.
        plain = unicodedata.normalize("NFKD", plain)
        folded = "".join(map(_folded, plain))
        self[code] = folded
        return folded


def _folded(char: str) -> str:
    code, kind = ord(char), unicodedata.category(char)
    if char in _SPACE or kind in ("Zs", "Zl", "Zp"):
        return " "
    if kind in ("Cc", "Cf", "Mn", "Me") or code in _INVISIBLE:
        return ""
    if any(low <= code <= high for low, high in _INVISIBLE_RANGES):
        return ""
    return char


FOLD = Fold()
_LATIN = str.maketrans(_TWINS)


def fold(text: str) -> str:
    """The folded text."""
    return text.translate(FOLD)


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in ``text`` that it comes from."""
    pieces = [FOLD[ord(char)] for char in text]
    places = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), places


def as_latin(folded: str) -> str:
    """Folded text of the same length, with letters and brackets of other scripts as their twins."""
    return folded.translate(_LATIN)
