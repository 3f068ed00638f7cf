"""Whether a passage of the handbook answers a question, and which part of it to quote.

The rule. The question's content words (stop words, words of asking and the bank's own name left out, each stemmed,
a few synonyms made one) are looked for in the passage's title, heading and text; a word that is not there still counts
when the library finds the passage's article by that word alone (articles carry example questions). A passage is
convincing when it has at least three quarters of them (half when the library's first passages are all of its
article), one at least a word that is not everywhere in a bank's handbook, and one in the title or heading.
Where the library compares meaning, an article that is near enough, and clearly nearer than the next, convinces as well.
A content word the whole handbook has never heard of refuses everything: a passage about transfers does not answer a
question about transfers of gold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.agents.words import STOP_WORDS, clean, stem, tokens
from webapp.bank.policy_library import Passage

CONVINCING = 0.75
AGREED = 0.5  # enough when the library's first passages are all of one article and its headings name the subject
_AGREEING = 3
ALIKE = 0.61  # likeness from which on an article convinces by meaning, ...
DOUBTFUL = 0.4  # likeness below which shared words convince nobody
LEAD = 0.05  # ... if its score is so far ahead of the next; chosen on questions with and without an article
_MANY = 3  # content words that may all be found in the text alone; fewer need one in a heading
_WHOLE = 420  # characters: a section this short is quoted whole
_EXCERPT = 480
_TRUSTED = 6.0  # how much more a search by meaning knows than the words alone
_LOOKED_AT = 4  # passages whose absent words are looked up alone
_ABSENT = 3  # more absent words than this are not worth it

# Words that ask rather than name something, and words every article may use.
_ASKING = frozenset(
    stem(word)
    for word in """long much many often soon fast quickly quick late early take takes taking happens happen say says
    said mean means tell know find need needs needed must may might shall give gives want wants like ask asks about
    approve approves approval bank bank's nordhafen bankside handbook article policy rule rules procedure
    procedures process steps step guideline explain question questions person people someone somebody anyone
    staff we our us way use used using make makes made work works does done handle deal case cases correct
    right allowed allow possible time times also still already today now offer offers exactly kind type sort
    thing things new old current currently any some between after before during duration interval overview
    conditions condition update amount decision within without against per each every other another all more
    most less least only same own different hello hi thanks say there here else again via etc eur euro euros
    deutsche if when whether because during go goes going come comes actually general generally usually
    normally apply applies details information check look see show list days day""".split()
)
_FAMILIES = (
    "lost lose loses missing misplaced mislaid",
    "stolen theft steal stole robbed",
    "cost costs price prices fee fees charge charges charged expensive surcharge pay",
    "free waived waive",
    "replacement replace replaced replacing reissue renewal renewed",
    "deceased died die dies death dead heir heirs inheritance",
    "complaint complaints complain complains",
    "close closing closure closed terminate",
    "dispute disputes disputed disputing chargeback chargebacks contest contested",
    "transfer transfers wire wires remittance send sending",
    "abroad foreign international overseas",
    "limit limits maximum max highest most",
    "hours hour times",
    "identity identification id passport identify identified verify verification verified verifying",
    "interest rate rates yield",
    "cutoff cut-off cut",
    "atm atms cashpoint machine machines",
    "refund refunds refunded return returned returns returning reimburse",
    "recall recalled cancel cancelled cancellation stop stopped stopping revoke",
    "fraud fraudulent scam scams scammed scammer scammers phishing unauthorised",
    "block blocked blocks blocking freeze frozen lock locked locks",
    "unblock unblocked unlock unlocked unblocking reset",
    "forgot forgotten forget forgets",
    "moved move moving relocate",
    "email e-mail",
    "mortgage mortgages home",
    "monday mondays mon",
    "tuesday tuesdays tue",
    "wednesday wednesdays wed",
    "thursday thursdays thu",
    "friday fridays fri",
    "saturday saturdays sat weekend",
    "sunday sundays sun",
    "deliver delivery delivered arrive arrives arrival",
    "goodwill gesture",
    "provisional temporary temporarily",
    "evidence proof documents document certificate papers",
    "marriage married marries wedding marry",
    "minor minors child children junior teenager kid kids",
    "branch branches",
    "caller callers phone telephone call calls",
    "deadline deadlines",
    "raise raised raising increase increased higher",
)
# How questions of a kind are put, how a section for them is headed, and what it has to contain.
_ANSWERS = (
    (
        re.compile(r"\b(?:how (?:long|soon|quickly|fast|many)|when|until|by when|deadline|cut-?off|time)\b", re.I),
        re.compile(r"\b(?:time|times|when|deadlines?|delivery|duration|hours|how long)\b", re.I),
        re.compile(r"\b\d+ (?:working )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b|\b\d{1,2}:\d\d\b"),
    ),
    (
        re.compile(r"\b(?:how (?:much|expensive|high)|costs?|price|fees?|rates?|charge|interest|free)\b", re.I),
        re.compile(r"\b(?:costs?|prices?|fees?|rates?|interest|terms)\b", re.I),
        re.compile(r"\b\d[\d.,]* (?:EUR|%)|\bfree\b"),
    ),
)
_NEW_CARD = re.compile(r"\bnew (?:debit |credit )?card\b", re.I)
_CANON = {stem(word): family.split()[0] for family in _FAMILIES for word in family.split()}
# One of these alone does not make a passage fit: they are everywhere.
_EVERYWHERE = frozenset(
    {"account", "card", "payment", "custom", "client", "cost", "branch", "money", "amount", "transfer"}
)


def _canonical(word: str) -> str:
    stemmed = stem(word)
    return _CANON.get(stemmed, stemmed)


def as_written(question: str) -> str:
    """The question in the handbook's words: staff say "a new card" where it says "a replacement card"."""
    return question if re.search(r"activat", question, re.I) else _NEW_CARD.sub("replacement card", question)


def sought(question: str) -> dict[str, str]:
    """The content words of a question, in order, each once: as compared -> as typed."""
    found: dict[str, str] = {}
    for word in tokens(clean(question)):
        if word not in STOP_WORDS and word[0].isalpha() and len(word) > 1 and stem(word) not in _ASKING:
            found.setdefault(_canonical(word), word)
    return found


def _words_of(text: str) -> set[str]:
    found: set[str] = set()
    for word in tokens(clean(text)):
        found.add(_canonical(word))
        if "-" in word:
            found.update(_canonical(part) for part in word.split("-") if part)
    return found


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a passage fits a question."""

    passage: Passage
    covered: float  # share of the content words found
    near: float  # share of the content words found in title and heading
    told: float  # share of the content words found in the text itself
    expected: float  # has it what such a question wants: a time for "how long", an amount for "how much"?
    words: int  # content words in the question
    unheard: bool  # the question has a word the whole handbook does not know
    agreed: int  # how many of the library's first passages are of this article
    meant: bool = False  # is its article found first by words and meaning, near enough, and well ahead of the next?

    @property
    def convincing(self) -> bool:
        """May this be quoted as an answer?"""
        if self.meant and not self.unheard:
            return True
        if 0 < self.passage.likeness < DOUBTFUL:
            return False
        if self.unheard or (self.near == 0 and not (self.covered == 1 and self.words >= _MANY)):
            return False
        return self.covered >= (AGREED if self.agreed >= _AGREEING and self.near > 0 else CONVINCING)

    @property
    def rank(self) -> float:
        """The higher, the better: words covered, in the headings and in the text, the library's opinion, its kind."""
        by_words = self.covered + 0.5 * self.near + 0.4 * self.told + 0.1 * self.agreed + self.expected
        return by_words + self.passage.score * (_TRUSTED if self.passage.likeness else 1.0)


def fits(question: str, passages: Sequence[Passage], articles_for: Callable[[str], set[str]]) -> list[Fit]:
    """The passages, best first by `Fit.rank`; `articles_for` says which articles the library finds for one word."""
    wanted = sought(question)
    nearest = _nearest_by_meaning(passages)
    found = []
    first = [passage.article_id for passage in passages[:_LOOKED_AT]]
    for place, passage in enumerate(passages):
        heading, text = _words_of(f"{passage.title} {passage.section}"), _words_of(passage.text)
        words = heading | text
        covered = {word for word in wanted if word in words}
        absent = [word for word in wanted if word not in covered]
        if covered and place < _LOOKED_AT and len(absent) <= _ABSENT:
            covered |= {word for word in absent if passage.article_id in articles_for(wanted[word])}
        near = sum(word in heading for word in wanted) / len(wanted) if wanted else 0.0
        told = sum(word in text for word in wanted) / len(wanted) if wanted else 0.0
        expected = _expected(question, passage)
        telling = any(word not in _EVERYWHERE for word in covered) or (len(wanted) > 1 and near >= CONVINCING)
        unheard = (
            place < _LOOKED_AT and len(absent) <= _ABSENT and any(not articles_for(wanted[word]) for word in absent)
        )
        share = len(covered) / len(wanted) if wanted and telling else 0.0
        agreed, meant = first.count(passage.article_id), passage.article_id == nearest
        found.append((Fit(passage, share, near, told, expected, len(wanted), unheard, agreed, meant), place))
    found.sort(key=lambda one: (-one[0].rank, one[1]))
    return [fit for fit, _ in found]


def _nearest_by_meaning(passages: Sequence[Passage]) -> str:
    """The article that convinces by meaning, if one does."""
    best: dict[str, Passage] = {}
    for passage in sorted(passages, key=lambda one: -one.score):
        best.setdefault(passage.article_id, passage)
    found = list(best.values())
    if not found or found[0].likeness < ALIKE or (len(found) > 1 and found[0].score < found[1].score + LEAD):
        return ""
    return found[0].article_id


def _expected(question: str, passage: Passage) -> float:
    for asks, heading, text in _ANSWERS:
        if asks.search(question):
            named = 0.3 if heading.search(passage.section) else 0.0
            return named + (0.3 if text.search(passage.text) else 0.0)
    return 0.0


def excerpt(question: str, text: str) -> str:
    """The part of a section to quote: all of a short one; otherwise the blocks and sentences nearest the question."""
    text = text.strip()
    if len(text) <= _WHOLE:
        return text
    wanted = set(sought(question))
    blocks = [_trimmed(block, wanted) for block in re.split(r"\n\s*\n", text)]
    scored = sorted(range(len(blocks)), key=lambda place: (-_hits(blocks[place], wanted), place))
    chosen: list[int] = []
    length = 0
    for place in scored:
        if chosen and (length + len(blocks[place]) > _EXCERPT or not _hits(blocks[place], wanted)):
            continue
        chosen.append(place)
        length += len(blocks[place])
    parts = [blocks[place] for place in sorted(chosen)]
    return "\n\n".join(parts)


def _hits(block: str, wanted: set[str]) -> float:
    words = _words_of(block)
    return sum(word in words for word in wanted)


def _trimmed(block: str, wanted: set[str]) -> str:
    """A long block cut to what matters: table rows, list items or sentences that have the question's words."""
    if len(block) <= _EXCERPT:
        return block
    lines = block.splitlines()
    if lines[0].lstrip().startswith("|"):
        rows = [line for line in lines[2:] if _hits(line, wanted)] or lines[2:]
        return "\n".join([*lines[:2], *rows])
    if re.match(r"\s*(?:[-*]|\d+\.)\s", lines[0]):
        items = [line for line in lines if _hits(line, wanted)]
        return "\n".join(items or lines[:4])
    sentences = re.split(r"(?<=[.!?])\s+", block)
    best = max(range(len(sentences)), key=lambda place: (_hits(sentences[place], wanted), -place))
    kept, length = [sentences[best]], len(sentences[best])
    for following in sentences[best + 1 :]:
        if length + len(following) > _EXCERPT:
            break
        kept.append(following)
        length += len(following)
    return " ".join(kept)
