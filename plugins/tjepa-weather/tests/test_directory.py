"""Stations near a place, by Meteostat's own queries on a file that was fetched with care."""

from __future__ import annotations

import os

import pandas as pd
import pytest
from tjepa_weather.directory import StationDirectory, fetch_directory

from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import DataQualityWarning, DownloadError
from tjepa_estimators.testing import Reply

SPAN = pd.Timestamp("2023-01-01"), pd.Timestamp("2023-12-31")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "new" / "stations.db"


@pytest.fixture
def directory(tmp_path, stations_db):
    (tmp_path / "there.db").write_bytes(stations_db)
    return StationDirectory(tmp_path / "there.db")


def test_the_nearest_comes_first_and_what_is_beyond_the_radius_not_at_all(directory):
    assert directory.near((50.11, 8.68), radius=50) == ["NEAR1", "NEAR2", "10637"]
    assert directory.near((50.11, 8.68), radius=2) == ["NEAR1", "NEAR2"]
    assert directory.near((35.68, 139.77), radius=1) == ["FAR01"]


@pytest.mark.parametrize(
    ("station", "frequency", "columns"),
    [
        ("10637", "h", {"temp", "wspd", "pres"}),  # a provider that the package does not know yet counts
        ("10637", "D", {"temp", "wspd", "pres", "tmin"}),  # days are derived from hours
        ("NEAR1", "h", set()),  # closed in 1990
        ("NEAR2", "h", {"temp"}),  # its monthly values do not help
        ("FAR01", "h", set()),
    ],
)
def test_the_inventory_tells_who_has_reported_what(directory, station, frequency, columns):
    assert directory.reported(station, frequency, *SPAN) == columns


def client(server):
    return HttpClient(server.address, user_agent="test", retry=Retry(attempts=3, first=0, jitter=0))


@pytest.mark.parametrize("fault", ["500", "cut", "short"])
def test_a_fault_that_passes_is_not_seen(fault, serve, file, stations_db):
    bad = {"500": Reply.server_error(), "cut": Reply(stations_db).truncated(900), "short": Reply(stations_db[:5000])}
    server = serve({"/stations.db": [bad[fault], Reply(stations_db)]})
    assert fetch_directory(client(server), file).near((35.68, 139.77), radius=1) == ["FAR01"]
    fetch_directory(client(server), file)
    assert len(server.requests) == 2


def test_what_stays_damaged_is_not_kept(serve, file):
    with pytest.raises(DownloadError, match=r"stations\.db: tried 3 times.*damaged"):
        fetch_directory(client(serve({"/stations.db": Reply("<html>Maintenance</html>")})), file)
    assert not file.exists()


def test_an_old_one_is_renewed_and_still_serves_where_it_cannot_be(serve, file, stations_db):
    server = serve({"/stations.db": [Reply(stations_db), Reply.server_error()]})
    fetch_directory(client(server), file)
    os.utime(file, (0, 0))
    with pytest.warns(DataQualityWarning, match="Using the old stations.db"):
        assert fetch_directory(client(server), file).near((35.68, 139.77), radius=1) == ["FAR01"]
