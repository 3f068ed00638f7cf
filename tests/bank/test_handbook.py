"""The shipped handbook: complete, short, free of outside names, and of one mind about every figure."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from webapp.bank.articles import SANDBOX_HANDBOOK, Article, read_articles

QUESTIONS_FILE = Path(__file__).with_name("handbook_questions.csv")
NEWEST_EFFECTIVE_DATE = date(2026, 11, 1)


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return read_articles(SANDBOX_HANDBOOK)


def normalised(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.casefold()))


def words_of(article: Article) -> int:
    text = " ".join(f"{section.heading} {section.text}" for section in article.sections)
    return len(re.findall(r"[\w%/.,:*-]*\w[\w%/.,:*-]*", text))


def test_the_handbook_has_at_least_sixty_articles(articles: list[Article]) -> None:
    assert len(articles) >= 60


def test_each_article_is_in_a_file_of_its_id(articles: list[Article]) -> None:
    assert [article.id for article in articles] == sorted(path.stem for path in SANDBOX_HANDBOOK.glob("*.md"))


def test_articles_are_short_but_say_something(articles: list[Article]) -> None:
    assert {article.id: words_of(article) for article in articles if not 120 <= words_of(article) <= 350} == {}


def test_articles_have_two_to_five_sections_and_no_lead(articles: list[Article]) -> None:
    assert [article.id for article in articles if not 2 <= len(article.sections) <= 5] == []
    assert [article.id for article in articles if article.sections[0].number != 1] == []


def test_articles_are_in_force(articles: list[Article]) -> None:
    assert [a.id for a in articles if not date(2025, 1, 1) <= a.effective_on <= NEWEST_EFFECTIVE_DATE] == []


def test_versions_differ_as_in_a_handbook_that_is_kept_up(articles: list[Article]) -> None:
    assert {article.version for article in articles} >= {1, 2, 3, 4}


def test_every_article_answers_ten_to_fourteen_questions(articles: list[Article]) -> None:
    assert [article.id for article in articles if not 10 <= len(article.questions) <= 14] == []


def test_no_question_appears_twice_in_the_handbook(articles: list[Article]) -> None:
    questions = [normalised(question) for article in articles for question in article.questions]
    assert sorted(question for question in set(questions) if questions.count(question) > 1) == []


def test_sections_can_be_quoted_alone(articles: list[Article]) -> None:
    pointing = re.compile(r"\b(see (above|below)|as (mentioned|described|said) (above|below|before)|the above)\b", re.I)
    assert [a.id for a in articles for section in a.sections if pointing.search(section.text)] == []


def test_internal_extensions_are_not_read_to_customers(articles: list[Article]) -> None:
    for article in articles:
        for section in article.sections:
            if section.audience == "customer":
                assert not re.search(r"\bextension\b|\b44\d0\b", section.text), (article.id, section.heading)


def test_an_extension_belongs_to_one_desk(articles: list[Article]) -> None:
    listed = next(article for article in articles if article.id == "service-desks-and-extensions").sections[0].text
    desks = dict(re.findall(r"^\| ([A-Z][\w ]+?) \| (44\d\d) \|", listed, flags=re.MULTILINE))
    assert desks["Fraud line"] == "4400"
    assert desks["Bereavement desk"] == "4460"
    for article in articles:
        for section in article.sections:
            for name, number in re.findall(
                r"([\w ]+?(?:line|desk|support)),? (?:has )?extension (\d{4})", section.text
            ):
                known = [desk for desk in desks if name.casefold().endswith(desk.casefold().removeprefix("fraud "))]
                if name.casefold().endswith("fraud desk"):  # staffed by the fraud line
                    known = ["Fraud line"]
                assert [desks[desk] for desk in known] == [number], (article.id, name, number)


FIGURES = {
    "replacement card": (
        (
            r"[Rr]eplacement (?:for a lost card |card )?costs (\d+) EUR",
            r"replacement fee of (\d+) EUR",
        ),
        "10",
        4,
    ),
    "express card": (
        (
            r"[Ee]xpress(?: delivery)?(?: for| costs| \|)? (\d+) EUR",
            r"express delivery still costs (\d+)",
        ),
        "15",
        3,
    ),
    "express order time": (
        (
            r"if it is ordered before (\d\d:\d\d)",
            r"Express card \| before (\d\d:\d\d)",
        ),
        "14:00",
        2,
    ),
    "PIN reminder": (
        (r"PIN reminder (?:\| |sends .*? costs )(\d+) EUR",),
        "5",
        2,
    ),
    "cash a day": (
        (
            r"(1,\d{3}|2,\d{3}) EUR (?:in )?cash\b",
            r"pays out (\S+) EUR a day",
            r"cash limit (?:stays at|is) (\S+) EUR",
        ),
        "1,000",
        4,
    ),
    "purchases a day": (
        (r"(\d,\d{3}) EUR (?:in )?purchases",),
        "2,500",
        2,
    ),
    "contactless": (
        (
            r"limit of (\d+) EUR for contactless",
            r"without PIN is possible up to (\d+) EUR",
        ),
        "50",
        2,
    ),
    "PIN asked after": (
        (r"(\d+) EUR in sum(?: since| without| reached)",),
        "150",
        3,
    ),
    "foreign currency": (
        (
            r"currency costs (\d\.\d\d) % of the amount",
            r"(\d\.\d\d) % (?:is )?added",
            r"foreign currency \| (\d\.\d\d) %",
        ),
        "1.75",
        3,
    ),
    "other ATM": (
        (r"[Oo]ther domestic (?:ATM \||machines cost) (\S+) EUR",),
        "3.95",
        3,
    ),
    "SEPA cut-off": (
        (
            r"[Oo]rdered by (16:\d\d)",
            r"SEPA transfer \| (\d\d:\d\d)",
            r"SEPA transfer \(by (\d\d:\d\d)",
        ),
        "16:00",
        3,
    ),
    "international cut-off": (
        (
            r"cut-off is (1\d:\d\d)",
            r"International transfer \| (\d\d:\d\d)",
        ),
        "13:00",
        2,
    ),
    "instant maximum": (
        (
            r"at most (\d+,\d+) EUR per transfer",
            r"One instant transfer \| (\S+) EUR",
            r"arrives within 10 seconds, for amounts up to (\S+) EUR",
        ),
        "100,000",
        3,
    ),
    "recall": (
        (
            r"[Rr]ecall (?:can be requested for |costs |for |after execution \| )(\d+) EUR",
            r"recall fee of (\d+) EUR",
        ),
        "12",
        6,
    ),
    "online limit": (
        (
            r"daily limit of (\S+) EUR",
            r"app \| (\S+) EUR",
            r"above (\d+,\d+) EUR per day online",
        ),
        "10,000",
        4,
    ),
    "counter transfer": (
        (
            r"(\d\.\d\d) EUR (?:at the counter|per bill)",
            r"at the counter \| (\S+) EUR",
        ),
        "1.50",
        4,
    ),
    "return deadline": (
        (
            r"(\d+) weeks(?: of the booking)?,? without",
            r"within (\d+) weeks without",
        ),
        "8",
        3,
    ),
    "arranged overdraft": (
        (r"arranged overdraft costs (\S+) %",),
        "9.75",
        1,
    ),
    "credit card interest": (
        (r"Interest is (\d+\.\d+) % p\.a\. on what",),
        "18.90",
        1,
    ),
    "Everyday Current": (
        (r"Everyday Current:?\*{0,2} (?:\| )?(\d\.\d\d) EUR/month",),
        "2.90",
        3,
    ),
    "duplicate statement": (
        (
            r"\b(?<!\.)(\d) EUR per statement",
            r"Duplicate statement \| (\d) EUR",
        ),
        "3",
        4,
    ),
    "Instant Saver": (
        (r"Instant Saver (?:\| |\(|rate of |rate, )(\d\.\d\d) %",),
        "1.60",
        4,
    ),
    "Notice Saver": (
        (r"Notice Saver (?:\| |\(|pays )(\d\.\d\d) %",),
        "2.35",
        3,
    ),
    "Fixed Saver": (
        (r"Fixed Saver (?:\| |\(|pays )(\d\.\d\d) %",),
        "2.80",
        3,
    ),
    "Junior Saver": (
        (r"Junior Saver(?: \| | \(|: | pays )(\d\.\d\d) %",),
        "3.00",
        4,
    ),
    "late payment": (
        (
            r"late payment fee (?:of )?(\d\.\d\d)",
            r"(\d\.\d\d) EUR (?:after 10 days|late payment)",
        ),
        "7.50",
        3,
    ),
    "dispute deadline": (
        (r"within (?:the )?(\d+) days (?:of|from) booking", r"(\d+) days from booking"),
        "120",
        8,
    ),
    "evidence": (
        (r"due within (\d+) days", r"hands in evidence \| within (\d+) days"),
        "14",
        7,
    ),
    "merchant answers": (
        (
            r"[Mm]erchant answers in (\d+) days",
            r"what was bought within (\d+) days",
            r"answers \| in (\d+) days",
        ),
        "30",
        5,
    ),
    "liability": (
        (r"bears at most (\d+) EUR",),
        "50",
        3,
    ),
    "verification minutes": (
        (r"valid for (\d+) minutes",),
        "15",
        2,
    ),
    "proof of address age": (
        (r"[Pp]roof of address (?:is )?not older than (\d+) months",),
        "3",
        4,
    ),
    "complaint answered": (
        (r"[Aa]nswere?d?(?: \|)? within (\d+) working days",),
        "15",
        3,
    ),
    "deposit protection": (
        (r"protected up to (\d+,\d+) EUR",),
        "100,000",
        3,
    ),
    "dormant after": (
        (r"no movement by the customer for (\d+) months",),
        "24",
        1,
    ),
    "moving service": (
        (
            r"moving service: (\d+) working",
            r"takes (\d+) working days and is free",
        ),
        "12",
        2,
    ),
}
"""What a figure is about: patterns that capture it in a text, its value, and how often it occurs at least."""


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_in_every_article(articles: list[Article], name: str) -> None:
    patterns, expected, at_least = FIGURES[name]
    found = [
        (match.group(1), article.id)
        for article in articles
        for section in article.sections
        for pattern in patterns
        for match in re.finditer(pattern, section.text)
    ]
    assert [(value, article_id) for value, article_id in found if value != expected] == []
    assert len(found) >= at_least, found


REAL_NAMES = re.compile(
    r"\b(visa|mastercard|maestro|girocard|amex|paypal|klarna|wero|schufa|bafin|apple|google|samsung"
    r"|amazon|netflix|spotify|sparkasse|commerzbank|postbank|n26|revolut|ing|dkb|barclays|hsbc"
    r"|santander|unicredit|bunq|wise|swift|western|keller|maria|schmidt|meier|becker|anna|mr|mrs|ms"
    r"|herr|frau|deutsche bank|american express)\b",
    re.I,
)


def test_no_real_bank_brand_card_scheme_or_person_is_named() -> None:
    for path in (*SANDBOX_HANDBOOK.glob("*.md"), QUESTIONS_FILE):
        text = path.read_text(encoding="utf-8").replace("visa application", "")
        assert REAL_NAMES.findall(text) == [], path.name


def test_nothing_in_the_handbook_leads_outside() -> None:
    for path in SANDBOX_HANDBOOK.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|www\.|\]\(|<[a-z!/]|\b[\w.]+@\w|\bDE\d\d\b|\d{12,}", text), path.name


# The questions that measure retrieval


def held_out() -> list[dict[str, str]]:
    with QUESTIONS_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_held_out_questions_name_articles_that_exist(articles: list[Article]) -> None:
    rows = held_out()
    assert len(rows) == 160
    assert {row["article_id"] for row in rows} - {article.id for article in articles} == set()


def test_the_held_out_questions_are_not_in_the_handbook(articles: list[Article]) -> None:
    known = {normalised(question) for article in articles for question in article.questions}
    asked = [normalised(row["question"]) for row in held_out()]
    assert len(set(asked)) == len(asked)
    assert known & set(asked) == set()


def test_the_paraphrases_avoid_the_words_of_the_title(articles: list[Article]) -> None:
    titles = {article.id: set(re.findall(r"\w{4,}", article.title.casefold())) for article in articles}
    for row in held_out()[80:]:
        shared = titles[row["article_id"]] & set(re.findall(r"\w{4,}", row["question"].casefold()))
        assert shared <= {"with", "when", "that", "your", "from", "what", "which"}, row
