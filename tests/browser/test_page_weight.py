"""What a first visit costs: little, all from our own origin, and static files only once."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Response, expect

from tests.browser.desk import Desk
from tests.server import ROOT, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]
MOST_BYTES = 95_000
MOST_FOR_FONTS = 25_000
FOREVER = "public, max-age=31536000, immutable"
TEXT = {"text/html", "text/css", "text/javascript", "image/svg+xml"}


def bytes_on_the_wire(responses: list[Response]) -> int:
    """Headers and bodies as they came, compressed where they were."""
    sizes = [response.request.sizes() for response in responses]
    return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)


@pytest.mark.parametrize("page", ["sign-in", "start page", "conversation"])
def test_a_first_visit_is_light(open_desk: OpenDesk, desk: Desk, teller: str, page: str) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    path = {"sign-in": "/sign-in", "start page": "/", "conversation": f"/chat/{chat_id}"}[page]
    visitor = open_desk(None if page == "sign-in" else teller)
    responses: list[Response] = []
    visitor.page.on("response", lambda response: responses.append(response))
    looks_for_news = visitor.page.expect_response("**/messages?after=*") if page == "conversation" else nullcontext()
    with looks_for_news:
        visitor.page.goto(path, wait_until="load")  # a conversation's page is never idle: it listens
    visitor.page.evaluate("() => document.fonts.ready.then(() => true)")
    loaded = [response for response in responses if response.request.method == "GET" and "/events" not in response.url]
    kinds = {response.headers["content-type"].split(";")[0] for response in loaded}
    assert kinds - TEXT == {"font/woff2"}
    fonts = [response for response in loaded if response.url.endswith(".woff2")]  # one reads before they have come
    assert bytes_on_the_wire(fonts) < MOST_FOR_FONTS
    assert bytes_on_the_wire([response for response in loaded if response not in fonts]) < MOST_BYTES
    for response in loaded:
        static = "/static/" in response.url
        assert response.headers["cache-control"] == (FOREVER if static else "no-store"), response.url
        if static and "woff2" not in response.url:
            assert response.headers["content-encoding"] == "gzip", response.url


def test_the_second_page_loads_no_static_file_again(desk: Desk) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    desk.go(f"/chat/{chat_id}")
    transferred = desk.page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((entry) => entry.name.includes("/static/") && entry.transferSize > 0)
            .map((entry) => entry.name)"""
    )
    assert transferred == []
    expect(desk.reply(0)).to_be_visible()


def test_the_fonts_in_the_stylesheet_carry_their_present_fingerprints(server: Server) -> None:
    page = httpx.get(f"{server.url}/sign-in", trust_env=False).text
    address = re.search(r'href="(/static/[0-9a-f]{12}/css/base.css)"', page)
    assert address is not None
    fonts = re.findall(r'url\("([^"]+\.woff2)"\)', (ROOT / "static" / "css" / "base.css").read_text())
    assert len(fonts) == len(list((ROOT / "static" / "fonts").glob("*.woff2")))
    for font in fonts:
        answer = httpx.get(str(httpx.URL(f"{server.url}{address[1]}").join(font)), trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == FOREVER, f"{Path(font).name} has another fingerprint now"


def test_the_fonts_are_loaded_once_each(open_desk: OpenDesk) -> None:
    desk = open_desk()
    fonts: list[str] = []
    desk.page.on("request", lambda request: fonts.append(request.url) if request.url.endswith(".woff2") else None)
    desk.page.goto("/sign-in", wait_until="networkidle")
    assert len(fonts) == len(set(fonts)) == 1
