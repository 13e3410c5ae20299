"""The client of Wikimedia's REST API, against answers in its form from a local server."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tjepa_webtraffic.wikimedia.client import connect
from tjepa_webtraffic.wikimedia.config import PageViewsConfig
from tjepa_webtraffic.wikimedia.domain import PageViews

from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import ConfigError, DataError, DownloadError
from tjepa_estimators.testing import ReplayServer, Reply

NOT_FOUND = Reply(
    {
        "detail": "The date(s) you used are valid, but we either do not have data for those date(s), or the project "
        "you asked for is not loaded yet. Please check documentation for more information.",
        "method": "get",
        "status": 404,
        "title": "Not Found",
        "type": "about:blank",
        "uri": "/metrics/pageviews/per-article/en.wikipedia/all-access/user/Nothing/daily/2022010100/2022123100",
    },
    status=404,
)
SPAN = PageViewsConfig(start="2022-01-01", end="2024-01-01")


def path(year, article="Black_hole", first="0101", kind="daily"):
    return f"/en.wikipedia/all-access/user/{article}/{kind}/{year}{first}00/{year}123100"


def item(day, views, kind="daily"):
    return {
        "project": "en.wikipedia",
        "article": "Black_hole",
        "granularity": kind,
        "timestamp": f"{day:%Y%m%d}00",
        "access": "all-access",
        "agent": "user",
        "views": views,
    }


def answer(start, end, views=lambda day: 100 + day.dayofyear):
    return Reply({"items": [item(day, views(day)) for day in pd.date_range(start, end)]})


def year(number):
    return answer(f"{number}-01-01", f"{number}-12-31")


@pytest.fixture
def serve(tmp_path):
    servers = []

    def serve(routes, config=SPAN, articles=("Black hole",), timeout=5.0):
        server = ReplayServer(routes).__enter__()
        servers.append(server)
        waits = []
        retry = Retry(attempts=3, first=0.01, jitter=0, sleep=waits.append)
        client = HttpClient(server.address, user_agent="test", timeout=timeout, retry=retry)
        return PageViews(articles, config, cache=tmp_path, client=client), server, waits

    yield serve
    for server in servers:
        server.__exit__(None, None, None)


def test_years_are_asked_for_one_by_one_and_joined(serve):
    domain, server, _ = serve({path(2022): year(2022), path(2023): year(2023)})
    (series,) = domain.series()
    assert [request.path for request in server.requests] == [path(2022), path(2023)]
    assert (series.name, series.channels, len(series)) == ("Black hole", ("views",), 730)
    assert series.values[[0, 364, 365], 0].tolist() == [101, 465, 101]


def test_what_was_fetched_is_not_asked_for_again(serve):
    routes = {path(2022): year(2022), path(2023): year(2023)}
    first = serve(routes)[0].series()[0]
    again, server, _ = serve({})
    np.testing.assert_array_equal(again.series()[0].values, first.values)
    assert server.requests == []


def test_an_interrupted_download_goes_on_where_it_stopped(serve):
    broken, server, _ = serve({path(2022): year(2022), path(2023): Reply.server_error(503)})
    with pytest.raises(DownloadError, match="HTTP 503"):
        broken.series()
    mended, server, _ = serve({path(2023): year(2023)})
    assert len(mended.series()[0]) == 730
    assert [request.path for request in server.requests] == [path(2023)]


@pytest.mark.parametrize(
    "fault",
    [
        Reply.too_many_requests(7),
        Reply.server_error(500),
        Reply.server_error(503),
        year(2022).truncated(300),
        Reply('{"items": [{"project": "en.wiki'),
        Reply("<html>busy</html>"),
    ],
    ids=["429", "500", "503", "cut", "half", "html"],
)
def test_what_fails_for_a_moment_is_tried_again(serve, fault):
    domain, server, waits = serve({path(2022): [fault, year(2022)], path(2023): year(2023)})
    assert len(domain.series()[0]) == 730
    assert [request.path for request in server.requests] == [path(2022), path(2022), path(2023)]
    assert waits[0] >= (7 if fault.status == 429 else 0.01)


def test_a_silent_server_is_tried_again(serve):
    routes = {path(2022): [year(2022).late(5), year(2022)], path(2023): year(2023)}
    domain, server, _ = serve(routes, timeout=0.2)
    assert len(domain.series()[0]) == 730
    assert len(server.requests) == 3


def test_days_that_are_not_reported_are_missing_not_zero(serve):
    quiet = answer("2022-01-01", "2022-12-31").body["items"]
    routes = {path(2022): Reply({"items": [quiet[0], *quiet[3:]]}), path(2023): year(2023)}
    (series,) = serve(routes)[0].series()
    assert np.isnan(series.values[:4, 0]).tolist() == [False, True, True, False]


def test_a_year_that_is_not_known_is_missing_too(serve):
    config = PageViewsConfig(start="2021-01-01", end="2024-01-01")
    routes = {path(2021): year(2021), path(2022): NOT_FOUND, path(2023): year(2023)}
    (series,) = serve(routes, config)[0].series()
    assert np.isnan(series.values[365:730]).all()
    assert np.isfinite(series.values[730:]).all()


def test_an_article_begins_with_its_first_view(serve):
    routes = {path(2022): NOT_FOUND, path(2023): answer("2023-05-01", "2023-12-31")}
    (series,), (again,) = serve(routes)[0].series(), serve({})[0].series()
    assert series.index[0] == again.index[0] == pd.Timestamp("2023-05-01")


def test_an_article_that_never_existed_is_an_error_with_its_name(serve):
    domain, _, _ = serve({path(one, "Blakc_hole"): NOT_FOUND for one in (2022, 2023)}, articles=["Blakc hole"])
    with pytest.raises(DataError, match=r"no view of 'Blakc hole' in en\.wikipedia .* never existed"):
        domain.series()


def test_a_refusal_is_not_taken_for_no_views(serve):
    domain, server, _ = serve({path(2022): Reply("Forbidden", 403)})
    with pytest.raises(DownloadError, match="403"):
        domain.series()
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [{"views": 3}, {"items": [{"timestamp": "2022", "views": 1}]}, ["items"]])
def test_an_answer_of_another_form_is_an_error(serve, body):
    with pytest.raises(DownloadError, match="unknown form"):
        serve({path(2022): Reply(body)})[0].series()


def test_titles_are_written_as_in_addresses(serve):
    title = "AC/DC (Café?)"
    name = "AC%2FDC_%28Caf%C3%A9%3F%29"
    routes = {path(one, name): year(one) for one in (2022, 2023)}
    domain, server, _ = serve(routes, articles=[title])
    assert domain.series()[0].name == title
    assert server.requests[0].path == path(2022, name)


def test_nothing_is_asked_for_before_the_first_view_of_all(serve):
    config = PageViewsConfig(end="2016-01-01")
    routes = {path(2015, first="0701"): answer("2015-07-01", "2015-12-31")}
    assert len(serve(routes, config)[0].series()[0]) == 184


def test_the_span_is_kept_within_its_years(serve):
    config = PageViewsConfig(start="2022-03-01", end="2022-03-11")
    (series,) = serve({path(2022): year(2022)}, config)[0].series()
    assert (series.index[0], len(series)) == (pd.Timestamp("2022-03-01"), 10)


def test_months_are_named_by_their_first_day(serve):
    config = PageViewsConfig(start="2022-01-01", end="2023-01-01", granularity="monthly")
    months = [item(day, 1000 * day.month, "monthly") for day in pd.date_range("2022-01-01", periods=12, freq="MS")]
    (series,) = serve({path(2022, kind="monthly"): Reply({"items": months})}, config)[0].series()
    assert series.values[:, 0].tolist() == [1000 * month for month in range(1, 13)]
    assert series.index.freqstr == "MS"


def test_several_articles_are_cut_at_one_moment(serve):
    routes = {
        path(2022): year(2022),
        path(2023): year(2023),
        path(2022, "Sun"): NOT_FOUND,
        path(2023, "Sun"): year(2023),
    }
    domain, _, _ = serve(routes, articles=["Black hole", "Sun"])
    train, test = domain.series("train"), domain.series("test")
    assert max(one.index[-1] for one in train) < min(one.index[0] for one in test)


def test_the_contact_is_told_in_the_user_agent():
    with ReplayServer({"/x": Reply({"items": []})}) as server:
        connect("ann@example.org", address=server.address).json("/x")
    agent = server.requests[0].headers["User-Agent"]
    assert agent.startswith("tjepa-webtraffic/")
    assert "(ann@example.org) python-requests/" in agent


def test_the_contact_may_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("TJEPA_CONTACT", "https://example.org/ann")
    assert connect().address.startswith("https://wikimedia.org/")


@pytest.mark.parametrize("contact", [None, "", "nobody", "a@b\r\nX: y", "änn@example.org"])
def test_without_a_contact_nothing_is_fetched(contact, monkeypatch, tmp_path):
    monkeypatch.delenv("TJEPA_CONTACT", raising=False)
    with pytest.raises(ConfigError, match=r"contact='you@example\.org'.*TJEPA_CONTACT"):
        PageViews(contact=contact, cache=tmp_path).series()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "setting",
    [
        {"granularity": "hourly"},
        {"access": "phone"},
        {"agent": "people"},
        {"start": "2007-01-01"},
        {"start": "2024-01-01", "end": "2023-01-01"},
        {"end": "soon"},
    ],
)
def test_impossible_settings_are_refused(setting):
    with pytest.raises(ConfigError):
        PageViewsConfig(**setting)


@pytest.mark.parametrize("articles", ["Sun", [], ["Sun", "Sun"]])
def test_articles_are_a_list_of_different_titles(articles):
    with pytest.raises(ConfigError, match="list of different titles"):
        PageViews(articles)
