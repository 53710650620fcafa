"""The token of a viewer's session at rest: sealed, and bound to its session.

A detection tells whoever blocks leakers which token to refuse; for everything else the token's digest does.
"""

from telecine.catalog.mark_models import MarkSession
from telecine.catalog.seal import Sealer


def sealed_token(sealer: Sealer, site_id: str, session: str, token: str) -> str:
    """What `MarkSession.token_sealed` keeps of the `token` of a site's `session`."""
    return sealer.seal(token, _context(site_id, session))


def token_of(sealer: Sealer, row: MarkSession) -> str:
    """The session's token; empty where it was not kept. Raises INTERNAL where the master key is another one."""
    return sealer.open(row.token_sealed, _context(row.site_id, row.session)) if row.token_sealed else ""


def _context(site_id: str, session: str) -> str:
    return f"mark_session:{site_id}:{session}:token"
