"""What a message names: cards, accounts, transfers, people, amounts and days, as plain values that fit into JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from webapp.agents.models.rules.amounts import find_amounts
from webapp.agents.models.rules.periods import PeriodReader, Prefer, past_only
from webapp.agents.transcript import Json
from webapp.agents.words import STOP_WORDS, clean
from webapp.bank.iban import find_iban, without_iban


@dataclass(frozen=True, slots=True)
class Entities:
    """The values named; None where nothing was said. Days are ISO texts, amounts decimal texts."""

    since: str | None = None
    until: str | None = None
    over: str | None = None
    under: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    exact: str | None = None
    card: str | None = None  # last four digits
    account: str | None = None  # last four digits, or a kind or name
    ending: str | None = None  # last four digits of a card or an account: not said which
    transfer: str | None = None
    dispute: str | None = None
    customer: str | None = None  # a customer number in the text
    merchant: str | None = None  # after "at", "from", "to", or in quotation marks
    hint: str | None = None  # an unknown word that may be a merchant
    direction: str | None = None
    kind: str | None = None
    status: str | None = None
    category: str | None = None
    limit: int | None = None
    ordinal: int | None = None  # 1 for "the first one", -1 for "the last one"
    order: str | None = None  # "largest"
    instruction: str | None = None  # "standing order" or "direct debit"
    item: str | None = None  # the id of a line of the list shown before
    iban: str | None = None  # as written; the tool says if it is none
    from_account: str | None = None  # last four digits, or a kind
    to_account: str | None = None
    name: str | None = None  # a recipient's
    reason: str | None = None  # of a block, a replacement or a dispute, as the bank names it
    answer: str | None = None  # to a fraud alert: "yes", "no", "unsure"
    part: str | None = None  # of the contact details
    value: str | None = None  # the new one; of a transfer, its reference or purpose
    on: str | None = None  # the day on which something is to be done
    every: str | None = None  # the rhythm of a standing order
    invoice: str | None = None
    bic: str | None = None
    currency: str | None = None
    charges: str | None = None  # "OUR", "SHA", "BEN"
    address: str | None = None  # a recipient's

    def to_json(self) -> dict[str, Json]:
        """Only what was said."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __bool__(self) -> bool:
        return bool(self.to_json())

    def over_older(self, older: Entities) -> Entities:
        """These entities, with an older message's where this one says nothing; bounds and places replace each other."""
        values = self.to_json()
        kept = older.to_json()
        for group in _GROUPS:
            if any(name in values for name in group):
                for name in group:
                    kept.pop(name, None)
        return from_json({**kept, **values})


_GROUPS = (
    ("since", "until"),
    ("over", "under", "at_least", "at_most", "exact"),
    ("card", "account", "ending"),
    ("merchant", "hint"),
    ("transfer",),
    ("dispute",),
)


def from_json(values: object) -> Entities:
    """Entities from a memory; whatever does not fit is left out."""
    if not isinstance(values, Mapping):
        return Entities()
    known: dict[str, str | int] = {}
    for one in fields(Entities):
        value = values.get(one.name)
        if one.name in ("limit", "ordinal"):
            if isinstance(value, int) and not isinstance(value, bool):
                known[one.name] = value
        elif isinstance(value, str):
            known[one.name] = value
    return Entities(**known)  # type: ignore[arg-type]


_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10,
            "twenty": 20}  # fmt: skip
_ORDINALS = {
    "first": 1,
    "1st": 1,
    "top": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
}
_ORDINALS |= {"5th": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "last": -1, "bottom": -1}
_THINGS = r"(?:one|payment|transaction|card|account|transfer|entry|row|line|charge|booking|dispute|debit|movement)"

_TRANSFER = re.compile(r"\btr[-\s]?(\d{3,})\b", re.I)
_DISPUTE = re.compile(r"\b(d[a-z])[-\s]?(\d{3,})\b", re.I)
_CUSTOMER = re.compile(r"\b\d{2}-\d{4}\b")
_CARD = re.compile(
    r"\b(?:debit|credit|visa)?\s?card(?:\s(?:number|no\.?|ending|ends|ending in|ending with|with|that ends in|"
    r"in))*\s?(?:\.\.+|\*+|…|#)?\s?(\d{4})\b",
    re.I,
)
_CARD_AFTER = re.compile(r"(?:\.\.+|\*+|…)?\b(\d{4})\s(?:debit\s|credit\s)?card\b", re.I)
_ACCOUNT = re.compile(
    r"\b(?:account|acct|iban|saver|savings|current|loan)(?:\s(?:number|no\.?|account|ending|ends|in|with))*\s?(?:\.\.+|\*+|…|#)?\s?(\d{4})\b",
    re.I,
)
_ENDING = re.compile(r"(?:\.\.+|\*+|…|ending\s(?:in\s|with\s)?)\s?(\d{4})\b", re.I)
_FOUR = re.compile(r"(?<![\d.,€$-])(\d{4})(?![\d,-]|\.\d|\s?(?:€|eur|k\b))", re.I)
_ACCOUNT_NAMES = (
    (re.compile(r"\b(instant|notice|fixed|junior)\s(?:saver|savings?)\b", re.I), "{0} saver"),
    (re.compile(r"\b(car|home|personal)\s(?:loan|mortgage)\b", re.I), "{0} loan"),
    (re.compile(r"\b(premium|everyday|student|business)\s(?:current|account)\b", re.I), "{0} current"),
    (re.compile(r"\b(?:savings?|saver)\b", re.I), "savings"),
    (re.compile(r"\bcredit\s?card\b", re.I), "credit"),
    (
        re.compile(r"\b(?:current|checking|giro)(?:\s(?:account|acct))?\b(?!\s(?:balance|rate|month|week|year))", re.I),
        "current",
    ),
    (re.compile(r"\b(?:loan|mortgage)\b", re.I), "loan"),
)
_COUNT = re.compile(
    rf"\b(?:last|latest|recent|newest|top|largest|biggest|highest)\s(\d{{1,2}}|{'|'.join(_NUMBERS)})\b(?!\s?(?:days?|weeks?|months?|years?|quarters?))",
    re.I,
)
_ONE = re.compile(
    r"\b(?:last|latest|newest|most recent)\s(?:\w+\s){0,2}?(?:payment|transaction|transfer|purchase|booking|"
    r"movement|withdrawal|salary|debit)\b(?!s)",
    re.I,
)
_ORDINAL = re.compile(
    rf"\b(?:the\s)?({'|'.join(_ORDINALS)})\s{_THINGS}\b|(?:\b(?:no\.?|number)|#)\s?([1-9]\d?)\b(?![\d.,-])|^\s*(?:and\s)?(?:the\s)?({'|'.join(_ORDINALS)})\s*(?:please|pls)?[.?!]?$",
    re.I,
)
_KINDS = (
    (
        re.compile(
            r"\bcard\s(?:payment|purchase|transaction|charge)s?\b|\b(?:purchases?|paid)\s(?:by|with)\s(?:the\s|his\s|her\s)?card\b",
            re.I,
        ),
        "card payment",
    ),
    (
        re.compile(
            r"\b(?:cash|atm)\s?(?:withdrawal|withdrawals)\b|\bwithdrawals?\b|\bwithdr[ae]w\w*\scash\b|"
            r"\b(?:took|take|taken)\sout\scash\b|\bcash out\b",
            re.I,
        ),
        "cash withdrawal",
    ),
    (re.compile(r"\bdirect\sdebits?\b|\bdds?\b", re.I), "direct debit"),
    (re.compile(r"\bstanding\sorders?\b", re.I), "standing order"),
    (re.compile(r"\b(?:salary|salaries|wages?|pay\scome|paycheck)\b", re.I), "salary"),
    (re.compile(r"\brefund(?:s|ed)?\b", re.I), "refund"),
    (re.compile(r"\binterest\b", re.I), "interest"),
    (re.compile(r"\b(?:instalments?|loan\spayments?)\b", re.I), "loan payment"),
    (re.compile(r"\b(?:incoming\stransfers?|transfers?\s(?:in|received))\b", re.I), "transfer in"),
    (re.compile(r"\b(?:outgoing\stransfers?|transfers?\sout)\b", re.I), "transfer out"),
    (re.compile(r"\btransfers?\b", re.I), "transfer"),
    (re.compile(r"\b(?:bank\s)?(?:fees?|bank\scharges?)\b", re.I), "fee"),
)
_IN = re.compile(
    r"\b(?:incoming|received|receive|paid\sin|came\sin|come\sin|coming\sin|credits|money\sin|who\s(?:paid|sent)|sent\s(?:her|him|them)\b)",
    re.I,
)
_OUT = re.compile(
    r"\b(?:outgoing|payments?|paid|pay|spent|spend|purchases?|bought|buy|went\sout|left|debited|charges?|money\sout)\b",
    re.I,
)
_QUOTED_NAME = re.compile(r"[\"“]([^\"”]{2,40})[\"”]")
_AT = re.compile(r"\b(at|from|to|with|by|called|named|merchant|shop|naming|of)\s+(?:the\s|a\s)?", re.I)
_LARGEST = re.compile(r"\b(?:biggest|largest|highest|most expensive|dearest)\b", re.I)
_CATEGORY = re.compile(
    r"\b(?:on|for)\s([a-zäöüé]+(?:\s(?:out|shopping))?(?:(?:,\s?|\sand\s|\sor\s)[a-zäöüé]+(?:\s(?:out|shopping))?)*)",
    re.I,
)

# Words that stand behind "at", "from", "to" and are nobody's name.
_NO_NAME = STOP_WORDS | frozenset(
    """account accounts acct current savings saving saver loan card cards credit debit bank customer customers person
    people month months week weeks year years day days today yesterday tomorrow weekend quarter morning night
    noon time january february march april may june july august september october november december jan feb mar
    apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday least most
    once twice last next this first another other any all abroad home work euro euros eur money cash amount iban
    branch atm counter till terminal machine someone somebody anyone friend wrong new old same merchant shop
    store payments payment transactions transaction transfer transfers standing order direct direct-debit fee
    fees details address phone email name number limit block spend pay send know see check change close open
    dispute report talk speak contact make use using be beginning start end since until till before after over
    under above below between more less which what who where when how status balance history statement list
    category groceries restaurants rent insurance wallet purse please pls salary refund refunds wages interest
    income employer rate rates charge charges dispute disputes alert alerts duplicate customer's hand human
    manager specialist colleague agent supervisor each every per two three purchases withdrawals it swiss
    francs dollars pounds average compare""".split()
)


_CATEGORIES = frozenset({"groceries", "restaurants", "rent", "insurance"})


class EntityReader:
    """Reads entities as seen from one day."""

    def __init__(self, today: date, known_word: Callable[[str], bool]) -> None:
        """`known_word` says whether a word is an ordinary one rather than perhaps a name."""
        self._today = today
        self._known = known_word

    def read(self, text: str, corrected: str, *, prefer: Prefer = "past", bare_amounts: bool = False) -> Entities:
        """What the message names. Names are read from the text as typed, everything else from the corrected one."""
        found: dict[str, str | int] = {}
        written = find_iban(text)
        if written:
            found["iban"] = written[0]
            text, corrected = without_iban(text), without_iban(corrected)
        rest = self._numbers(clean(corrected), found)
        if match := _COUNT.search(rest):
            found["limit"] = int(match[1]) if match[1].isdigit() else _NUMBERS[match[1].lower()]
            rest = rest[: match.start(1)] + " " + rest[match.end(1) :]
        elif _ONE.search(rest):
            found["limit"] = 1
        if match := _ORDINAL.search(rest):
            word = (match[1] or match[3] or "").lower()
            # "The last payment" is the newest one; "the last one" is the last of the list shown.
            if word != "last" or re.search(r"last\s(?:one|entry|row|line)\b|last\W*$", match[0], re.I):
                found["ordinal"] = _ORDINALS[word] if word else int(match[2])
        period, rest = PeriodReader(self._today, prefer).find(rest)
        if period and prefer == "past":
            period = past_only(period, self._today)
        if period and period.since:
            found["since"] = period.since.isoformat()
        if period and period.until:
            found["until"] = period.until.isoformat()
        amounts, rest = find_amounts(rest, bare=bare_amounts)
        for name in ("over", "under", "at_least", "at_most", "exact"):
            value = getattr(amounts, name)
            if value is not None:
                found[name] = str(value)
        self._kinds(rest, found)
        self._names(clean(text), set(re.findall(r"\w+", corrected)), found)
        return Entities(**found)  # type: ignore[arg-type]

    def _numbers(self, rest: str, found: dict[str, str | int]) -> str:
        """Ids and endings; taken out of the text, so that no digit is read twice."""

        def take(pattern: re.Pattern[str], name: str, write: Callable[[re.Match[str]], str]) -> None:
            nonlocal rest
            match = pattern.search(rest)
            if match and name not in found:
                found[name] = write(match)
                start, end = match.span(match.lastindex or 0) if name in ("card", "account", "ending") else match.span()
                rest = rest[:start] + " " * (end - start) + rest[end:]

        take(_TRANSFER, "transfer", lambda match: f"TR-{match[1]}")
        take(_DISPUTE, "dispute", lambda match: f"{match[1].upper()}-{match[2]}")
        take(_CUSTOMER, "customer", lambda match: match[0])
        for pattern in (_CARD, _CARD_AFTER):
            take(pattern, "card", lambda match: match[1])
        take(_ACCOUNT, "account", lambda match: match[1])
        take(_ENDING, "ending", lambda match: match[1])
        if not {"card", "account", "ending"} & set(found):
            match = _FOUR.search(rest)
            before = rest[: match.start()].rstrip().lower() if match else ""
            year = (
                match is not None
                and match[1].startswith("20")
                and before.endswith(("in", "of", "for", "since", "during", "until"))
            )
            dated = (
                re.search(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?$|q[1-4]$", before) is not None
            )
            bound = (
                re.search(
                    r"(?:over|above|under|below|than|least|most|to|between|\d\s?(?:eur|€)?\s?and|of|eur|€)$", before
                )
                is not None
            )
            if match and not year and not dated and not bound:
                found["ending"] = match[1]
                rest = rest[: match.start()] + "    " + rest[match.end() :]
        if "account" not in found:
            for pattern, name in _ACCOUNT_NAMES:
                if match := pattern.search(rest):
                    found["account"] = name.format(match[1].lower() if match.lastindex else "")
                    break
        return rest

    def _kinds(self, rest: str, found: dict[str, str | int]) -> None:
        kind = next((name for pattern, name in _KINDS if pattern.search(rest)), None)
        if kind:
            found["kind"] = kind
        if kind in ("standing order", "direct debit"):
            both = re.search(r"standing\sorders?|\bsos?\b", rest, re.I) and re.search(
                r"direct\sdebits?|\bdds?\b", rest, re.I
            )
            if not both:
                found["instruction"] = kind
            else:
                found.pop("kind")
        if _IN.search(rest):
            found["direction"] = "in"
        elif _OUT.search(rest):
            found["direction"] = "out"
        if re.search(r"\bpending\b|\bnot yet booked\b", rest, re.I):
            found["status"] = "pending"
        elif re.search(r"\breversed\b", rest, re.I):
            found["status"] = "reversed"
        if _LARGEST.search(rest):
            found["order"] = "largest"
        if match := _CATEGORY.search(rest):
            named = [word.strip() for word in re.split(r",|\band\b|\bor\b", match[1].lower())]
            kept = [word for word in named if word and word.split()[0] not in _NO_NAME - _CATEGORIES]
            if kept and kept[0] == named[0]:
                found["category"] = " and ".join(kept)

    def _names(self, text: str, kept: set[str], found: dict[str, str | int]) -> None:
        """Names; `kept` are the words the spelling left alone, for only those may be names nobody announced."""
        quoted = _QUOTED_NAME.search(text)
        if (
            quoted
            and len(quoted[1].split()) <= 4
            and len(quoted[0]) < len(text) - 4
            and quoted[1].split()[0].lower() not in _NO_NAME
        ):
            found["merchant"] = quoted[1]
            return
        for match in _AT.finditer(text):
            name = self._name_at(text[match.end() :], kept)
            if name:
                found["merchant"] = name
                return
        words = re.findall(r"(?<![\w'-])[^\W\d_][\w&'-]{2,}", text)
        hints = [
            word
            for word in words
            if self._may_be_name(word) and set(re.findall(r"\w+", word)) <= kept and not re.search(r"\d", word)
        ]
        if hints:
            found["hint"] = " ".join(hints[:3])

    def _may_be_name(self, word: str) -> bool:
        bare = re.sub(r"'s$", "", word).lower()
        return bare not in _NO_NAME and bare not in _ORDINALS and not self._known(bare)

    def _name_at(self, rest: str, kept: set[str]) -> str:
        """The name a text begins with: capitalised words, or lower-case words that nobody taught."""
        taken: list[str] = []
        for match in re.finditer(r"\s*([^\s,;:?!\"“”()]+)", rest[:80]):
            if match.start() and rest[match.start() - 1 : match.start()] in (",", ";", ":", "?", "!", '"'):
                break
            word = match[1].rstrip(".")
            lowered = re.sub(r"'s$", "", word).lower()
            if word == "&" and taken:
                taken.append(word)
                continue
            capital = word[:1].isupper()
            named = (capital and lowered not in _NO_NAME and not word.isupper()) or (
                capital and word.isupper() and len(word) > 1 and lowered not in _NO_NAME and not self._known(lowered)
            )
            unknown = word[:1].isalpha() and lowered not in _NO_NAME and not self._known(lowered)
            unknown &= bool(taken) or set(re.findall(r"\w+", word)) <= kept
            if not (named or unknown) or len(taken) == 4:
                break
            taken.append(re.sub(r"'s$", "", word) if not capital else word)
        while taken and taken[-1] == "&":
            taken.pop()
        return " ".join(taken)
