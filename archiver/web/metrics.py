"""`/metrics` for Prometheus: made from the database when asked, so true whichever process did the work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from archiver.model.operations import Beat, HostState, SourceState
from archiver.storage.index import DueSource, SourceStats
from archiver.web.site import Site, site_of

OUTCOMES = ("new", "changed", "unchanged", "gone", "walled", "failed", "left_out")
MOST_HOSTS = 100
"""Closed hosts that are named; more than that say the same."""

_TALLIES = (
    ("captures", "Exchanges that were archived, by source.", "captures"),
    ("revisits", "Archived exchanges that brought nothing new (revisit records), by source.", "revisits"),
    ("failures", "Archived exchanges without an answer, by source.", "failures"),
    ("snapshots", "Snapshots that were made, by source.", "snapshots"),
    ("pictures", "Pictures archived with snapshots, by source.", "pictures_captured"),
    ("pictures_missing", "Pictures that snapshots lack, by source.", "pictures_missing"),
    ("stored_bytes", "Bytes of WARC records, by source.", "stored_bytes"),
)
_OF_THE_PROCESS = (
    ("requests", "requests", "Requests that the service sent since it began.", CounterMetricFamily),
    ("bytes", "received_bytes", "Bytes that the service received since it began.", CounterMetricFamily),
    ("refused", "refused", "Requests that did not go out: closed host, spent budget.", CounterMetricFamily),
    ("waited_seconds", "waited_seconds", "How long requests waited out of politeness.", CounterMetricFamily),
    ("fsync_count", "fsyncs", "Times that records were flushed to disk.", CounterMetricFamily),
    ("fsync_seconds", "fsync_seconds", "Seconds that flushing took.", CounterMetricFamily),
    ("cpu_seconds", "cpu_seconds", "Processor seconds that the service used.", CounterMetricFamily),
    ("rss_bytes", "resident_bytes", "Resident memory of the service.", GaugeMetricFamily),
    ("in_flight", "work_in_progress", "Pieces of work that are being done.", GaugeMetricFamily),
    ("queue", "sources_waiting", "Sources that wait to be looked at.", GaugeMetricFamily),
    ("budget_share", "budget_ratio", "Share of the day's bytes that is used up.", GaugeMetricFamily),
)
"""What a process says in its beat, the name of the metric, and what it is."""


def metrics(request: Request) -> Response:
    """The metrics, to the networks of `web.metrics_networks`. Raises IndexUnavailableError."""
    site = site_of(request)
    if not _may_ask(site, request.client.host if request.client else ""):
        raise HTTPException(403, "metrics are for the networks of web.metrics_networks")
    registry = CollectorRegistry()
    registry.register(ArchiveCollector(site))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def _may_ask(site: Site, address: str) -> bool:
    try:
        asking = ip_address(address)
    except ValueError:  # a socket without an address: whoever reaches it is on this machine
        return not address
    return any(asking in ip_network(network) for network in site.metrics_networks)


@dataclass(frozen=True, slots=True)
class ArchiveCollector(Collector):
    """What is known of an archive now. Each label has as many values as there are sources, at most."""

    site: Site

    def collect(self) -> Iterator[Metric]:
        """Every metric, each once."""
        index, now = self.site.index, datetime.now(UTC)
        operations = index.operations
        yield from _tallies(index.stats().sources)
        states = operations.sources.all()
        yield from _sources(states)
        enabled = {source.name for source in self.site.sources().enabled}
        followed = enabled - {state.name for state in states if state.paused_at}
        yield from _revisits([due for due in index.due_sources(now) if due.source in followed], now)
        queued, running, _ = operations.submissions.unfinished()
        yield _gauge("submissions_queued", "Submitted pages that wait.", queued)
        yield _gauge("submissions_running", "Submitted pages that are being archived.", running)
        yield from _hosts(operations.hosts.closed(now), now)
        yield from _service(operations.beats.all(), now)
        yield from _disk(self.site)


def _tallies(sources: dict[str, SourceStats]) -> Iterator[Metric]:
    for name, told, field in _TALLIES:
        yield _labelled(
            CounterMetricFamily,
            name,
            told,
            _of_each(sources, field),
        )


def _of_each(sources: dict[str, SourceStats], field: str) -> Iterator[tuple[str, float]]:
    for source, own in sources.items():
        yield source, getattr(own, field)


def _sources(states: list[SourceState]) -> Iterator[Metric]:
    told = "Visits to pages, by source and by what became of them."
    visits = CounterMetricFamily("archiver_visits", told, labels=("source", "outcome"))
    for state in states:
        for outcome in OUTCOMES:
            visits.add_metric((state.name, outcome), getattr(state.total, outcome))
    yield visits
    gauges: tuple[tuple[str, str, Callable[[SourceState], float | None]], ...] = (
        ("source_last_success_timestamp_seconds", "When a pass over the source last went well.",
         lambda state: state.succeeded_at.timestamp() if state.succeeded_at else None),
        ("source_next_run_timestamp_seconds", "When the source is looked at next.",
         lambda state: state.next_run_at.timestamp() if state.next_run_at else None),
        ("source_failures", "Passes over the source in a row that ended with a problem.",
         lambda state: state.failures),
        ("source_paused", "1 for a source that is paused.", lambda state: float(bool(state.paused_at))),
    )  # fmt: skip
    for name, told, value in gauges:
        found = ((state.name, value(state)) for state in states)
        yield _labelled(
            GaugeMetricFamily, name, told, ((source, each) for source, each in found if each is not None)
        )


def _revisits(due: list[DueSource], now: datetime) -> Iterator[Metric]:
    told = "Articles that are due to be visited again, of sources that are followed."
    yield _gauge("revisits_due", told, sum(each.count for each in due))
    lag = max(((now - each.oldest).total_seconds() for each in due), default=0.0)
    yield _gauge("revisits_lag_seconds", "How long the article that is due longest has been due.", lag)


def _hosts(closed: list[HostState], now: datetime) -> Iterator[Metric]:
    yield _gauge("hosts_closed", "Hosts that are left alone for a while.", len(closed))
    seconds = GaugeMetricFamily(
        "archiver_host_closed_seconds", "How much longer a closed host is left alone.", labels=("host",)
    )
    for state in closed[:MOST_HOSTS]:
        if state.closed_until:
            seconds.add_metric((state.host,), (state.closed_until - now).total_seconds())
    yield seconds


def _service(beats: list[Beat], now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "archiver_service_beat_age_seconds", "Since when a service was not heard of.", labels=("host", "role")
    )
    newest = {(beat.host, beat.role): beat.at for beat in sorted(beats, key=lambda beat: beat.at)}
    for labels, at in newest.items():
        age.add_metric(labels, (now - at).total_seconds())
    yield age
    leading = next((beat for beat in beats if beat.role == "leader"), None)
    if leading is None:
        return
    started = leading.started_at.timestamp()
    yield _gauge("service_start_timestamp_seconds", "When the leading service began.", started)
    for fact, name, told, kind in _OF_THE_PROCESS:
        value = leading.document.get(fact)
        if isinstance(value, int | float):
            metric = kind(f"archiver_service_{name}", told)
            metric.add_metric((), value)
            yield metric


def _disk(site: Site) -> Iterator[Metric]:
    try:
        found = os.statvfs(site.warc)
    except OSError:
        return  # /readyz says what is wrong with the folder
    free = found.f_bavail * found.f_frsize
    yield _gauge("disk_free_bytes", "Bytes that can be written where the WARC files are.", free)
    yield _gauge("disk_floor_bytes", "With less than this, crawling pauses.", site.free_floor)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"archiver_{name}", told, value)


def _labelled(
    kind: type[CounterMetricFamily | GaugeMetricFamily],
    name: str,
    told: str,
    values: Iterable[tuple[str, float]],
) -> Metric:
    metric = kind(f"archiver_{name}", told, labels=("source",))
    for source, value in values:
        metric.add_metric((source,), value)
    return metric
