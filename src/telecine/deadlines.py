"""Connections that end by a deadline whatever the other side does: a byte now and then gains it nothing.

Used by those who call servers that they do not know: webhooks, key servers.
"""

import time
from ssl import SSLContext
from typing import Any

import httpcore


class TimedStream(httpcore.NetworkStream):
    """A stream whose every operation ends by `deadline`, an instant on the monotonic clock."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, at most `max_bytes`."""
        return self._stream.read(max_bytes, remaining(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of `buffer`."""
        self._stream.write(buffer, remaining(self._deadline, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection under TLS."""
        seconds = remaining(self._deadline, timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What is known of the connection."""
        return self._stream.get_extra_info(info)


def remaining(deadline: float, timeout: float | None, late: type[Exception]) -> float:
    """Seconds until `deadline`, at most `timeout`. Raises `late` where it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the deadline has passed")
    return left if timeout is None else min(left, timeout)
