"""The edge's numbers for Prometheus. No label holds a token, a session, a title or a variant."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from telecine.edge.objects import Objects
from telecine.edge.refusal import Outcome

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Numbers:
    """The numbers of one edge, apart from those of any other in the same process."""

    def __init__(self, objects: Objects) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "telecine_edge_requests", "Requests, by how they ended.", ("outcome",), registry=self.registry
        )
        self._bytes = Counter("telecine_edge_bytes", "Bytes of files that were sent.", registry=self.registry)
        self._seconds = Histogram(
            "telecine_edge_seconds", "Time until an answer began.", buckets=_SECONDS, registry=self.registry
        )
        self.registry.register(_Memory(objects))
        for outcome in Outcome:
            self._requests.labels(outcome.value)

    def note(self, outcome: Outcome, seconds: float) -> None:
        """Count an answer that has begun."""
        self._requests.labels(outcome.value).inc()
        self._seconds.observe(seconds)

    def sent(self, length: int) -> None:
        """Count bytes of a file."""
        self._bytes.inc(length)


class _Memory(Collector):
    """How often what was asked for was in memory."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Hits and misses so far."""
        counts = self._objects.counts
        family = CounterMetricFamily("telecine_edge_pieces", "Pieces of files read, by where from.", labels=["from"])
        family.add_metric(["memory"], counts.hits)
        family.add_metric(["storage"], counts.misses)
        yield family
