"""HLS attribute lists (RFC 8216, 4.2): text to pairs and back."""

import re

_ATTRIBUTE = re.compile(r'(?<![A-Z0-9-])([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')

type Attributes = dict[str, str]


def parse_attributes(text: str) -> Attributes:
    """An HLS attribute list by name; quoted values keep their quotes."""
    return {match[1]: match[2] for match in _ATTRIBUTE.finditer(text)}


def format_attributes(attributes: Attributes) -> str:
    """The opposite of `parse_attributes`."""
    return ",".join(f"{name}={value}" for name, value in attributes.items())


def bare(quoted: str) -> str:
    """A value without its quotes."""
    return quoted.strip('"')
