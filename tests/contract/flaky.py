"""A way to a server that is as bad as the network can be: it answers 503 or hangs up, as told, then behaves."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class FlakyProxy:
    """Passes TCP connections on to 127.0.0.1:`upstream`. `troubles` are used up, one per connection: `None` passes
    it on, `-1` answers 503, any other number hangs up when that many bytes have gone back to the client.
    """

    def __init__(self, upstream: int, troubles: list[int | None]) -> None:
        self.troubles = deque(troubles)
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                trouble = self.troubles.popleft() if self.troubles else None
                threading.Thread(target=self._serve, args=(client, trouble), daemon=True).start()

    def _serve(self, client: socket.socket, trouble: int | None) -> None:
        with client, suppress(OSError):
            if trouble == -1:
                client.recv(65536)
                client.sendall(BUSY)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
                return
            with socket.create_connection(("127.0.0.1", self._upstream)) as server:
                threading.Thread(target=self._pass, args=(client, server, None), daemon=True).start()
                self._pass(server, client, trouble)

    def _pass(self, source: socket.socket, target: socket.socket, most: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while (data := source.recv(65536)) and (most is None or passed < most):
                target.sendall(data)
                passed += len(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def flaky(endpoint: str, *troubles: int | None) -> Iterator[FlakyProxy]:
    """A bad way to the server at `endpoint`; its own endpoint is `http://127.0.0.1:<port>`."""
    proxy = FlakyProxy(int(endpoint.rpartition(":")[2]), list(troubles))
    try:
        yield proxy
    finally:
        proxy.close()
