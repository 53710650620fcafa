"""Connections that go to the very address that was checked, and end by a deadline whatever the other side does.

The name is resolved once, its addresses are checked, and one of them is dialled. TLS and the Host header still use
the name. A library's own connection would resolve again, and the name could have changed its mind in between.
"""

import time
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

import httpcore

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
                seconds = _remaining(self._deadline, longest, httpcore.ConnectTimeout)
                stream = self._network.connect_tcp(address, port, seconds, local_address, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every operation ends by the deadline: a server that sends a byte now and then gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(self._deadline, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _remaining(self._deadline, timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        return self._stream.get_extra_info(info)


def _remaining(deadline: float, timeout: float | None, late: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the deadline has passed")
    return left if timeout is None else min(left, timeout)
