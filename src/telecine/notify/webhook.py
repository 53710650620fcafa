"""Sends a message to a webhook by the rules of Standard Webhooks: signed, timed, never redirected."""

import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpcore
import httpx
from standardwebhooks import Webhook

from telecine.core.errors import TelecineError
from telecine.notify.connect import CheckedNetwork
from telecine.notify.message import LONGEST_BODY, Message, Outcome
from telecine.notify.targets import Allowed, Resolve, addresses_of, check_url

SECONDS = 15.0
"""How long one try may take, from the first packet to the end of the answer."""

_GONE = 410
_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


def send(
    url: str,
    secret: str,
    message: Message,
    *,
    now: datetime,
    allowed: Allowed,
    tls: ssl.SSLContext,
    resolve: Resolve = addresses_of,
    seconds: float = SECONDS,
) -> Outcome:
    """Post `message` to `url`, signed with `secret` (`whsec_…`) as of `now`. Only a 2xx is a success.

    Never raises for what the target or the way to it does.
    """
    network = CheckedNetwork(allowed, resolve, time.monotonic() + seconds)
    try:
        target = check_url(url, allowed)
        with httpcore.ConnectionPool(ssl_context=tls, network_backend=network) as pool:
            headers = {"Host": target.netloc.decode(), **_headers(secret, message, now)}
            body = message.text.encode()
            with pool.stream("POST", _address(target), headers=list(headers.items()), content=body) as answer:
                return _outcome(answer, now)
    except TelecineError as error:
        return Outcome(False, body=error.message)
    except _FAILURES as error:
        return Outcome(False, body=_said(error))
    except OSError as error:
        return Outcome(False, body=f"The name of the target does not resolve: {error.strerror or error}.")


def _headers(secret: str, message: Message, now: datetime) -> dict[str, str]:
    """What Standard Webhooks wants: the id stays the same on every try, time and signature are of this one."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Telecine",
        "Accept-Encoding": "identity",
        "Webhook-Id": message.id,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(secret).sign(message.id, now.astimezone(UTC), message.text),
    }


def _address(url: httpx.URL) -> httpcore.URL:
    """The same URL, taken apart once: a second parser might read another host."""
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _outcome(answer: httpcore.Response, now: datetime) -> Outcome:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    if 300 <= answer.status < 400:
        where = headers.get("location", "")[:LONGEST_BODY]
        return Outcome(False, answer.status, f"A redirect is not followed: {where}")
    return Outcome(
        delivered=200 <= answer.status < 300,
        status=answer.status,
        body=_beginning(answer),
        retry_after=_retry_after(headers.get("retry-after", ""), now),
        gone=answer.status == _GONE,
    )


def _beginning(answer: httpcore.Response) -> str:
    """The start of the answer's body. The status has come, so a body that breaks off changes nothing."""
    found = b""
    with suppress(*_FAILURES):
        for piece in answer.iter_stream():
            found += piece
            if len(found) >= LONGEST_BODY:
                break
    return found.decode(errors="replace")[:LONGEST_BODY]


def _retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header: a number or a date; None for anything else."""
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return None


def _said(error: Exception) -> str:
    """What happened on the way, in words."""
    if isinstance(error, httpcore.TimeoutException):
        return "The target did not answer in time."
    return f"The connection failed: {error}."[:LONGEST_BODY]
