"""Static files: kept for a year under a name made of their content, and nothing outside the folder is reachable."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE

pytestmark = ON_SQLITE

KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
STATIC = Path(__file__).parent.parent.parent / "static"


def addresses(visitor: Visitor) -> list[str]:
    """The static files the sign-in page names."""
    visitor.get("/sign-in")
    return [str(part.get("src") or part.get("href")) for part in visitor.page.select("script[src], link[href]")]


def test_every_file_a_page_names_is_there_and_may_be_kept_for_a_year(visitor: Visitor) -> None:
    found = addresses(visitor)
    assert len(found) > 5
    for address in found:
        assert re.match(r"/static/[0-9a-f]{12}/", address)
        answer = visitor.client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in answer.headers
        kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}[
            address.rsplit(".", 1)[1]
        ]
        assert answer.mimetype == kind


def test_a_file_is_the_same_compressed_and_not(visitor: Visitor) -> None:
    for address in addresses(visitor):
        plain = visitor.client.get(address).data
        packed = visitor.client.get(address, headers={"Accept-Encoding": "gzip, br"})
        if address.endswith(".woff2"):
            assert "Content-Encoding" not in packed.headers, "it is compressed in itself"
            continue
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain
        assert len(packed.data) <= len(plain)


def test_the_whole_first_page_is_below_100_kb_compressed(visitor: Visitor) -> None:
    page = gzip.compress(visitor.get("/sign-in").data)
    files = [visitor.client.get(path, headers={"Accept-Encoding": "gzip"}).data for path in addresses(visitor)]
    fonts = (STATIC / "fonts").glob("*-latin.woff2")  # what the stylesheets load, unless the page names it already
    unnamed = [
        font.stat().st_size for font in fonts if not any(path.endswith(font.name) for path in addresses(visitor))
    ]
    assert len(page) + sum(map(len, files)) + sum(unnamed) < 100_000


def test_a_file_under_an_old_name_is_given_but_not_to_be_kept(visitor: Visitor) -> None:
    answer = visitor.client.get("/static/000000000000/css/base.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/static/000000000000/../webapp/config.py", "/static/000000000000/..%2fwebapp/config.py",
        "/static/000000000000/%2e%2e/wsgi.py", "/static/000000000000/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/static/000000000000//etc/passwd", "/static/000000000000/%2fetc%2fpasswd",
        "/static/000000000000/css/../../../wsgi.py", "/static/000000000000/css", "/static/000000000000/",
        "/static/000000000000/css/base.css%00.js", "/static/000000000000/%00", "/static/..%2fwsgi.py",
        "/static/000000000000/" + "a" * 300, "/static/000000000000/" + "a/" * 1000,
        "/static/000000000000/css/base.css/x",
        "/static/app.py", "/.git/HEAD", "/.env", "/instance/bankside.db", "/bankside.db", "/wsgi.py", "/console",
        "/metrics", "/docs", "/debug", "/server-status", "/webapp/config.py", "/templates/base.html", "/static/",
    ],
)  # fmt: skip
def test_nothing_else_is_reachable(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path)
    assert answer.status_code in (308, 400, 404)
    assert "import " not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
