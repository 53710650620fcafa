"""What every route needs to do its work, made once per process by `apis.app.create_app`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from telecine.apis.copy_links import CopyLinks
from telecine.apis.playback import PlaybackTokens
from telecine.apis.tokens import Tokens
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer
from telecine.settings import Settings
from telecine.storage.open import StoreFactory


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms behind the API. `now` is the clock, so that tests can turn it; `user_key` signs tokens of users."""

    settings: Settings
    database: Database
    sealer: Sealer
    stores: StoreFactory
    tnp_tokens: Tokens
    playback_tokens: PlaybackTokens
    copy_links: CopyLinks
    user_key: bytes = field(repr=False)
    now: Callable[[], datetime]


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(_services)]
"""Declare a parameter of this type to have the services in a route."""
