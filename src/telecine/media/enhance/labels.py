"""Words on pictures, without any font: letters of 5 x 7 dots, as the few words need that are written here."""

_LETTERS = {
    "C": (0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110),
    "E": (0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111),
    "L": (0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111),
    "O": (0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110),
    "R": (0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001),
    "S": (0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110),
    "T": (0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100),
    "U": (0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110),
}
_WIDE, _HIGH = 5, 7
_LIGHT, _DARK = 235, 40


def label(word: str, dot: int) -> bytes:
    """A PGM picture of `word`, light on dark, with a margin around it; every dot is `dot` pixels square.

    Width and height are even, as pictures with halved chroma need them. Raises KeyError for a letter that is not here.
    """
    rows = [[False] * (2 + (_WIDE + 1) * len(word) + 1)]
    for line in range(_HIGH):
        dots = [False, False]
        for letter in word:
            bits = _LETTERS[letter][line]
            dots += [bool(bits >> (_WIDE - 1 - column) & 1) for column in range(_WIDE)] + [False]
        rows.append([*dots, False])
    rows.append(rows[0])
    side = dot + dot % 2
    wide = [bytes(_LIGHT if lit else _DARK for lit in row for _ in range(side)) for row in rows]
    lines = [line for line in wide for _ in range(side)]
    return f"P5 {len(lines[0])} {len(lines)} 255\n".encode() + b"".join(lines)
