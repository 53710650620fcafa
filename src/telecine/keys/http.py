"""Calls to a key server: by a deadline, again after a failure that may pass, never along a redirect.

Only the operator says where a key server is, so private addresses are allowed.
"""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from telecine.core.errors import ErrorKind, TelecineError
from telecine.deadlines import TimedStream, remaining
from telecine.keys.cpix import refused

LARGEST_ANSWER = 2**20
"""Bytes; an answer with six keys has about thirty thousand."""

_TOLD = 200
"""Characters of a refusal that are told on."""
_LEAST_SECRET = 8
"""Characters; a shorter word in an address or a header is no secret, and would be masked wherever it stands."""
_NO_SECRETS = frozenset({"content-type", "x-speke-version", "host", "user-agent", "accept-encoding"})
_MASK = "********"
_PASSING = {408, 425, 429}
_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)


def _go_on() -> None:
    """Nobody wants a call to end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one try may take, how many there are, and the pause after the first, doubled after each further one.

    `poll` is called before each try; what it raises ends the call.
    """

    try_seconds: float = 10.0
    tries: int = 4
    first_pause: float = 0.5
    poll: Callable[[], None] = _go_on


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer of a key server. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Unsuccessful(Exception):  # noqa: N818 - a try, not the call
    """A try failed, and the next one may not."""


def persevere[Result](attempt: Callable[[], Result], patience: Patience) -> Result:
    """What `attempt` gives, tried again while it raises Unsuccessful. Raises KEYS_UNREACHABLE with the last reason.

    Raises whatever `patience.poll` does as well.
    """
    pause = patience.first_pause
    for left in reversed(range(patience.tries)):
        patience.poll()
        try:
            return attempt()
        except Unsuccessful as why:
            if not left:
                raise TelecineError(ErrorKind.KEYS_UNREACHABLE, str(why)) from None
        time.sleep(pause)
        pause *= 2
    raise ValueError("there must be one try at least")


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
    """Post `body` once, for `seconds` from the first packet to the end of the answer.

    Raises Unsuccessful where another try may help, KEYS_REFUSED for an answer that says no.
    """
    target = httpx.URL(url)
    address = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    sent = {"Host": target.netloc.decode(), "User-Agent": "Telecine", "Accept-Encoding": "identity", **headers}
    network = _Network(time.monotonic() + seconds)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_tls(), network_backend=network) as pool,
            pool.stream("POST", address, headers=list(sent.items()), content=body) as answer,
        ):
            return _reply(answer, _secrets(target, headers))
    except httpcore.TimeoutException:
        raise Unsuccessful("it did not answer in time.") from None
    except _FAILURES as error:
        raise Unsuccessful(f"the connection failed: {error}."[:_TOLD]) from None


def _reply(answer: httpcore.Response, secrets: Sequence[str]) -> Reply:
    body = b""
    for piece in answer.iter_stream():
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise refused(f"the key server's answer is larger than {LARGEST_ANSWER} bytes.")
    if 300 <= answer.status < 400:
        raise refused(f"the key server answered {answer.status}; a redirect is not followed.")
    if answer.status >= 500 or answer.status in _PASSING:
        raise Unsuccessful(f"it answered {answer.status}: {_beginning(body, secrets)}.")
    if answer.status != 200:
        raise refused(f"the key server answered {answer.status}: {_beginning(body, secrets)}.")
    return Reply({name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}, body)


def _secrets(url: httpx.URL, headers: Mapping[str, str]) -> list[str]:
    """What a server may repeat of a request that must go no further: its address, and how we said who we are."""
    address = [url.raw_path.decode(), url.path, url.query.decode(), *(value for _, value in url.params.multi_items())]
    said = [value for name, value in headers.items() if name.lower() not in _NO_SECRETS]
    words = {word for text in (*address, *said) for word in (text, *text.split()) if len(word) >= _LEAST_SECRET}
    return sorted(words, key=len, reverse=True)


def _beginning(body: bytes, secrets: Sequence[str]) -> str:
    """What a server says of its refusal, on one line, without `secrets`."""
    text = " ".join(body.decode(errors="replace").split())
    for secret in secrets:
        text = text.replace(secret, _MASK)
    return "".join(character for character in text if character.isprintable())[:_TOLD].rstrip(".") or "nothing more"


class _Network(httpcore.NetworkBackend):
    """The network until a deadline on the monotonic clock."""

    def __init__(self, deadline: float) -> None:
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
        """Connect to `host`. Raises httpcore's errors."""
        seconds = remaining(self._deadline, timeout, httpcore.ConnectTimeout)
        stream = self._network.connect_tcp(host, port, seconds, local_address, socket_options)
        return TimedStream(stream, self._deadline)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
