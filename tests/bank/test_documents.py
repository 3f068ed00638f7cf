"""Markdown, HTML, Word and PDF files become articles; hostile ones are refused in one line, soon, by name."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.bank.documents import docx, pdf, zip_bomb, zipped
from webapp.bank.articles import ArticleError, body_of, read_sections
from webapp.bank.documents import Given, Read, read_document
from webapp.bank.documents.reading import slug
from webapp.bank.documents.shaping import shaped

TODAY = date(2026, 11, 21)
CONVERTING = Path(__file__).parents[2] / "webapp" / "bank" / "documents" / "converting.py"
PAGE = """<html><head><title>Dormant accounts</title><style>p {}</style></head><body>
<nav>Home</nav><h1>Dormant accounts</h1><p>No movement for <b>24 months</b>. <img src="http://elsewhere.example/a.png"></p>
<script>steal()</script><h2>Waking one up</h2><p onclick="steal()"><a href="javascript:steal()">Check</a> the passport,
see <a href="https://bank.example/kyc">KYC</a>.</p><ol><li>Ask</li><li>Sign</li></ol>
<h3>By post</h3><p>Not possible.</p><h2>Fees (staff only)</h2>
<table><tr><th>what</th><th>EUR</th></tr><tr><td>search</td><td>15</td></tr></table><h2>Empty</h2></body></html>"""


def read(content: bytes | str, name: str, **given: object) -> Read:
    raw = content.encode() if isinstance(content, str) else content
    return read_document(raw, name, Given(**given), TODAY)  # type: ignore[arg-type]


def sections(found: Read) -> list[tuple[str, str, str]]:
    return [(one.heading, one.audience, one.text) for one in found.article.sections]


def test_a_markdown_article_with_a_header_keeps_its_version_and_days() -> None:
    header = (
        "id: vault-keys\ntitle: Vault keys\nversion: 4\neffective: 2026-12-01\nuntil: 2027-01-06\naudience: customer"
    )
    lists = "topics: [keys]\nquestions: [who has the keys]\nright: sessions.read_branch"
    found = read(f"---\n{header}\n{lists}\n---\n## Who\n\nThe branch.\n", "vault.md")
    article = found.article
    assert (article.id, article.version, found.names_version, article.audience) == ("vault-keys", 4, True, "customer")
    assert (article.effective_on, article.effective_until) == (date(2026, 12, 1), date(2027, 1, 6))
    assert article.needs_right == "sessions.read_branch"


def test_what_a_markdown_file_does_not_say_is_given_or_assumed() -> None:
    text = "# Vault keys\n\nTwo people.\n\nSunday hours\n------------\n\nNone.\n\n## At night\n\nThe guard.\n"
    found = read(text, "x.md", audience="customer", topics=("keys",), effective_on=date(2026, 12, 1))
    article = found.article
    assert (article.id, article.title, article.version, found.names_version) == ("vault-keys", "Vault keys", 1, False)
    assert sections(found) == [
        ("", "customer", "Two people."),
        ("Sunday hours", "customer", "None."),
        ("At night", "customer", "The guard."),
    ]
    assert found.notes == ()
    bare = read("Just a line.", "opening_times.md")
    assert (bare.article.id, bare.article.title) == ("opening-times", "opening times")
    assert (bare.article.audience, bare.article.effective_on, bare.dated) == ("staff", TODAY, False)
    assert bare.notes == ("its audience was not said: staff only",)


def test_a_web_page_becomes_sections_without_anything_that_acts() -> None:
    found = read(PAGE, "dormant.html", audience="customer")
    assert (found.article.id, found.article.title) == ("dormant-accounts", "Dormant accounts")
    lead, waking, fees = sections(found)
    assert lead == ("", "customer", "No movement for **24 months**.")
    assert waking[:2] == ("Waking one up", "customer")
    assert "[KYC](https://bank.example/kyc)" in waking[2]
    assert "1. Ask\n2. Sign" in waking[2]
    assert "### By post\n\nNot possible." in waking[2]
    assert fees == ("Fees", "staff", "| what | EUR |\n| --- | --- |\n| search | 15 |")
    for trace in ("steal", "javascript", "script", "elsewhere", "Home"):
        assert trace not in found.body
    assert found.notes == ("1 picture was left out", "the section \u201cEmpty\u201d has no text and was left out")


def test_a_word_document_is_read_by_its_styles() -> None:
    content = docx(
        [
            ("Title", "Safe deposit boxes"),
            ("Heading1", "Opening <one>"),
            ("", "Two keys & a signature."),
            ("Heading2", "At night"),
            ("", "Not possible."),
            ("Heading1", "Prices"),
        ],
        table=[["size", "EUR"], ["small", "60"]],
    )
    found = read(content, "boxes.docx", id="service-boxes")
    assert (found.article.id, found.article.title) == ("service-boxes", "Safe deposit boxes")
    assert sections(found) == [
        ("Opening <one>", "staff", "Two keys & a signature.\n\n### At night\n\nNot possible."),
        ("Prices", "staff", "| size | EUR |\n| --- | --- |\n| small | 60 |"),
    ]


def test_a_pdf_is_read_with_its_headings_paragraphs_and_lists() -> None:
    first = [
        (20, 0, "Cash in foreign currency"),
        (14, 40, "Ordering"),
        (11, 20, "Order by noon for the next work-"),
        (11, 14, "ing day."),
        (11, 30, "\x95 dollars"),
        (11, 14, "\x95 pounds *not* [others]"),
    ]
    found = read(pdf([first, [(14, 0, "Buying back"), (11, 20, "Notes only.")]]), "cash.pdf")
    assert found.article.title == "Cash in foreign currency"
    ordering, buying = sections(found)
    assert ordering[0] == "Ordering"
    assert "Order by noon for the next working day." in ordering[2]
    assert r"pounds \*not\* \[others\]" in ordering[2]
    assert buying == ("Buying back", "staff", "Notes only.")
    assert read(pdf([first], title="Microsoft Word - x"), "cash.pdf").article.title == "Cash in foreign currency"
    assert read(pdf([[(11, 0, "No headings.")]], title="Currency"), "cash.pdf").article.title == "Currency"


def test_a_word_document_with_a_title_keeps_its_only_heading() -> None:
    found = read(docx([("Title", "Boxes"), ("Heading1", "Opening"), ("", "Two keys.")]), "boxes.docx")
    assert (found.article.title, sections(found)) == ("Boxes", [("Opening", "staff", "Two keys.")])


def test_what_was_read_can_be_written_and_read_again() -> None:
    found = read(PAGE, "dormant.html", audience="customer")
    again = read_sections(body_of(found.article.sections, "customer"), "customer", "again")
    assert again == found.article.sections


ENTITIES = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
ELSEWHERE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        pytest.param(lambda: b"x" * 50_000_000, "fifty.pdf", "larger than 10 MB", id="50 MB"),
        pytest.param(b"x" * 2_000_000, "two.md", "larger than 1 MB", id="2 MB of Markdown"),
        pytest.param(b" \n", "empty.md", "is empty", id="nothing"),
        pytest.param(b"\xff\xfe\x00", "latin.md", "cannot be read as UTF-8", id="no text"),
        pytest.param(b"MZ", "program.exe", "must end in .md", id="a program"),
        pytest.param(b"%PDF-1.7\nbroken", "broken.pdf", "is damaged", id="a broken PDF"),
        pytest.param(b"<html>", "page.pdf", "is no PDF", id="a PDF that is none"),
        pytest.param(pdf([[]]), "scan.pdf", "may be a scan", id="a PDF without text"),
        pytest.param(lambda: pdf([[(11, 0, "x")]] * 201), "long.pdf", "has 201 pages", id="201 pages"),
        pytest.param(b"PK\x03\x04", "broken.docx", "is no Word document", id="a broken ZIP"),
        pytest.param(zipped({"a.txt": "x"}), "other.docx", "is no Word document", id="another ZIP"),
        pytest.param(zip_bomb, "bomb.docx", "more than 60 MB unpacked", id="a ZIP bomb"),
        pytest.param(docx([("", "x")], prologue=ENTITIES), "laughs.docx", "declarations", id="entities that grow"),
        pytest.param(docx([("", "x")], prologue=ELSEWHERE), "passwd.docx", "declarations", id="entities that fetch"),
        pytest.param(b"<p> </p><img>", "blank.html", "has no text", id="a page without text"),
        pytest.param("<div>" * 3_000 + "deep", "deep.html", "is nested too deeply", id="a page nested too deeply"),
    ],
)
def test_a_bad_file_names_its_problem(content: bytes | str | Callable[[], bytes], name: str, reason: str) -> None:
    content = content() if callable(content) else content
    started = time.perf_counter()
    with pytest.raises(ArticleError) as refused:
        read(content, name)
    assert str(refused.value).startswith(f"{name}: file: ")
    assert reason in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert time.perf_counter() - started < 20


def test_a_file_that_names_folders_is_called_by_its_last_part() -> None:
    with pytest.raises(ArticleError, match=r"^passwd: file: must end in"):
        read("x", "../../etc/passwd")


@pytest.mark.parametrize(
    "act",
    [
        "open('/tmp/x', 'w')",
        "open('/etc/passwd')",
        "socket.socket()",
        "__import__('os').system('true')",
        "subprocess.run(['true'])",
    ],
)
def test_the_program_that_reads_files_may_neither_write_nor_connect_nor_start_anything(act: str) -> None:
    code = f"import sys, socket, subprocess; sys.path.insert(0, {str(CONVERTING.parent)!r}); import converting"
    code += f"\nsys.addaudithook(converting._refuse)\ntry:\n    {act}\nexcept PermissionError:\n    print('refused')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout == "refused\n", run.stderr


@pytest.mark.parametrize(
    ("markdown", "title", "body"),
    [
        ("# A\n\n# B\n\ntext", "", "## B\n\ntext"),
        ("lead\n\n# One\n\nx\n\n## Deeper\n\ny", "T", "lead\n\n## One\n\nx\n\n### Deeper\n\ny"),
        ("## Same\n\nx\n\n## same\n\ny", "T", "## Same\n\nx\n\n## same (2)\n\ny"),
        ("## **Bold** [link](https://x.example)\n\nx", "T", "## Bold link\n\nx"),
        ("```\n# no heading\n```", "T", "## T\n\n```\n# no heading\n```"),
    ],
)
def test_headings_become_sections(markdown: str, title: str, body: str) -> None:
    assert shaped(markdown, title)[1] == body


def test_an_id_is_made_of_a_title() -> None:
    assert slug("Gebühren & Zinsen: überall?") == "gebuehren-zinsen-ueberall"
    assert len(slug("word " * 40)) <= 60
    assert slug("\u4f60\u597d") == ""
