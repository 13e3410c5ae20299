"""Robots, and what a page view is."""

from __future__ import annotations

import pytest
from tjepa_webtraffic.logs.requests import Request, is_bot, is_page_view

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile Safari/604.1"


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; YandexBot/3.0)",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0",
        "facebookexternalhit/1.1",
        "-",
        "",
    ],
)
def test_programs_are_known_by_their_user_agent(agent):
    assert is_bot(Request(0, "a", agent=agent))


@pytest.mark.parametrize("agent", [FIREFOX, SAFARI, "Mozilla/5.0 (Linux; Android 9; CUBOT_X19)", None])
def test_browsers_and_logs_without_user_agents_are_people(agent):
    assert not is_bot(Request(0, "a", "/", agent=agent))


def test_who_asks_for_the_rules_of_robots_is_one():
    assert is_bot(Request(0, "a", "/robots.txt", agent=FIREFOX))


@pytest.mark.parametrize("path", ["/", "", "/shop", "/shop.html", "/v1.2/", "/a?file=x.png", "https://example.com"])
def test_pages_are_page_views(path):
    assert is_page_view(Request(0, "a", path))


@pytest.mark.parametrize("path", ["/logo.PNG", "/a/b.css?v=3", "/app.js#x", "/favicon.ico", "https://x.org/f.woff2"])
def test_parts_of_pages_are_not(path):
    assert not is_page_view(Request(0, "a", path))


@pytest.mark.parametrize("change", [{"method": "POST"}, {"method": "-"}, {"status": 404}, {"status": 301}])
def test_only_answered_gets_show_a_page(change):
    assert not is_page_view(Request(0, "a", "/")._replace(**change))


def test_a_page_from_the_cache_of_the_browser_was_shown():
    assert is_page_view(Request(0, "a", "/", status=304))
