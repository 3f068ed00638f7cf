"""What a message says about an order beyond amount and name: when, how often, which invoice, which bank abroad."""

from __future__ import annotations

import re
from dataclasses import replace

from webapp.agents.models.rules.amounts import amount_of
from webapp.agents.models.rules.entities import Entities
from webapp.bank.iban import read_bic, read_foreign_account

_CODES = "EUR|USD|GBP|CHF|CAD|AUD|JPY|NOK|SEK|DKK|TRY"
_CURRENCY_WORDS = (
    (re.compile(r"\bcanadian dollars?\b", re.I), "CAD"),
    (re.compile(r"\baustralian dollars?\b", re.I), "AUD"),
    (re.compile(r"\bdollars?\b|\$|\bbucks\b", re.I), "USD"),
    (re.compile(r"\bpounds?\b|£|\bsterling\b", re.I), "GBP"),
    (re.compile(r"\b(?:swiss )?francs?\b", re.I), "CHF"),
    (re.compile(r"\byen\b", re.I), "JPY"),
    (re.compile(r"\bnorwegian kron\w+\b", re.I), "NOK"),
    (re.compile(r"\bswedish kron\w+\b", re.I), "SEK"),
    (re.compile(r"\bdanish kron\w+\b", re.I), "DKK"),
    (re.compile(r"\blira\b", re.I), "TRY"),
    (re.compile(r"\beuros?\b|€", re.I), "EUR"),
)
_CODE = re.compile(rf"\b({_CODES})\b", re.I)
_UNIT = rf"(?:{_CODES}|[$£€]|(?:canadian |australian |us )?dollars?|pounds?|(?:swiss )?francs?|yen|kron\w+|lira|euros?)"
_SUM = re.compile(rf"(\d[\d.,]*k?)\s?{_UNIT}\b|\b{_UNIT}\s?(\d[\d.,]*k?)|[$£€]\s?(\d[\d.,]*k?)", re.I)
_BIC_SAID = re.compile(r"\b(?:bic|swift[ -]?(?:code|bic))\b[:\s]+([A-Za-z0-9 ]{8,14})\b", re.I)
_BIC_BARE = re.compile(r"\b([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b")
_ACCOUNT_SAID = re.compile(r"\b(?:account(?: (?:no|number))?|acct|a/c)\b\.?[:\s]+(\d[\dA-Za-z -]{4,30}\d)", re.I)
_CHARGES = (
    (re.compile(r"\bOUR\b|\bsender pay\w*|\bpays? all\b|\bcharges? (?:are )?(?:to|on) (?:us|the sender)\b"), "OUR"),
    (re.compile(r"\bSHA\b|\bshared?\b(?: the)? charges|\bcharges shared\b|\bshared charges\b"), "SHA"),
    (re.compile(r"\bBEN\b|\brecipient pay\w*|\bbeneficiary pay\w*"), "BEN"),
)
_INVOICE = re.compile(
    r"\b(?:invoice|bill|inv)\b\.?(?:\s?(?:number|no\.?|nr\.?|#))?[:\s#]+((?=[\w/-]*\d)[A-Za-z0-9][\w/-]{1,30})", re.I
)
_CUSTOMER_NUMBER = re.compile(
    r"\b(?:customer (?:number|no\.?)|contract(?: number)?|reference(?: no)?|ref)\b[:\s]+((?=[\w/-]*\d)[\w/-]{3,30})",
    re.I,
)
_RHYTHMS = (
    (re.compile(r"\b(?:half[- ]year\w*|every (?:six|6) months|twice a year|semi-?annual\w*)\b", re.I), "half year"),
    (re.compile(r"\b(?:quarter\w*|every (?:three|3) months)\b", re.I), "quarter"),
    (re.compile(r"\b(?:weekly|(?:every|each|a|per) week)\b", re.I), "week"),
    (re.compile(r"\b(?:yearly|annual\w*|(?:every|each|a|per|once a) year)\b", re.I), "year"),
    (re.compile(r"\b(?:monthly|(?:every|each|a|per|of the) month)\b", re.I), "month"),
)
AT_ONCE = re.compile(
    r"\b(?:instant(?:ly)?(?! saver)|immediately|within seconds|in real time|right now|there now|to be there today)\b",
    re.I,
)
CHANGES = re.compile(
    r"\b(?:chang\w*|rais\w*|increas\w*|lower|reduc\w*|adjust|amend|edit|modify|updat\w*|higher|double|gone up|went up|"
    r"should end|run until|end date|put an end)\b",
    re.I,
)
_BY = re.compile(r"\bby\s+(?:€\s?)?(\d[\d.,]*)", re.I)
_LOWER = re.compile(r"\b(?:lower|reduc\w*|less|decreas\w*|down)\b", re.I)
ENDS = re.compile(r"\b(?:until|end(?:s|ing)?(?: date)?(?: on)?|last (?:one )?on|should end)\b", re.I)
PIN_LETTER = re.compile(
    r"\b(?:pin letter|new pin\b(?! letter (?:cost|take))|order (?:a|the|another) (?:new )?pin|"
    r"send (?:the|a|another)\b.{0,12}\bpin|pin again|pin reminder|remind\w* of (?:the|her|his) pin)",
    re.I,
)
_PIN_REASONS = (
    (re.compile(r"\b(?:(?:not|never|hasn't|didn't|has not|did not)\b.{0,12}\b(?:arriv\w*|come|came|receiv\w*|got|get))",
                re.I), "letter not arrived"),
    (re.compile(r"\bnew pin\b|\banother pin\b|\bdifferent pin\b", re.I), "new PIN"),
    (re.compile(r"\b(?:forg[eo]t\w*|remember|remind\w*|again)\b", re.I), "forgotten"),
)  # fmt: skip
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SO_LONG = rf"(\d{{1,2}}|{'|'.join(_COUNTS)}) (weeks?|months?)"
_FOR_SO_LONG = re.compile(rf"\bfor (?:the next |the coming )?{_SO_LONG}\b|^{_SO_LONG}$", re.I)
_OPEN_END = re.compile(
    r"\b(?:until (?:further notice|(?:it is |they are )?resumed|(?:she|he|they|we|the customer|cust)\b.*)|six months|"
    r"indefinite\w*|open[- ]?end\w*|no end|(?:don't|do not|doesn't|does not) know|not known|as long as possible)\b",
    re.I,
)
PAUSES = re.compile(
    r"\b(?:paus\w+|suspen\w+|on hold|interrupt\w*|skip\w*|leave out|let .{0,30} rest)\b"
    r"|\b(?:do not|don't) (?:execute|pay|run)\b.*\bstanding order\b.*\bin\b"
    r"|\bstop\w*\b.*\b(?:until|for (?:the next |the coming )?\w+ (?:weeks?|months?))\b",
    re.I,
)
RESUMES = re.compile(
    r"\b(?:resum\w+|restart\w*|re-?activat\w*|un-?paus\w*|continu\w*|"
    r"(?:go(?:es)?|run(?:s|ning)?|pay(?:s|ing)?|start\w*) (?:on )?again|"
    r"(?:end|lift|cancel|stop|drop) (?:the |her |his )?(?:pause|suspension))\b",
    re.I,
)
WANTED_BACK = re.compile(r"\b(?:back|return(?:ed)?|refund(?:ed)?|reclaim\w*|revers\w+|bounc\w+|charge ?backs?)\b", re.I)
NO_MANDATE = re.compile(
    r"\b(?:no|without(?: a| any)?|never (?:gave|given|signed|granted)\b.{0,40}) (?:valid )?mandate\b|"
    r"\bunauthori[sz]ed\b|\bmandate was (?:never|not) (?:given|signed)\b|"
    r"\b(?:did(?:n't| not)|never|has(?:n't| not)|had(?:n't| not)) (?:authori[sz]ed?|agreed?|permit\w*|allow\w*)\b",
    re.I,
)
OF_DEBIT = re.compile(r"\b(?:direct debits?|sepa debits?|debit mandate|mandate|direct debited)\b", re.I)
NEWEST = re.compile(r"\b(?:last|latest|newest|most recent)\b", re.I)
_RECALL_REASONS = (
    (re.compile(r"\b(?:twice|double|two times|duplicate)\b", re.I), "sent twice"),
    (re.compile(r"\bwrong amount\b|\btoo much\b", re.I), "wrong amount"),
    (
        re.compile(r"\bwrong (?:account|iban|person|recipient|payee)\b|\bmistyped\b", re.I),
        "wrong account",
    ),
)


def detail_answered(slot: str, text: str, entities: Entities) -> Entities | None:
    """The value for a detail that was asked for; None when the message says none."""
    plain = text.strip(" .,;")
    if slot == "resume":
        on = entities.until or entities.since
        said_length = any(rest_of(plain))
        return Entities(value=plain) if said_length else Entities(on=on) if on else None
    if slot == "on":
        return Entities(on=entities.since) if entities.since else None
    if slot == "foreign":
        said = _ACCOUNT_SAID.search(text)
        account = entities.iban or (said[1] if said else plain)
        return Entities(iban=account) if entities.iban or read_foreign_account(account) else None
    if slot == "bic":
        return Entities(bic=bic_in(text) or read_bic(plain)) if bic_in(text) or read_bic(plain) else None
    if slot == "currency":
        found = currency_in(text)
        return Entities(currency=found) if found else None
    if slot == "invoice" and 0 < len(plain) <= 40 and len(plain.split()) <= 6:
        named = _INVOICE.search(text)
        return Entities(invoice=named[1] if named else plain)
    if slot == "address" and len(plain) >= 5:
        return Entities(address=plain[:200])
    return None


def currency_in(text: str) -> str | None:
    """The currency a text names: its code, or a word or sign for it."""
    code = _CODE.search(text)
    if code:
        return code[1].upper()
    return next((code for pattern, code in _CURRENCY_WORDS if pattern.search(text)), None)


def bic_in(text: str) -> str | None:
    """The BIC a text names."""
    said = _BIC_SAID.search(text)
    if said:
        words = said[1].split()
        for count in range(len(words), 0, -1):
            if found := read_bic("".join(words[:count])):
                return found
    bare = _BIC_BARE.search(text)
    return read_bic(bare[1]) if bare else None


def abroad(text: str, said: Entities) -> Entities:
    """What a message says about a transfer abroad. The amount is read with its currency."""
    found = _SUM.search(text)
    exact = amount_of(next(one for one in found.groups() if one)) if found else None
    account = _ACCOUNT_SAID.search(text)
    return replace(
        said,
        exact=str(exact) if exact is not None else said.exact,
        currency=said.currency or currency_in(text),
        bic=said.bic or bic_in(text),
        iban=said.iban or (account[1] if account else None),
        charges=said.charges or next((code for pattern, code in _CHARGES if pattern.search(text)), None),
    )


def bill(text: str, said: Entities) -> Entities:
    """What a message says about a bill: its number, the biller's number for the customer, the day it is due."""
    number, customer = _INVOICE.search(text), _CUSTOMER_NUMBER.search(text)
    return replace(
        said,
        invoice=said.invoice or (number[1] if number else None),
        value=said.value or (customer[1] if customer else None),
        on=said.on or one_day(said),
    )


def standing(text: str, said: Entities) -> Entities:
    """What a message says about a standing order: how often, and from when."""
    rhythm = next((name for pattern, name in _RHYTHMS if pattern.search(text)), None)
    return replace(said, every=said.every or rhythm, on=said.on or (None if ENDS.search(text) else one_day(said)))


def one_day(said: Entities) -> str | None:
    """The day that was named, if it was one."""
    return said.since if said.since and said.since == said.until else None


def difference(text: str) -> tuple[str | None, str | None]:
    """How much more, or how much less: "raise it by 20" -> ("20", None)."""
    found = _BY.search(text)
    size = amount_of(found[1]) if found else None
    if size is None:
        return None, None
    return (None, str(size)) if _LOWER.search(text) else (str(size), None)


def pin_letter_reason(text: str) -> str | None:
    """Why a PIN letter is wanted."""
    return next((reason for pattern, reason in _PIN_REASONS if pattern.search(text)), None)


def recall_reason(text: str) -> str | None:
    """Why money is asked back."""
    return next((reason for pattern, reason in _RECALL_REASONS if pattern.search(text)), None)


def rest_of(text: str) -> tuple[int | None, int | None, bool]:
    """For how many months or weeks something is to rest, or that nobody knows how long."""
    found = _FOR_SO_LONG.search(text)
    if found is None:
        return None, None, _OPEN_END.search(text) is not None
    spelled, unit = (found[1] or found[3]).lower(), (found[2] or found[4]).lower()
    number = _COUNTS.get(spelled) or int(spelled)
    return (number, None, False) if unit.startswith("month") else (None, number, False)
