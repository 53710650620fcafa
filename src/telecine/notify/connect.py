"""Connections that go to the very address that was checked, and end by a deadline whatever the other side does.

The name is resolved once, its addresses are checked, and one of them is dialled. TLS and the Host header still use
the name. A library's own connection would resolve again, and the name could have changed its mind in between.
"""

from collections.abc import Iterable
from typing import Any

import httpcore

from telecine.deadlines import TimedStream, remaining
from telecine.notify.targets import Allowed, Resolve, check_addresses

CONNECT_SECONDS = 5.0
"""How long one address may take to accept."""


class CheckedNetwork(httpcore.NetworkBackend):
    """The network as one request may see it. `deadline` is on the monotonic clock."""

    def __init__(self, allowed: Allowed, resolve: Resolve, deadline: float) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of `host` that accepts. Raises TARGET_REFUSED, OSError, httpcore's errors."""
        trouble: Exception = OSError("the name has no address")
        for address in check_addresses(host, port, self._allowed, self._resolve):
            try:
                longest = min(CONNECT_SECONDS, timeout or CONNECT_SECONDS)
                seconds = remaining(self._deadline, longest, httpcore.ConnectTimeout)
                stream = self._network.connect_tcp(address, port, seconds, local_address, socket_options)
                return TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble
