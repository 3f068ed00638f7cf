"""How people join, narrow, take back and refer back: the small words a reading turns on."""

from __future__ import annotations

import re
from collections.abc import Mapping

from webapp.agents.words import STOP_WORDS

PARTS = re.compile(
    r"\s*[;?!]+\s*|\.\s+|,\s+(?:and\s+)?(?!\d)|\s+(?:and|plus|also|then|&|\+)\s+(?:also\s+|then\s+)?", re.I
)
LEANS_BACK = re.compile(
    r"^(?:at|in|on|for|of|with|by|from|to|since|over|under|until|between|before|after|first on|"
    r"due (?:on|by|to(?:day|morrow)|next)|(?:invoice|charges|bic|account) \w*[\dA-Z]|[a-z]{2}\d\d ?\d{4}\w*)\b",
    re.I,
)
ASKS = re.compile(r"^(?:what|what's|how|which|when|where|why|who|is|are|has|does|do|did|show|list|give|tell)\b", re.I)
CARRIES_ON = re.compile(
    r"^(?:and|what about|how about|only|just|same|also|now|but|or|then|ok,? and|for|in|on|since|until|over|under|"
    r"above|below|"
    r"with|without|at|from|to|the)\b",
    re.I,
)
CHANGES_MIND = re.compile(
    r"^(?:no\b(?! card)|never ?mind|forget (?:it|that)|cancel(?: that| it)?$|drop it|stop$|leave it)", re.I
)
NOT_MEANT = re.compile(
    r"^(?:no,? )?(?:that(?:'s| is| was)(?: not|n't)? (?:wrong|what i (?:asked|meant|wanted|said))|wrong answer|"
    r"you(?: are|'re) wrong|i (?:did not|didn't) ask (?:for )?that|i meant something else|you misunderst\w+)\b",
    re.I,
)
ORDERS = re.compile(
    r"^(?:please |pls )?(?:block|unblock|stop|cancel|transfer|send|order|replace|change|activate|close)\b", re.I
)
GO_ON = re.compile(
    r"^(?:ok(?:ay)?|done|yes|yep|go on|continue|again|try again|now|attached|retry|please|ready|there|here)\b|"
    r"attached|try it again|ask again",
    re.I,
)
DECIDES_IN_WORDS = re.compile(
    r"^(?:yes|yep|ok(?:ay)?|sure|go ahead|do it|confirm(?:ed| it)?|please do|go on|approve[ds]?)\b.{0,20}$", re.I
)
INSTEAD = re.compile(
    r"^(?:no|sorry|actually|rather|make it|wait)\b[,.]?\s+(?:make (?:it|that) |i mean )?(.{2,80})$", re.I
)
WHAT_THAT_COSTS = re.compile(
    r"^(?:and |ok,? |so )*(?:what|how much) (?:does|do|would|will) (?:it|that|this) cost(?: (?:her|him|me))?\W*$",
    re.I,
)
HOW_TO_DO_THAT = re.compile(
    r"^(?:and |ok,? |so )*(?:how (?:do|can|should|would) (?:i|we|she|he|they) do (?:that|this|it)|"
    r"how does (?:that|this|it) work|"
    r"what(?:'s| is) the procedure(?: for (?:that|this|it))?|how\b)\W*$",
    re.I,
)
# "this" and "that" point back at the end of a clause or before what was shown, but not in "this month".
BACK_TO = re.compile(
    r"\b(?:it|its|the same|the card|the account|the transfer)\b"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )\bthere(?=\s*(?:$|[?.!,;]|this|last|in|since))"
    r"|\b(?:that|this)(?=\s*(?:$|[?.!,;]|(?:one|card|account|transfer|payment)\b))",
    re.I,
)
# Which values narrow which question; a message that names none of them does not carry that question on.
MOVES = (
    "since",
    "until",
    "over",
    "under",
    "at_least",
    "at_most",
    "exact",
    "merchant",
    "hint",
    "account",
    "ending",
    "card",
    "kind",
    "limit",
    "status",
    "direction",
)
NARROWED_BY: Mapping[str, tuple[str, ...]] = {
    "balance": ("account", "ending"),
    "accounts_overview": ("account",),
    "account_details": ("account", "ending"),
    "overdraft": ("account", "ending"),
    "savings": ("account", "ending"),
    "loan": ("account", "ending"),
    "statement": ("account", "ending", "card", "since", "until"),
    "close_account": ("account", "ending"),
    "loan_repay": ("account", "ending"),
    "verify_transaction": ("since", "until", "exact", "merchant", "hint"),
    "direct_deposit": ("since", "until"),
    "transactions": MOVES,
    "spending": ("since", "until", "merchant", "category", "hint"),
    "fees_charged": ("since", "until", "exact"),
    "duplicate_check": ("since", "until", "exact", "merchant", "hint"),
    "transfers": ("since", "until", "over", "exact", "merchant", "transfer", "limit"),
    "transfer_failed": ("since", "until", "exact", "merchant", "transfer"),
    "standing_instructions": ("merchant", "hint", "instruction"),
    "upcoming": ("since", "until"),
    "disputes_status": ("dispute", "merchant"),
    "fraud_alerts": ("card", "ending"),
    "dispute_payment": ("since", "until", "exact", "merchant", "hint"),
}
OF_KIND = re.compile(r"\b(debit|credit) card\b", re.I)
OF_CARDS = ("card", "ending")
TRANSFER_STATES = frozenset("scheduled processing open pending failed completed cancelled rejected waiting".split())
OF_MOVEMENTS = frozenset(
    "payment payments transaction transactions incoming outgoing pending smaller larger bigger went came out".split()
)

# Words that only place or narrow a question; a message made of nothing else carries the last question on.
NARROWING = STOP_WORDS | frozenset(
    """account accounts savings saver current checking credit debit loan card cards everyday premium instant notice
    fixed junior one ones same only just also then what about last next past previous first second third fourth
    fifth number today yesterday tomorrow week weeks month months year years day days quarter weekend since
    until before after between over under above below more less than least most in on at payments payment
    transactions transaction bigger larger smaller incoming outgoing pending went came
    out eur euro euros once again show list
    please both all other another january february march april may june july august september october november
    december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday
    sunday beginning start end""".split()
)
