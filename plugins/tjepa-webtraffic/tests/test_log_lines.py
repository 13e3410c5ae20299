"""Lines of web servers."""

from __future__ import annotations

from datetime import datetime

import pytest
from tjepa_webtraffic.logs.lines import parse_line, parse_lines
from tjepa_webtraffic.logs.sample import sample_lines

COMMON = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326'
COMBINED = COMMON + ' "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def test_a_common_line_names_its_visitor_by_address():
    request = parse_line(COMMON)
    assert request.visitor == "127.0.0.1"
    assert (request.method, request.path, request.status, request.agent) == ("GET", "/apache_pb.gif", 200, None)


def test_a_combined_line_tells_visitors_behind_one_address_apart():
    request = parse_line(COMBINED)
    assert request.agent == "Mozilla/4.08 [en] (Win98; I ;Nav)"
    assert request.visitor == f"127.0.0.1 {request.agent}"


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36+00:00"),
        ("01/Mar/2024:00:10:00 +0530", "2024-02-29T18:40:00+00:00"),
        ("01/Mar/2024:00:10:00 -0330", "2024-03-01T03:40:00+00:00"),
        ("31/Dec/2016:23:59:60 +0000", "2017-01-01T00:00:00+00:00"),
    ],
)
def test_times_become_utc(stamp, utc):
    assert parse_line(COMMON.replace("10/Oct/2000:13:55:36 -0700", stamp)).time == moment(utc)


@pytest.mark.parametrize(
    "line",
    [
        "not a line",
        COMMON.replace("10/Oct", "32/Oct"),
        COMMON.replace("Oct", "Okt"),
        COMMON.replace(":13:", ":25:"),
        COMMON.replace(" 200 ", " OK "),
        COMMON[:60],
        "shop.example.com:443 " + COMMON,
    ],
)
def test_what_is_in_neither_format_is_no_request(line):
    assert parse_line(line) is None


def test_quotes_inside_a_field_do_not_end_it():
    request = parse_line(COMMON.replace("/apache_pb.gif", r"/say/\"hi\"") + r' "-" "a \"browser\" (x)"')
    assert request.path == r"/say/\"hi\""
    assert request.agent == r"a \"browser\" (x)"


def test_a_request_that_is_none_is_still_a_line_of_the_log():
    request = parse_line(COMMON.replace("GET /apache_pb.gif HTTP/1.0", "-").replace("200", "408"))
    assert (request.method, request.path, request.status) == ("-", "", 408)


def test_fields_that_a_server_appends_do_no_harm():
    assert parse_line(COMBINED + ' 0.031 "extra"') == parse_line(COMBINED)


def test_empty_lines_are_passed_over():
    assert len(list(parse_lines([COMMON, "", "\n", "nonsense"]))) == 2


def test_all_lines_of_the_sample_are_requests_in_order():
    times = [request.time for request in parse_lines(sample_lines(days=40))]
    assert times == sorted(times)
    assert times[-1] - times[0] > 39 * 86400


def test_the_sample_is_the_same_for_the_same_seed():
    assert list(sample_lines()) == list(sample_lines())
    assert list(sample_lines()) != list(sample_lines(seed=1))
