"""What Prometheus is told, read back by its own parser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from web_archive import Served, page, served

from archiver.config.source import Source
from archiver.config.sources import SourceCatalogue
from archiver.model.operations import Beat, HostState, PassCounts
from archiver.storage.index import FollowedArticle
from archiver.web.application import application

NOW = datetime.now(UTC)
SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(b"<p>story</p>")]) as site:
        yield site


def client(archive: Served, address: str = "127.0.0.1") -> TestClient:
    site = replace(archive.site, metrics_networks=("127.0.0.0/8", "fd00::/8"), free_floor=7)
    return TestClient(application(site), "http://app.test", client=(address, 1))


def values(archive: Served) -> dict[str, float]:
    """Every sample by its name and label values."""
    answer = client(archive).get("/metrics")
    assert answer.status_code == 200
    return {
        ",".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_what_was_archived_is_counted_by_source(archive: Served) -> None:
    found = values(archive)
    assert found["archiver_captures_total,example"] == 1
    assert found["archiver_stored_bytes_total,example"] > 0
    assert found["archiver_disk_free_bytes"] > 0
    assert found["archiver_disk_floor_bytes"] == 7
    assert found["archiver_revisits_due"] == 0


def test_a_source_tells_its_visits_its_last_success_and_whether_it_is_paused(archive: Served) -> None:
    states = archive.site.index.operations.sources
    states.claim("courier", "me", NOW, SOON)
    states.finished("courier", "me", NOW, PassCounts(new=3, failed=1), None, is_pass=True)
    states.pause("courier", NOW, "too loud")
    states.plan("courier", SOON, None)
    found = values(archive)
    assert found["archiver_visits_total,new,courier"] == 3
    assert found["archiver_visits_total,failed,courier"] == 1
    assert found["archiver_source_last_success_timestamp_seconds,courier"] == pytest.approx(NOW.timestamp())
    assert found["archiver_source_next_run_timestamp_seconds,courier"] == pytest.approx(SOON.timestamp())
    assert found["archiver_source_paused,courier"] == 1
    assert found["archiver_source_failures,courier"] == 0


def test_only_articles_of_sources_that_are_followed_are_late(archive: Served) -> None:
    index, ago = archive.site.index, datetime.now(UTC) - timedelta(hours=2)
    for name in ("on", "paused", "off", "renamed"):
        index.follow([FollowedArticle(name, f"http://{name}/a", name, ago, ago, ago, 0, ago)])
    index.operations.sources.pause("paused", NOW, None)
    sources = {
        name: Source(name, name, ("example.org",), "DE", ("en",), enabled=name != "off")
        for name in ("on", "paused", "off")
    }
    site = replace(archive.site, sources=lambda: SourceCatalogue(sources, {}))
    found = values(replace(archive, site=site))
    assert found["archiver_revisits_due"] == 1
    assert found["archiver_revisits_lag_seconds"] == pytest.approx(7200, abs=60)


def test_closed_hosts_are_named_with_how_long_they_stay_closed(archive: Served) -> None:
    shut = HostState("slow.example", datetime.now(UTC) + timedelta(seconds=90), "503 five times", 5, 1.0, NOW)
    archive.site.index.operations.hosts.put([shut])
    found = values(archive)
    assert found["archiver_hosts_closed"] == 1
    assert 80 < found["archiver_host_closed_seconds,slow.example"] <= 90


def test_the_leading_process_tells_what_it_costs(archive: Served) -> None:
    facts: dict[str, float | int | str] = {
        "rss_bytes": 1000,
        "fsync_count": 4,
        "fsync_seconds": 0.5,
        "odd": "x",
    }
    beats = archive.site.index.operations.beats
    beats.put(Beat("a" * 32, "one", 1, "leader", NOW, datetime.now(UTC), facts))
    beats.put(Beat("b" * 32, "one", 2, "standby", NOW, datetime.now(UTC) - timedelta(hours=1)))
    found = values(archive)
    assert found["archiver_service_beat_age_seconds,one,leader"] < 60
    assert found["archiver_service_beat_age_seconds,one,standby"] > 3000
    assert found["archiver_service_resident_bytes"] == 1000
    assert found["archiver_service_fsyncs_total"] == 4
    assert found["archiver_service_start_timestamp_seconds"] == pytest.approx(NOW.timestamp())


def test_openmetrics_is_given_to_who_asks_for_it(archive: Served) -> None:
    answer = client(archive).get(
        "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert {family.name for family in openmetrics(answer.text)} >= {"archiver_captures", "archiver_visits"}


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::1"])
def test_who_is_not_of_the_named_networks_learns_nothing(archive: Served, address: str) -> None:
    answer = client(archive, address).get("/metrics")
    assert answer.status_code == 403
    assert "archiver_" not in answer.text


def test_every_metric_has_a_name_of_ours_and_words(archive: Served) -> None:
    families = list(text_string_to_metric_families(client(archive).get("/metrics").text))
    assert len({family.name for family in families}) == len(families)
    assert all(family.name.startswith("archiver_") and family.documentation for family in families)
