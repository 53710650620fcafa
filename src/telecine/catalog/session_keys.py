"""The keys of a site's watermarking tokens, brought together from where they lie."""

from dataclasses import replace

from sqlalchemy.orm import Session

from telecine.catalog import marks, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import AkamaiKey
from telecine.catalog.seal import Sealer
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.token_keys import AkamaiKeys, TokenKeys, akamai_keys, derive_token_keys

LONGEST_PASSWORD = 255


def token_keys(s: Session, sealer: Sealer, site_id: str) -> TokenKeys:
    """All keys of the site's tokens. Raises NOT_FOUND (site).

    The first call for a site makes its watermark secret, and needs a session that writes.
    """
    secret = marks.secret(s, sealer, site_id)
    site_key = sites.site_key(sealer, sites.get(s, site_id))
    keys = derive_token_keys(secret, site_id, site_key, akamai_of(s, sealer, site_id))
    return replace(keys, draft_claims=marks.policy(s, site_id).draft_claims)


def akamai_of(s: Session, sealer: Sealer, site_id: str) -> AkamaiKeys | None:
    """The site's keys for Akamai, None where none were registered."""
    row = s.get(AkamaiKey, site_id)
    if row is None:
        return None
    password = sealer.open(row.password_sealed, _context(site_id, "password"))
    private = sealer.open(row.private_sealed, _context(site_id, "private"))
    return akamai_keys(private.encode(), password, checked=True)


def set_akamai(s: Session, sealer: Sealer, site_id: str, private: bytes, password: str) -> AkamaiKeys:
    """Register the site's keys for Akamai, in place of older ones. Raises NOT_FOUND (site), FIELD_INVALID."""
    sites.get(s, site_id)
    if len(password) > LONGEST_PASSWORD:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"at most {LONGEST_PASSWORD} characters.", field="password")
    try:
        keys = akamai_keys(private, password)
    except ValueError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{error}.", field="akamai_key") from error
    row = s.get(AkamaiKey, site_id)
    if row is None:
        row = AkamaiKey(site_id=site_id)
        s.add(row)
    row.private_sealed = sealer.seal(keys.private.decode(), _context(site_id, "private"))
    row.password_sealed = sealer.seal(password, _context(site_id, "password"))
    row.update_time = utcnow()
    s.flush()
    return keys


def _context(site_id: str, what: str) -> str:
    return f"akamai_key:{site_id}:{what}"
