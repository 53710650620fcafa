"""What operators and their tools ask of a server: is it alive, may it have traffic, how is it doing.

The numbers carry no ids: a label's values must stay few. Paths are counted by route, not by what clients type.
"""

import time
from collections.abc import Iterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telecine.apis.envelope import Answer, path_of
from telecine.apis.services import Wired
from telecine.catalog import jobs
from telecine.catalog.database import Database
from telecine.core.states import JobState

routes = APIRouter(tags=["Operations"])

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds; a create of a storage waits for the storage."""

_log = structlog.get_logger()


class Health(BaseModel):
    """How a server is."""

    status: str
    reason: str = ""


@routes.get("/health/live", response_model=Health, summary="Is the process alive?")
def live() -> Answer:
    """The process runs and answers. Restart it when this fails."""
    return Answer({"status": "alive"})


@routes.get("/health/ready", response_model=Health, summary="May it have traffic?", responses={503: {"model": Health}})
def ready(services: Wired) -> Answer:
    """The database answers and has the schema of this release. Engines are the workers' matter."""
    try:
        current = services.database.is_current()
    except SQLAlchemyError as error:
        _log.error("database does not answer", error=type(error).__name__)
        return Answer({"status": "not ready", "reason": "The database does not answer."}, 503)
    if not current:
        return Answer({"status": "not ready", "reason": "The database has the schema of another release."}, 503)
    return Answer({"status": "ready"})


class Metrics:
    """The numbers of one application, apart from those of any other in the same process."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_JobsByState(database))
        labels = ("method", "route", "status")
        self.requests = Counter("telecine_http_requests", "HTTP requests.", labels, registry=self.registry)
        self.seconds = Histogram(
            "telecine_http_request_seconds",
            "Time to answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )


class _JobsByState(Collector):
    """Asks the database at each scrape: the API processes share its jobs, and none of them knows all changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """How many jobs are in each state, of all sites together."""
        with self._database.read() as s:
            counts = jobs.count_by_state(s)
        gauge = GaugeMetricFamily("telecine_jobs", "Jobs by state.", labels=["state"])
        for state in JobState:
            gauge.add_metric([state.value], counts.get(state, 0))
        yield gauge

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The name alone, so that registering asks nothing of the database."""
        yield GaugeMetricFamily("telecine_jobs", "Jobs by state.", labels=["state"])


def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


@routes.get("/metrics", response_class=Response, summary="Numbers for Prometheus")
def show_metrics(metrics: Annotated[Metrics, Depends(_metrics)]) -> Response:
    """Jobs by state, requests and how long they took, in Prometheus' text format."""
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


class Measure:
    """ASGI middleware that counts, times and logs every request, without query, headers or body."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app = app
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note its route, status and time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        begun = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._note(scope, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        metrics: Metrics = self._owner.state.metrics
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path_format", "unmatched")
        metrics.requests.labels(method, route, status).inc()
        metrics.seconds.labels(method, route).observe(seconds)
        log = _log.debug if route in _POLLED else _log.info
        log("request", method=method, path=path_of(scope), status=status, ms=round(seconds * 1000, 1))


_POLLED = frozenset({"/health/live", "/health/ready", "/metrics"})
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
