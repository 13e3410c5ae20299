"""Csv logs of analytics tools."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from tjepa_webtraffic.logs.files import LogFile
from tjepa_webtraffic.logs.tables import LogColumns, parse_table

from tjepa_estimators.errors import DataError

UTC = ZoneInfo("UTC")


def parse(*lines, zone=UTC, **columns):
    return list(parse_table(lines, LogColumns(**columns), zone, "'hits.csv'"))


def test_usual_names_are_found_whatever_their_case():
    (request,) = parse("User Agent,Client ID,Timestamp,Page Path", "Firefox,7,2024-03-01T10:00:00Z,/shop")
    assert (request.visitor, request.path, request.agent) == ("7", "/shop", "Firefox")
    assert request.time == datetime.fromisoformat("2024-03-01T10:00:00+00:00").timestamp()


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2024-07-01 10:00:00", "UTC", "2024-07-01T10:00:00+00:00"),
        ("2024-07-01 10:00:00", "Europe/Berlin", "2024-07-01T08:00:00+00:00"),
        ("2024-01-01 10:00:00", "Europe/Berlin", "2024-01-01T09:00:00+00:00"),
        ("2024-07-01T10:00:00-05:00", "Europe/Berlin", "2024-07-01T15:00:00+00:00"),
        ("1719828000", "Europe/Berlin", "2024-07-01T10:00:00+00:00"),
        ("1719828000000", "Europe/Berlin", "2024-07-01T10:00:00+00:00"),
        ("20240701", "UTC", "2024-07-01T00:00:00+00:00"),
    ],
)
def test_times_become_utc(text, zone, utc):
    (request,) = parse("time,visitor", f"{text},a", zone=ZoneInfo(zone))
    assert request.time == datetime.fromisoformat(utc).timestamp()


@pytest.mark.parametrize(
    "row", ["yesterday,a", "nan,a", "inf,a", "-1,a", "2024-03-01,", "2024-03-01", "2024-03-01,a,b"]
)
def test_rows_without_a_time_or_a_visitor_are_malformed(row):
    assert parse("time,visitor", row) == [None]


def test_a_table_from_a_spreadsheet_may_begin_with_a_mark_of_its_encoding(tmp_path):
    path = tmp_path / "hits.csv"
    path.write_bytes(b"\xef\xbb\xbfzeit,visitor\n2024-03-01,a\n")
    (request,) = LogFile(path, LogColumns(time="zeit"), UTC).requests()
    assert request.visitor == "a"


def test_commas_in_quotes_are_part_of_a_cell():
    assert parse("time,visitor,page", '2024-03-01,"a,b",/x')[0].visitor == "a,b"


def test_a_named_column_that_is_not_there_gets_a_suggestion():
    with pytest.raises(DataError, match=r"no column 'visitors' for the visitor\. Did you mean 'visitor'"):
        parse("time,visitor", visitor="visitors")


def test_columns_that_cannot_be_guessed_are_asked_for_with_what_there_is():
    with pytest.raises(DataError, match=r"no column for the visitor .* it has: time, who\. .*LogColumns"):
        parse("time,who")
