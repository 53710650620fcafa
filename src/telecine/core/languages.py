"""Language codes: clients and files mix ISO 639-1, 639-2 and longer tags; players want the shortest code."""

from functools import cache

import pycountry

UNKNOWN = "und"
_NO_LANGUAGE = frozenset({"", UNKNOWN, "unk", "mis", "mul", "zxx", "qaa"})


@cache
def shortest(code: str) -> str | None:
    """ISO 639-1 for the language `code` names in ISO 639-1, 639-2 (either kind) or 639-3; 639-3 where 639-1 has none.

    Case does not matter. None where no language has this code.
    """
    plain = code.strip().lower()
    languages = pycountry.languages
    if len(plain) == 2:
        found = languages.get(alpha_2=plain)
    elif len(plain) == 3:
        found = languages.get(alpha_3=plain) or languages.get(bibliographic=plain)
    else:
        found = None
    return None if found is None else str(getattr(found, "alpha_2", found.alpha_3))


def of_tag(tag: str) -> str:
    """The same for the tag of a file's track, which may be longer (`en-US`); empty where it names no language."""
    plain = tag.strip().lower().replace("_", "-").partition("-")[0]
    return "" if plain in _NO_LANGUAGE else shortest(plain) or ""
