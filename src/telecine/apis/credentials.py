"""Access keys in an Authorization header: how they are read, and how guessing at them is slowed down."""

import base64
import binascii
import hmac
from collections.abc import Iterable

import structlog

from telecine.apis.services import Services
from telecine.catalog import logins, sites
from telecine.catalog.models import Account
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()


def read_credentials(header: str, schemes: tuple[str, ...] = ("basic",)) -> tuple[str, str]:
    """Login and access key: the base64 of `login:accessKey` behind one of `schemes`, itself in any case.

    Raises UNAUTHENTICATED.
    """
    scheme, _, encoded = header.strip().partition(" ")
    try:
        if scheme.lower() not in schemes:
            raise ValueError
        login, colon, key = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not (login and colon and key):
            raise ValueError
    except (binascii.Error, ValueError) as error:
        why = "There is no Authorization header with Basic credentials of the form login:accessKey."
        raise TelecineError(ErrorKind.UNAUTHENTICATED, why) from error
    return login, key


def prove(services: Services, site_ids: Iterable[str], login: str, key: str, *, about: str, address: str) -> Account:
    """The account of `login` in the first of these sites where `key` is its access key.

    Failures are counted per login at `about` (a site, or a dialect without one) and per address. Raises
    UNAUTHENTICATED, the same for an unknown site, an unknown account and a wrong key, and TOO_MANY_ATTEMPTS.
    """
    counted = (f"login:{about}:{login.lower()}", f"address:{address}")
    account = _proven(services, site_ids, login, key, counted)
    with services.database.write() as s:
        if account is not None:
            logins.succeeded(s, counted[0])  # the address stays counted: its owner may be guessing at other accounts
            return account
        for name in counted:
            logins.failed(s, name, services.now())
    _log.warning("wrong credentials", site=repr(about), address=address)
    raise TelecineError(ErrorKind.UNAUTHENTICATED)


def _proven(
    services: Services, site_ids: Iterable[str], login: str, key: str, counted: tuple[str, ...]
) -> Account | None:
    """The account of `login` where `key` is its access key."""
    with services.database.read() as s:
        for name in counted:
            logins.check(s, name, services.now())
        found = [sites.find_account(s, site_id, login) for site_id in site_ids]
    for account in found:
        expected = sites.access_key(services.sealer, account) if account else ""
        same = hmac.compare_digest(expected.encode(), key.encode())
        if same and expected:
            return account
    return None
