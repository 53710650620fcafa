"""Who may call the PRI API for a site: networks, and whether credentials are needed besides.

The document of that API has no authentication. A site takes part once it has a packaging group or a rule here;
without a rule only this machine itself may call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from sqlalchemy import select
from sqlalchemy.orm import Session

from telecine.catalog import sites
from telecine.catalog.clock import utcnow
from telecine.catalog.models import PackagingGroup, PriAccess
from telecine.core.errors import ErrorKind, TelecineError

LOOPBACK = ("127.0.0.0/8", "::1/128")
MOST_NETWORKS = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a site may be called, and whether only with the credentials of one of its accounts."""

    site_id: str
    networks: tuple[str, ...] = LOOPBACK
    require_credentials: bool = False

    def admits(self, address: str) -> bool:
        """Whether `address`, an IP address as text, lies in one of the networks."""
        known = _address(address)
        return known is not None and any(known in ip_network(network) for network in self.networks)


def rules(s: Session) -> list[Rule]:
    """The rule of every site that takes part, by site."""
    set_down = {row.site_id: rule_of(row) for row in s.scalars(select(PriAccess))}
    by_default = {site_id: Rule(site_id) for site_id in s.scalars(select(PackagingGroup.site_id).distinct())}
    return sorted((by_default | set_down).values(), key=lambda rule: rule.site_id)


def get(s: Session, site_id: str) -> Rule:
    """The site's rule, or the one that holds without. Raises NOT_FOUND for the site."""
    sites.get(s, site_id)
    row = s.get(PriAccess, site_id)
    return Rule(site_id) if row is None else rule_of(row)


def allow(s: Session, site_id: str, networks: Sequence[str], require_credentials: bool) -> Rule:
    """Set the site's rule. Raises NOT_FOUND (site), FIELD_INVALID for what is no network.

    The whole world is let in with credentials only.
    """
    sites.get(s, site_id)
    known = [_network(text) for text in dict.fromkeys(networks)]
    if not known or len(known) > MOST_NETWORKS:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"1 to {MOST_NETWORKS} networks.", field="allow")
    if not require_credentials and any(ip_network(text).prefixlen == 0 for text in known):
        detail = "without credentials it would let everybody create and delete; require them as well."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="allow")
    row = s.get(PriAccess, site_id) or PriAccess(site_id=site_id)
    row.networks, row.require_credentials, row.update_time = known, require_credentials, utcnow()
    s.add(row)
    s.flush()
    return rule_of(row)


def reset(s: Session, site_id: str) -> Rule:
    """Take the site's rule back: only this machine may call. Raises NOT_FOUND."""
    sites.get(s, site_id)
    row = s.get(PriAccess, site_id)
    if row is not None:
        s.delete(row)
        s.flush()
    return Rule(site_id)


def rule_of(row: PriAccess) -> Rule:
    """The row as a value."""
    return Rule(row.site_id, tuple(row.networks), row.require_credentials)


def _network(text: str) -> str:
    """A network as it is kept: `10.1.2.3` is that one host, `10.1.2.3/8` the network around it."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        detail = f"{text[:60]!r} is no address or network such as 10.0.0.0/8."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="allow") from error
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return f"{mapped}/{max(0, network.prefixlen - 96)}" if mapped is not None else str(network)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address; one of IPv4 that came in IPv6's clothes is read as what it is. A zone (`%eth0`) does not matter."""
    try:
        known = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known
