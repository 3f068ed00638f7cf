"""What the handbook says: the passages that answer a question, quoted and cited, or that there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from webapp.agents.tools.passages import Fit, as_written, excerpt, fits
from webapp.agents.tools.registry import BadArgument, ToolResult, reads
from webapp.agents.transcript import Citation, Desk
from webapp.agents.wording import listed, plain, together
from webapp.agents.words import tokens
from webapp.bank.policy_library import Passage

_SEARCHED = 8
_QUOTED = 2
_MOST_QUOTED = 3
_ALSO = 0.9  # of the best one's score: less likely ones are not quoted beside it
_BY_ONE_WORD = 3  # articles that count as being about a word
STAFF_ONLY = "Staff only: not to be read to the customer."
NOT_SAID = "The handbook does not say, as far as I can find."


@reads(label="handbook", doing="Searching the handbook")
def handbook(desk: Desk, question: str, passages: int = _QUOTED, sections: str | None = None) -> ToolResult:
    """What the bank's written policies say about a question: fees, rates, procedures, deadlines, opening hours.

    Quotes the passage with article, section and version; says so when the handbook has no answer. question: in full
    words. passages: how many to quote at most. sections: headings wanted of the article that answers, in order,
    separated by "/"; where it has none of them, its best passage is quoted.
    """
    if not question.strip():
        raise BadArgument("question is empty.")
    question = as_written(question)
    looked_up: dict[str, set[str]] = {}

    def articles_for(word: str) -> set[str]:
        if word not in looked_up:
            looked_up[word] = {passage.article_id for passage in desk.library.search(word, limit=_BY_ONE_WORD)}
        return looked_up[word]

    found = fits(question, desk.library.search(question, limit=_SEARCHED), articles_for)
    chosen = _chosen(found)[: max(1, passages)]
    if not chosen:
        near = list(dict.fromkeys(plain(fit.passage.title) for fit in found if fit.covered >= 0.5))[:2]
        titles = listed([f"“{title}”" for title in near])
        closest = f" The closest {'article is' if len(near) == 1 else 'articles are'} {titles}." if near else ""
        return ToolResult(f"{NOT_SAID}{closest}", outcome="not found")
    headed = _headed(desk, found, sections) if sections else []
    quotes = [(one, one.text) for one in headed] or [
        (fit.passage, excerpt(question, fit.passage.text)) for fit in chosen
    ]
    citations = tuple(_citation(number, passage) for number, (passage, _) in enumerate(quotes, start=1))
    parts = [_quoted(number, passage, text) for number, (passage, text) in enumerate(quotes, start=1)]
    return ToolResult(together(*parts), citations=citations, facts={"article": quotes[0][0].article_id})


def _headed(desk: Desk, found: Sequence[Fit], sections: str) -> list[Passage]:
    """The sections wanted, of the first convincing article that has them all, or else of the first that has any."""
    wanted = [set(tokens(heading)) for heading in sections.split("/")]
    some: list[Passage] = []
    for article_id, version in dict.fromkeys(
        (fit.passage.article_id, fit.passage.version) for fit in found if fit.convincing
    ):
        article = desk.library.article(article_id, version)
        headed: list[Passage] = []
        for words in wanted:
            fitting = [one for one in article if words and words <= set(tokens(one.section))]
            if fitting:  # the shortest heading that has the words: "Heirs" rather than "Before the heirs are known"
                headed.append(min(fitting, key=lambda one: len(tokens(one.section))))
        if len(headed) == len(wanted):
            return headed[:_MOST_QUOTED]
        some = some or headed
    return some[:_MOST_QUOTED]


def _chosen(found: list[Fit]) -> list[Fit]:
    """The best convincing passage, and a second one only if it fits as well and is not much less likely."""
    convincing = [fit for fit in found if fit.convincing]
    if not convincing:
        return []
    best = convincing[0]
    also = [
        fit for fit in convincing[1:] if fit.covered >= best.covered and fit.passage.score >= _ALSO * best.passage.score
    ]
    # What may be read to the customer comes before what is for staff only.
    return sorted([best, *also][:_MOST_QUOTED], key=lambda fit: fit.passage.audience == "staff")


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        number=number,
        article_id=passage.article_id,
        version=passage.version,
        title=passage.title,
        section=passage.section,
        passage=passage.text,
        effective_on=passage.effective_on.isoformat(),
        audience=passage.audience,
    )


def _quoted(number: int, passage: Passage, text: str) -> str:
    """The quotation and its source. Brackets and tags in it are text: an article cannot bring links or marks along."""
    inert = re.sub(r"([\[\]<]|:(?=//))", r"\\\1", text.strip())
    quote = "\n".join(f"> {line}".rstrip() for line in inert.splitlines())
    section = f", section “{plain(passage.section)}”" if passage.section else ""
    staff_only = f" {STAFF_ONLY}" if passage.audience == "staff" else ""
    return (
        f"{quote}\n\nHandbook, **{plain(passage.title)}**{section}, version {passage.version} [{number}].{staff_only}"
    )
