"""Which targets may be told: a webhook must not become a way into the operator's own network (SSRF).

A URL is checked as text when it is registered, and its addresses are checked every time that a connection is made,
by whoever makes it, so that a name which leads elsewhere later leads nowhere (see `connect`).
"""

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from telecine.core.errors import ErrorKind, TelecineError

type Resolve = Callable[[str, int], Sequence[str]]
"""From host name and port to numeric addresses. Raises OSError."""

LONGEST_URL = 2048
FIELD = "url_end_point"

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?")
_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-cn|aws-us-gov):sns:(?P<region>(?P<area>[a-z]{2}(?:-gov)?)(?:-[a-z]+){1,2}-\d)"
    r":[A-Za-z0-9]{1,12}:[A-Za-z0-9_-]{1,251}(?:\.fifo)?"
)
_PARTITIONS = {"aws-cn": "cn", "aws-us-gov": "us-gov"}
_OPEN_IPV6 = ip_network("2000::/3")
# IANA's special-purpose registries, written out: what Python calls global has changed from one patch to the next.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the platform behind the machines of a large cloud, public by number only
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast and what is reserved above it
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",  # 6to4, which wraps any IPv4 address
        "3fff::/20",
    )
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The private targets that the operator allows: host names, and networks of addresses."""

    names: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Allowed":
        """From host names, addresses and CIDR ranges."""
        names, networks = [], []
        for entry in entries:
            try:
                networks.append(ip_network(entry.strip(), strict=False))
            except ValueError:
                names.append(_plain(entry.strip()))
        return cls(frozenset(names), tuple(networks))

    def has_host(self, host: str) -> bool:
        """Whether the host of a URL, a name or an address, is listed itself."""
        if _plain(host) in self.names:
            return True
        address = _address(host)
        return address is not None and self.has_address(address)

    def has_address(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether an address lies in a listed network."""
        return any(address in network for network in self.networks)


def check_target(noti_type: str, target: str, private_targets: Iterable[str] = ()) -> None:
    """Check what somebody wants to register: an ARN for `SNS`, a URL for `WEBHOOK`. Raises TARGET_REFUSED.

    A name that does not resolve passes: it can be reached no more than one that is refused, and name servers
    have bad moments. The delivery log will say it.
    """
    if noti_type == "SNS":
        region_of(target)
        return
    allowed = Allowed.of(private_targets)
    url = check_url(target, allowed)
    try:
        check_addresses(url.host, port_of(url), allowed)
    except OSError:
        return


def region_of(arn: str) -> str:
    """The region of an SNS topic's ARN. Raises TARGET_REFUSED where it is none.

    Its account may be any letters and digits, because the document's own sample has one with `x` in it.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise refused("it is no ARN of an SNS topic: arn:aws:sns:<region>:<account>:<topic>.")
    if _PARTITIONS.get(match["partition"], "") not in (match["area"], ""):
        raise refused(f"region {match['region']} is not in partition {match['partition']}.")
    return match["region"]


def check_url(text: str, allowed: Allowed) -> httpx.URL:
    """The URL in `text`, where its form is that of a webhook. Raises TARGET_REFUSED.

    https, no user name, a plain host, port 443 or one that is no system service's. A host that the operator
    lists may have http and any port.
    """
    if len(text) > LONGEST_URL:
        raise refused(f"a URL has {LONGEST_URL} characters at most.")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise refused("it is not a valid URL.") from error
    host = url.raw_host.decode()
    if _address(host) is None and not _HOST.fullmatch(host.removesuffix(".")):
        raise refused("it has no valid host name.")
    if url.userinfo or "@" in text.partition("://")[2].partition("/")[0]:
        raise refused("a URL must not have a user name or password.")
    listed = allowed.has_host(host)
    if url.scheme != "https" and not (url.scheme == "http" and listed):
        raise refused("its scheme must be https.")
    if not listed and port_of(url) != 443 and not 1024 <= port_of(url) <= 65535:
        raise refused(f"port {url.port} is not one of 443 and 1024 to 65535.")
    return url


def check_addresses(host: str, port: int, allowed: Allowed, resolve: Resolve | None = None) -> list[str]:
    """Every address of `host`, all of which may be reached. Raises TARGET_REFUSED, and OSError where it has none.

    One forbidden address refuses the host: which of them a client takes is not for the host's owner to choose.
    """
    found = (resolve or addresses_of)(host, port)
    for address in found:
        number = ip_address(address)
        if not (_is_public(number) or allowed.has_host(host) or allowed.has_address(number)):
            raise refused("it leads to an address that is not public.")
    return list(found)


def addresses_of(host: str, port: int) -> list[str]:
    """What the system's resolver says, in its order. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a part of the name is too long to be asked for
        raise OSError("it is no name") from error
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def port_of(url: httpx.URL) -> int:
    """The port that a URL means."""
    return url.port if url.port is not None else {"https": 443, "http": 80}.get(url.scheme, 0)


def refused(detail: str) -> TelecineError:
    """The refusal of a target."""
    return TelecineError(ErrorKind.TARGET_REFUSED, detail, field=FIELD)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open internet's, and not an IPv6 wrapping of one that is not."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address not in _OPEN_IPV6:
            return False
    return not any(address in network for network in _SPECIAL)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")
