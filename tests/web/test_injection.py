"""What people type is text: it is shown as typed and never becomes markup, a script, SQL, a pattern or a template."""

from __future__ import annotations

import html
import re
import time
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, chat_row, count, questions, stored
from webapp.models import ChatSession, StaffUser

MARKUP = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script\x09>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</noscript><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror='alert(1)'>",
    "<img src=`x`onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,x#y'/></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<form action=javascript:alert(1)><button>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<style>@import '//evil.example';</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<div hx-get=/sign-out hx-trigger=load>x</div>",
    "<div hx-on:click=alert(1)>x</div>",
    "<div data-hx-post=/sign-out>x</div>",
    "<hx-partial hx-target=body>x</hx-partial>",
    '" onmouseover=alert(1) x="',
    "' onmouseover=alert(1) x='",
    '"><script>alert(1)</script>',
    "'><svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/pixel.png)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<template><script>alert(1)</script></template>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
]
assert len(MARKUP) >= 48
LIVE = "script:not([src]), iframe, object, embed, base, style, math, [style], [srcdoc], .message img, .message video"
OURS = {"hx-get", "hx-post", "hx-target", "hx-swap", "hx-sync", "hx-disable", "hx-nonce", "hx-trigger", "hx-select",
        "hx-replace-url", "hx-headers:inherited", "hx-partial", "hx-config",
        "hx-sse:connect", "hx-sse:close"}  # fmt: skip


def assert_inert(page: BeautifulSoup) -> None:
    """Nothing on the page runs, loads or acts but what our templates put there."""
    assert page.select(LIVE) == []
    for part in page.find_all(True):
        for name, value in part.attrs.items():
            assert not name.startswith(("on", "data-hx", "hx-on", "xlink")), part
            assert not name.startswith("hx-") or name in OURS, part
            if name in ("href", "src", "action", "formaction", "hx-get", "hx-post", "hx-sse:connect"):
                assert re.match(r"/(?!/)|#|/$", str(value)), part
    for meta in page.select("meta[http-equiv]"):
        assert meta["content"] == "2"


def fragments(visitor: Visitor, path: str) -> BeautifulSoup:
    """The same address as htmx asks for it."""
    return BeautifulSoup(visitor.client.get(path, headers=HTMX).text, "lxml")


@ON_SQLITE
@pytest.mark.parametrize("payload", MARKUP, ids=range(len(MARKUP)))
def test_markup_in_a_message_a_title_and_a_search_is_shown_as_typed(app: Flask, teller: Visitor, payload: str) -> None:
    chat_id = teller.start()
    answer = teller.ask(chat_id, payload)
    assert answer.status_code == 200
    assert_inert(BeautifulSoup(answer.text, "lxml"))
    assert questions(app, chat_id) == [payload]
    renamed = teller.post(f"/sessions/{chat_id}/title", htmx=True, title=payload)
    assert_inert(BeautifulSoup(renamed.text, "lxml"))
    assert chat_row(app, chat_id).title == payload.strip()
    teller.post(f"/chat/{chat_id}/draft", text=payload)

    teller.answer(chat_id)
    assert_inert(teller.page)
    said = teller.page.select_one(".question .said")
    assert said is not None
    assert " ".join(said.get_text().split()) == " ".join(payload.split())
    title = teller.page.select_one("#case-heading")
    assert title is not None
    assert " ".join(title.get_text().split()) == " ".join(payload.split())
    box = teller.page.select_one("#composer-text")
    assert box is not None
    assert box.get_text().removeprefix("\n").replace("\r\n", "\n") == payload
    assert_inert(fragments(teller, f"/chat/{chat_id}/messages?after=0"))

    found = quote(payload[:80])
    for path in (f"/?q={found}", f"/chat/{chat_id}?find={found}", f"/sign-in?next={quote(payload)}"):
        teller.get(path)
        assert_inert(teller.page)
    for path in ("/", f"/?q={found}", f"/sessions/{chat_id}/end", f"/sessions/{chat_id}/title"):
        assert_inert(fragments(teller, path))


@ON_SQLITE
@pytest.mark.parametrize("payload", MARKUP[:12:3], ids=range(4))
def test_markup_in_a_refused_form_comes_back_as_text(app: Flask, teller: Visitor, payload: str) -> None:
    chat_id = teller.start()
    teller.post(f"/sessions/{chat_id}/end", reason="solved")
    ended = teller.post("/chat/messages", htmx=True, chat_id=chat_id, request_id="r" * 20, text=payload)
    assert ended.status_code == 409
    assert_inert(BeautifulSoup(ended.text, "lxml"))
    assert html.escape(payload, quote=False).replace("'", "&#39;").replace('"', "&#34;") in ended.text
    gone = teller.post("/chat/messages", chat_id=payload, request_id="r" * 20, text=payload)
    assert gone.status_code == 404
    assert_inert(teller.page)
    stranger = Visitor(app)
    stranger.get("/sign-in")
    stranger.post("/sign-in", username=payload, password="x", next=payload, kept_text=payload, kept_chat=payload)
    assert_inert(stranger.page)
    assert stranger.field("username") == payload
    assert stranger.field("kept_text") == payload


@ON_SQLITE
@pytest.mark.parametrize(
    "text",
    ["{{7*7}}", "{% raw %}x", "${7*7}", "#{7*7}", "{0.__class__}", "%s %d %n", "%(name)s", "{{config}}", "\\u003c"],
)
def test_templates_and_formats_stay_as_typed(app: Flask, teller: Visitor, text: str) -> None:
    chat_id = teller.start(opening=text)
    teller.post(f"/sessions/{chat_id}/title", title=text)
    page = teller.get(f"/chat/{chat_id}").text
    assert "49" not in "".join(part.get_text() for part in teller.page.select(".said, #case-heading, title"))
    assert html.escape(text) in page
    assert questions(app, chat_id) == [text]


# SQL

SQL = [
    "' OR '1'='1", "'; DROP TABLE chat_session; --", "\" OR 1=1 --", "1; SELECT pg_sleep(60)", "0x27", ":parameter",
    "' UNION SELECT * FROM staff_user --", "') OR randomblob(500000000) --", "\\'; DELETE FROM message; --",
    "1' AND (SELECT 1 FROM pg_sleep(60)) = '1", "%27%20OR%201=1", "$$; DROP TABLE message; $$", "%(x)s", "?",
    "' || (SELECT password_hash FROM staff_user LIMIT 1) || '",
]  # fmt: skip


@pytest.mark.parametrize("payload", SQL, ids=range(len(SQL)))
def test_sql_in_any_field_is_only_text(app: Flask, manager: Visitor, payload: str) -> None:
    begin = time.monotonic()
    chat_id = manager.start(opening=payload, customer=payload)
    assert questions(app, chat_id) == [payload]
    assert manager.post(f"/sessions/{chat_id}/title", title=payload).status_code == 303
    assert manager.post(f"/chat/{chat_id}/draft", text=payload).status_code == 204
    assert manager.post(f"/sessions/{chat_id}/status", status=payload).status_code == 400
    assert manager.post(f"/sessions/{chat_id}/customer", number=payload).status_code in (303, 404)
    assert manager.post(f"/chat/{chat_id}/seen", seq=payload).status_code == 400
    assert manager.post("/chat/messages", chat_id=payload, request_id="r" * 20, text="x").status_code == 404
    assert manager.post("/chat/messages", chat_id=chat_id, request_id=payload, text="x").status_code == 422
    assert manager.post(f"/sessions/{chat_id}/end", reason=payload, summary=payload).status_code == 422
    assert manager.post(f"/sessions/{chat_id}/end", reason="solved", summary=payload).status_code == 303
    for query in ("q", "status", "person", "cursor", "mine", "compact", "current"):
        assert manager.client.get("/", query_string={query: payload}).status_code in (200, 400)
    for query in ("before", "find", "after"):
        assert manager.client.get(f"/chat/{chat_id}", query_string={query: payload}).status_code in (200, 400)
    assert manager.client.get(f"/sessions/{chat_id}/customer", query_string={"q": payload}).status_code == 200
    Visitor(app).sign_in(payload, payload)
    assert time.monotonic() - begin < 30, "nothing slept"
    assert count(app, ChatSession) == 1
    assert count(app, StaffUser) == 6
    assert chat_row(app, chat_id).title == payload
    assert "argon2" not in manager.get("/").text


# Searching


@pytest.mark.parametrize("sign", ["%", "_", "\\", "%%", "a%b", "__", "\\%", "*", "(a+)+$", "[", "'", '"', "\u00e9%"])
def test_a_search_takes_every_sign_literally(app: Flask, teller: Visitor, sign: str) -> None:
    plain, with_sign = teller.start(), teller.start()
    teller.post(f"/sessions/{plain}/title", title="aXb plain words")
    teller.post(f"/sessions/{with_sign}/title", title=f"Title with {sign} in it")
    begin = time.monotonic()
    teller.get(f"/?q={quote(sign)}")
    assert time.monotonic() - begin < 1
    assert [str(row["id"]) for row in teller.page.select("li.case")] == [f"row-{with_sign}"]


@ON_SQLITE
def test_a_long_search_is_cut_and_quick(teller: Visitor) -> None:
    teller.start()
    begin = time.monotonic()
    for searched in ("a" * 3000, "a " * 1500, "%" * 3000, "(" * 3000):
        assert teller.get(f"/?q={quote(searched)}").status_code == 200
    assert time.monotonic() - begin < 3


# Characters


UNSENDABLE = ["\0", "a\0b", "\x01", "\x08", "\x0b", "\x1b[31mred", "\x7f"]


@pytest.mark.parametrize("text", UNSENDABLE, ids=ascii)
def test_control_characters_are_refused_everywhere_and_nothing_is_stored(
    app: Flask, teller: Visitor, text: str
) -> None:
    chat_id = teller.start()
    before, title = stored(app), chat_row(app, chat_id).title
    forms = {
        "/chat/messages": {"chat_id": chat_id, "request_id": "r" * 20, "text": text},
        "/sessions": {"request_id": "r" * 20, "opening": text, "customer": ""},
        f"/sessions/{chat_id}/title": {"title": text},
        f"/sessions/{chat_id}/end": {"reason": "solved", "summary": text},
        f"/chat/{chat_id}/draft": {"text": text},
        f"/sessions/{chat_id}/customer": {"number": text},
        "/sign-in": {"username": text, "password": "x"},
    }
    for path, fields in forms.items():
        answer = teller.post(path, htmx=True, **fields)
        assert answer.status_code == 400, path
        assert "contains characters that cannot be sent" in answer.text
        assert answer.headers["HX-Retarget"] == "#notices"
    for path in ("/", f"/chat/{chat_id}", f"/sessions/{chat_id}/customer", "/sign-in"):
        assert teller.client.get(path, query_string={"q": text, "next": text, "find": text}).status_code == 400
    assert (stored(app), chat_row(app, chat_id).title) == (before, title)


BYTES = [
    b"%ff",
    b"%c3%28",
    b"%ed%a0%80",
    b"%ed%bf%bf",
    b"%f8%a1%a1%a1%a1",
    b"%c0%af",
    b"%fe%fe",
    b"\xff",
    b"\xed\xa0\x80",
    b"%e2%82",
]


@pytest.mark.parametrize("raw", BYTES, ids=ascii)
def test_bytes_that_are_no_text_are_refused_and_nothing_is_stored(app: Flask, teller: Visitor, raw: bytes) -> None:
    """Invalid UTF-8, surrogates spelled in it, overlong forms and cut characters."""
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    before = stored(app)
    body = f"csrf_token={teller.token}&chat_id={chat_id}&request_id={'r' * 20}&text=".encode() + raw
    answer = teller.client.post("/chat/messages", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    overridden = {"QUERY_STRING": "q=" + raw.decode("latin-1")}
    assert teller.client.get("/", environ_overrides=overridden).status_code == 400
    assert stored(app) == before


@ON_SQLITE
@pytest.mark.parametrize(
    "text",
    ["\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c", "a\u200bb", "e\u0301\u0302\u0303" * 20, "\u2028\u2029",
     "👩‍👩‍👧‍👦 👍🏽", "line\nbreak\ttab", "Ünïcödé ß ẞ ﬀ"],
    ids=ascii,
)  # fmt: skip
def test_every_other_character_is_kept_exactly_and_cannot_disturb_what_is_around_it(
    app: Flask, teller: Visitor, text: str
) -> None:
    chat_id = teller.start()
    typed = f"before {text} after"
    assert teller.ask(chat_id, typed).status_code == 200
    assert questions(app, chat_id) == [typed]
    teller.get(f"/chat/{chat_id}")
    said = teller.page.select_one(".said")
    assert said is not None
    assert said.get_text() == typed
    assert said["dir"] == "auto"
    heading = teller.page.select_one("#case-heading span")
    assert heading is not None
    assert "isolate" in heading["class"]
