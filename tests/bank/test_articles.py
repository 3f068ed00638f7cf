"""Reading handbook articles: what is wrong is refused in one line that names the file and the field."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.bank.articles import (
    LONGEST_HEADER,
    ArticleError,
    parse_article,
    read_articles,
)

GOOD = """---
id: cards-pin
title: "PIN: letter and reminder"
version: 2
effective: 2026-03-01
audience: customer
topics:
  - cards
questions:
  - forgot my PIN
  - PIN letter how long
---

## PIN letter

It arrives in 3 working days.

## Letter lost (staff only)

1. Check the address.
2. Order another.
"""


def without_field(name: str) -> str:
    return re.sub(rf"^{name}:.*\n(?:  - .*\n)*", "", GOOD, flags=re.MULTILINE)


def with_field(name: str, value: str) -> str:
    return re.sub(rf"^{name}:.*\n(?:  - .*\n)*", f"{name}: {value}\n", GOOD, flags=re.MULTILINE)


def with_body(body: str) -> str:
    return GOOD[: GOOD.index("## PIN letter")] + body


# The parser


def test_a_good_article_is_read_completely() -> None:
    article = parse_article(GOOD, "cards-pin.md")

    assert (article.id, article.title, article.version) == ("cards-pin", "PIN: letter and reminder", 2)
    assert article.effective_on == date(2026, 3, 1)
    assert article.topics == ("cards",)
    assert article.questions == ("forgot my PIN", "PIN letter how long")
    assert [(section.number, section.heading) for section in article.sections] == [
        (1, "PIN letter"),
        (2, "Letter lost"),
    ]
    assert article.sections[1].text == "1. Check the address.\n2. Order another."


def test_a_staff_only_section_of_a_customer_article_is_for_staff() -> None:
    assert [section.audience for section in parse_article(GOOD, "x.md").sections] == ["customer", "staff"]


def test_every_section_of_a_staff_article_is_for_staff() -> None:
    article = parse_article(with_field("audience", "staff"), "x.md")
    assert {section.audience for section in article.sections} == {"staff"}


def test_text_before_the_first_heading_is_kept_as_section_zero() -> None:
    first = parse_article(with_body("A lead.\n\n## One\n\nText.\n"), "x.md").sections[0]
    assert (first.number, first.heading, first.audience, first.text) == (0, "", "customer", "A lead.")


def test_a_heading_inside_a_code_fence_is_text() -> None:
    article = parse_article(with_body("## One\n\n```\n## Not a heading\n```\n\n## Two\n\nText.\n"), "x.md")
    assert [section.heading for section in article.sections] == ["One", "Two"]
    assert "## Not a heading" in article.sections[0].text


def test_windows_line_ends_are_read() -> None:
    assert parse_article(GOOD.replace("\n", "\r\n"), "x.md") == parse_article(GOOD, "x.md")


@pytest.mark.parametrize("name", ["id", "title", "version", "effective", "audience", "topics", "questions"])
def test_a_missing_field_is_refused_by_name(name: str) -> None:
    with pytest.raises(ArticleError, match=rf"^pin\.md: {name}: is missing$"):
        parse_article(without_field(name), "pin.md")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "Cards_PIN"),
        ("id", "7"),
        ("title", '" "'),
        ("title", "[a, b]"),
        ("version", "0"),
        ("version", "true"),
        ("version", '"2"'),
        ("effective", "soon"),
        ("effective", "2026-03-01T10:00:00"),
        ("effective", "20"),
        ("audience", "everyone"),
        ("audience", "[staff]"),
        ("topics", "cards"),
        ("topics", "[]"),
        ("questions", "[7]"),
        ("questions", "[forgot PIN, Forgot pin]"),
    ],
)
def test_a_wrong_value_is_refused_by_field(name: str, value: str) -> None:
    with pytest.raises(ArticleError, match=rf"^pin\.md: {name}: .+"):
        parse_article(with_field(name, value), "pin.md")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Only text, no heading.\n",
        "## One\n\nText.\n\n## one (staff only)\n\nText.\n",
        "## One\n\n## Two\n\nText.\n",
        "## (staff only)\n\nText.\n",
        "##\n\nText.\n",
    ],
    ids=["empty", "no heading", "heading twice", "no text", "only the mark", "heading without words"],
)
def test_wrong_sections_are_refused(body: str) -> None:
    with pytest.raises(ArticleError, match=r"^pin\.md: sections: .+"):
        parse_article(with_body(body), "pin.md")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "## One\n\nText.\n",
        "Something first.\n" + GOOD,
        '{"id": "cards-pin"}\n\n## One\n',
        with_field("effective", "2026-02-30"),
        with_field("title", "[unclosed"),
        with_field("version", "1" * 5_000),
        with_field("title", "!!python/object/apply:os.getcwd []"),
        with_field("topics", "[" * 4_000 + "]" * 4_000),
        with_field("title", "x" * (LONGEST_HEADER + 1)),
        with_field("topics", "[" * 100_000 + "]" * 100_000),
    ],
    ids=["empty", "none", "late", "json", "date", "yaml", "huge number", "object", "nested", "long", "bomb"],
)
def test_a_header_that_cannot_be_read_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ArticleError) as refusal:
        parse_article(text, "pin.md")
    assert re.fullmatch(r"pin\.md: (header|topics): [^\n]+", str(refusal.value))


def test_a_header_that_is_a_list_has_no_fields() -> None:
    with pytest.raises(ArticleError, match="is missing"):
        parse_article("---\n- id\n---\n\n## One\n\nText.\n", "pin.md")


@given(st.text())
def test_arbitrary_text_is_refused_only_with_an_article_error(text: str) -> None:
    with pytest.raises(ArticleError):
        parse_article(text, "any.md")


@given(header=st.text(), body=st.text())
def test_an_arbitrary_header_is_refused_only_with_an_article_error(header: str, body: str) -> None:
    with pytest.raises(ArticleError):
        parse_article(f"---\n{header}\n---\n{body}", "any.md")


@given(name=st.sampled_from(["id", "title", "version", "effective", "audience", "topics"]), value=st.text())
def test_an_arbitrary_value_is_read_or_refused_with_an_article_error(name: str, value: str) -> None:
    text = GOOD.replace(f"{name}:", f"{name}: {value}\nrest-of-{name}:")
    with suppress(ArticleError):
        assert len(parse_article(text, "any.md").sections) >= 2


# Folders


def test_articles_are_read_in_the_order_of_their_ids(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(with_field("id", "z-last"), encoding="utf-8")
    (tmp_path / "b.md").write_text(with_field("id", "a-first"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an article", encoding="utf-8")
    assert [article.id for article in read_articles(tmp_path)] == ["a-first", "z-last"]


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.md").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ArticleError, match=r"^b\.md: id: cards-pin is already used by a\.md$"):
        read_articles(tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"---\n\xff\xfe\n---\n")
    with pytest.raises(ArticleError, match=r"^a\.md: file: "):
        read_articles(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="folder: does not exist"):
        read_articles(tmp_path / "nowhere")
