"""Language codes as files spell them, turned into the one spelling that the job uses."""

from functools import cache

import pycountry

_UNKNOWN = {"", "und", "unk", "mis", "mul", "zxx", "qaa"}


@cache
def normal_language(code: str) -> str:
    """ISO 639-1 where it exists, else ISO 639-2/T, for a code of either or a longer tag such as `en-US`.

    Empty for `und` and for anything that names no language.
    """
    plain = code.strip().lower().replace("_", "-").partition("-")[0]
    if plain in _UNKNOWN:
        return ""
    key = "alpha_2" if len(plain) == 2 else "alpha_3"
    found = pycountry.languages.get(**{key: plain}) or pycountry.languages.get(bibliographic=plain)
    return str(getattr(found, "alpha_2", found.alpha_3)) if found else ""
