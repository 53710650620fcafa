"""Sites and the accounts that may get tokens for them."""

import re
import secrets
from enum import Enum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT, Account, Site
from telecine.catalog.seal import Sealer
from telecine.catalog.text import checked, storable
from telecine.core.errors import ErrorKind, TelecineError

_SITE_ID = re.compile(r"[A-Za-z0-9]{4}", re.ASCII)


class Unchanged(Enum):
    """Marks an argument that was not given, where None has a meaning of its own."""

    UNCHANGED = "unchanged"


def create(s: Session, sealer: Sealer, site_id: str, region: str = "RG011") -> Site:
    """Add a site. `site_id` is four ASCII letters or digits and is kept as given.

    Raises FIELD_INVALID for another form, CONFLICT where it exists.
    """
    if not _SITE_ID.fullmatch(site_id):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be four letters or digits.", field="site_id")
    if s.get(Site, site_id) is not None:
        raise TelecineError(ErrorKind.CONFLICT, f"Site {site_id} exists already.", field="site_id")
    site = Site(
        site_id=site_id,
        region=region,
        site_key_sealed=sealer.seal(secrets.token_hex(16), _site_key_context(site_id)),
        reg_time=utcnow(),
    )
    s.add(site)
    s.flush()
    return site


def get(s: Session, site_id: str) -> Site:
    """The site. Raises NOT_FOUND."""
    site = s.get(Site, site_id) if storable(site_id) else None
    if site is None:
        raise TelecineError(ErrorKind.NOT_FOUND, "The site")
    return site


def every(s: Session) -> list[Site]:
    """All sites, by id."""
    return list(s.scalars(select(Site).order_by(Site.site_id)))


def set_region(s: Session, site_id: str, region: str) -> Site:
    """Set the region in which the site's jobs run unless they say otherwise."""
    site = get(s, site_id)
    site.region = region
    return site


def configure(
    s: Session,
    site_id: str,
    *,
    in_service: bool | None = None,
    trial_limit: int | Unchanged | None = Unchanged.UNCHANGED,
    show_storage_secrets: bool | None = None,
    priority: int | None = None,
) -> Site:
    """Change what only the operator may change. `priority` is 1 (first) to 5; FIELD_OUT_OF_RANGE otherwise."""
    site = get(s, site_id)
    if in_service is not None:
        site.in_service = in_service
    if not isinstance(trial_limit, Unchanged):
        site.trial_limit = trial_limit
    if show_storage_secrets is not None:
        site.show_storage_secrets = show_storage_secrets
    if priority is not None:
        if priority not in range(1, 6):
            raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, "it must be 1 to 5.", field="priority")
        site.priority = priority
    return site


def site_key(sealer: Sealer, site: Site) -> str:
    """The site key, 32 hexadecimal digits."""
    return sealer.open(site.site_key_sealed, _site_key_context(site.site_id))


def create_account(s: Session, sealer: Sealer, site_id: str, email: str) -> tuple[Account, str]:
    """Add an account; gives it and its access key. Raises NOT_FOUND (site), FIELD_INVALID, CONFLICT (email)."""
    get(s, site_id)
    checked(email, "email", SHORT)
    if "@" not in email or ":" in email:  # a colon ends the name in Basic credentials
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be an email address.", field="email")
    if _find(s, site_id, email) is not None:
        raise TelecineError(ErrorKind.CONFLICT, "An account with this email exists already.", field="email")
    account = Account(
        account_id=secrets.token_hex(8),
        site_id=site_id,
        email=email,
        email_key=email.lower(),
        key_version=1,
        revoked=False,
        reg_time=utcnow(),
    )
    key = _new_key(sealer, account)
    s.add(account)
    s.flush()
    return account, key


def accounts(s: Session, site_id: str) -> list[Account]:
    """All accounts of the site, the revoked ones too, oldest first."""
    return list(s.scalars(select(Account).where(Account.site_id == site_id).order_by(Account.reg_time)))


def find_account(s: Session, site_id: str, login: str) -> Account | None:
    """The account with this email (in any case) or account id, unless there is none or it is revoked."""
    account = _find(s, site_id, login)
    return None if account is None or account.revoked else account


def access_key(sealer: Sealer, account: Account) -> str:
    """The account's access key."""
    return sealer.open(account.access_key_sealed, _access_key_context(account.account_id))


def rotate_key(s: Session, sealer: Sealer, site_id: str, login: str) -> str:
    """Give the account a new access key; the old one and its tokens die. A revoked account lives again. NOT_FOUND."""
    account = _must_find(s, site_id, login)
    account.key_version += 1
    account.revoked = False
    return _new_key(sealer, account)


def revoke(s: Session, site_id: str, login: str) -> None:
    """Take the account's access away: key and tokens die at once. Raises NOT_FOUND."""
    account = _must_find(s, site_id, login)
    account.key_version += 1
    account.revoked = True


def _new_key(sealer: Sealer, account: Account) -> str:
    key = secrets.token_urlsafe(32)
    account.access_key_sealed = sealer.seal(key, _access_key_context(account.account_id))
    return key


def _find(s: Session, site_id: str, login: str) -> Account | None:
    if not storable(login) or not storable(site_id):
        return None
    known = or_(Account.email_key == login.lower(), Account.account_id == login)
    return s.scalar(select(Account).where(Account.site_id == site_id, known))


def _must_find(s: Session, site_id: str, login: str) -> Account:
    account = _find(s, site_id, login)
    if account is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Account {login} of site {site_id}")
    return account


def _site_key_context(site_id: str) -> str:
    return f"site:{site_id}:site_key"


def _access_key_context(account_id: str) -> str:
    return f"account:{account_id}:access_key"
