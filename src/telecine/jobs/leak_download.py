"""Fetches a leak from an address that a client named, which must not become a way into the operator's own network.

Every connection goes to an address that was checked (see `notify.connect`), also behind redirects; the file may have
so many bytes and no more; and a server that sends a byte now and then gains nothing by it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpcore
import httpx

from telecine.core.errors import ErrorKind, TelecineError
from telecine.notify.connect import CheckedNetwork
from telecine.notify.targets import Allowed, Resolve, addresses_of, check_addresses, check_url, port_of

SECONDS = 6 * 3600.0
"""How long a download may take in all."""
SILENCE = 60.0
"""Seconds without a byte after which it is given up."""
REDIRECTS = 5
FIELD = "input.url"

_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

type Report = Callable[[int, int], None]
"""Told how many of how many bytes have come; the second is 0 where the server does not say. What it raises ends it."""


def check(url: str, allowed: Allowed) -> None:
    """Check an address as a client sends it. Raises FIELD_INVALID. A name that does not resolve now passes."""
    try:
        parsed = check_url(url, allowed)
        check_addresses(parsed.host, port_of(parsed), allowed)
    except TelecineError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, error.detail, field=FIELD) from error
    except OSError:
        return


def download(
    url: str,
    target: Path,
    allowed: Allowed,
    largest: int,
    report: Report,
    resolve: Resolve = addresses_of,
    seconds: float = SECONDS,
) -> None:
    """Fetch `url` to `target`, which has at most `largest` bytes.

    Raises DOWNLOAD_FAILED, TARGET_REFUSED where an address is not public, INPUT_OVER_LIMIT, and what `report` raises.
    No error holds the address, which may carry the right to read there.
    """
    network = CheckedNetwork(allowed, resolve, time.monotonic() + seconds)
    with httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=network) as pool:
        for _ in range(REDIRECTS + 1):
            with _plainly(), _opened(pool, check_url(url, allowed)) as answer:
                if not 300 <= answer.status < 400:
                    _take(answer, target, largest, report)
                    return
                url = urljoin(url, _header(answer, "location"))
    raise TelecineError(ErrorKind.DOWNLOAD_FAILED, f"it was redirected more than {REDIRECTS} times.")


@contextmanager
def _opened(pool: httpcore.ConnectionPool, url: httpx.URL) -> Iterator[httpcore.Response]:
    headers = [("Host", url.netloc.decode()), ("User-Agent", "Telecine"), ("Accept-Encoding", "identity")]
    address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    patience = {"connect": SILENCE, "read": SILENCE, "write": SILENCE, "pool": SILENCE}
    with ExitStack() as stack:
        try:
            answer = stack.enter_context(pool.stream("GET", address, headers=headers, extensions={"timeout": patience}))
        except OSError as error:
            raise TelecineError(ErrorKind.DOWNLOAD_FAILED, "the name of the server does not resolve.") from error
        yield answer


def _take(answer: httpcore.Response, target: Path, largest: int, report: Report) -> None:
    if answer.status != 200:
        raise TelecineError(ErrorKind.DOWNLOAD_FAILED, f"the server answered {answer.status}.")
    told = _header(answer, "content-length")
    total = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0
    _check_size(total, largest)
    done = 0
    with target.open("wb") as file:
        for piece in answer.iter_stream():
            done += len(piece)
            _check_size(done, largest)
            file.write(piece)
            report(done, total)
    if done == 0 or (total and done != total):
        raise TelecineError(ErrorKind.DOWNLOAD_FAILED, f"{done:,} of {total:,} bytes came.")


def _check_size(size: int, largest: int) -> None:
    if size > largest:
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"the limit is {largest:,} bytes.")


def _header(answer: httpcore.Response, name: str) -> str:
    return next((value.decode("latin-1") for key, value in answer.headers if key.lower() == name.encode()), "")


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn what goes wrong on the way into a failed download."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise TelecineError(ErrorKind.DOWNLOAD_FAILED, "the server did not answer in time.") from error
    except _FAILURES as error:
        raise TelecineError(ErrorKind.DOWNLOAD_FAILED, "the connection failed.") from error
