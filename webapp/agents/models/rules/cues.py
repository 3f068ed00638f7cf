"""Clear cues: patterns that say more than a count of words can, added to the classifier's scores.

A lead of one in the score is a clear case, so a cue of 1.0 settles an even match and 0.5 tips a close one. Patterns see
the corrected message in lower case with its values marked ("over _amount").
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from webapp.agents.models.rules.examples import Intent

_ASKS_HOW = (
    r"^(?:please |pls |hi,? |hello,? )*(?:(?:tell me|explain|show me|i need to know) )?(?:"
    r"how (?:do|can|could|should|does|would|may|must) (?!you\b)|how to\b|how is (?:a|the|an)\b|how are\b|"
    r"what(?:'s| is| are) the (?:procedure|process|policy|rules?|steps|requirements)|procedure |process |steps |"
    r"rules? (?:for|on)|"
    r"polic(?:y|ies) |what (?:do|should|must|can) (?:i|we) do (?:if|when|with|about)|what to do (?:if|when|with|"
    r"about)|what happens|"
    r"who (?:may|can|must|has to|needs to|is allowed)|can (?:a|an|customers|tellers?)\b|may (?:i|we|a|an)\b|"
    r"(?:are we|am i|is it) allowed|what does the handbook)"
)
_QUESTION = r"^(?:is|are|was|were|has|have|had|did|does|do|why|when|where|which|what|what's|how|who|until)\b"

# Pattern -> what it adds to which intent; "change" stands for all intents that would change something.
_CUES: tuple[tuple[re.Pattern[str], Mapping[str, float]], ...] = tuple(
    (re.compile(pattern), boosts)
    for pattern, boosts in (
        (_ASKS_HOW, {"how_to": 0.9, "change": -0.9, "card_pin": -0.6, "person": -0.3}),
        (r"\b(?:procedure|policy|handbook)\b", {"how_to": 0.8, "change": -0.6}),
        (_QUESTION, {"change": -0.3}),
        (
            r"^(?:please|pls)\b|\b(?:please|pls)[.!]?$|^(?:can|could|would) (?:you|we)\b|\bwants? to\b|"
            r"\bwould like to\b",
            {"change": 0.15},
        ),
        (r"\b_dispute\b", {"disputes_status": 1.5}),
        (r"^(?:please )?(?:dispute|contest) (?:the|this|that|it|a|my|her|his)\b", {"dispute_payment": 1.0}),
        (r"\b_transfer\b", {"transfers": 0.8, "transfer_failed": 0.4, "cancel_transfer": 0.3}),
        (
            r"\b_transfer\b.*\b(?:fail|reject|bounce|wrong|problem)|\b(?:why|fail\w*|reject\w*)\b.*\b_transfer\b",
            {"transfer_failed": 1.5},
        ),
        (
            r"\b(?:cancel|stop|recall|revoke|delete|undo|reverse|withdraw)\b.*(?:\b_transfer\b|\btransfer\b)",
            {"cancel_transfer": 1.0},
        ),
        (r"\b(?:wrong (?:iban|account|person|recipient|payee))\b", {"cancel_transfer": 0.8}),
        (
            r"\b(?:raise|increas\w*|higher|lower|reduc\w*|decreas\w*|put up|bump|"
            r"extend)\b.*\blimits?\b(?! of the overdraft)"
            r"|\blimits?\b.*\b(?:raised|increased|lowered|reduced|higher|bigger|up\b(?! (?:already|today)))",
            {"change_card_limit": 0.8},
        ),
        (
            r"\b(?:raise|increas\w*|higher|arrange|grant|lower)\b.*\b(?:overdraft|credit line|dispo)\b",
            {"loan_request": 1.2},
        ),
        (
            r"\b(?:un-?block\w*|unlock\w*|unfreez\w*|reactivat\w*)\b|\b(?:lift|remove|undo)\b.*\bblock",
            {"unblock_card": 0.7},
        ),
        (r"^(?:please )?(?:block|freeze|lock) (?!debit|of)", {"block_card": 0.6}),
        (
            r"\bcard\b.*\b(?:lost|stolen|missing|gone)\b|\b(?:lost|stolen|stole|missing)\b.*\b(?:card|cards|wallet|purse)\b",
            {"block_card": 0.6},
        ),
        (r"\bactivat(?:e|ed|ion|ing)\b(?! or not)", {"activate_card": 0.3}),
        (r"^(?:is|was|has|have|are)\b.*\bactivated\b", {"card_status": 0.5, "activate_card": -0.4}),
        (
            r"\b(?:twice|two times|2x|duplicates?|double (?:charge|booking|debit|payment)s?|charged again)\b",
            {"duplicate_check": 0.6, "dispute_payment": -0.2},
        ),
        (
            r"\b(?:until when|by when|how long|how many (?:days|weeks|months)|how (?:quickly|fast|soon|far ahead)|"
            r"time limit|"
            r"deadline|cut-?off|processing time)\b(?! has\b| have you\b)",
            {"deadlines": 0.7},
        ),
        (r"\b(?:how long has|how long is (?:her|his))\b", {"deadlines": -0.8}),
        (
            r"\b(?:opening (?:hours|times)|are (?:we|you) open|(?:branch|counter|line|banking)\b.*\b(?:open|close|"
            r"closes|opens|available)|"
            r"open on _period)\b",
            {"opening_hours": 0.7},
        ),
        (
            r"\b(?:real person|a human|a person|supervisor|(?:speak|talk) (?:to|with) (?:a|an|my|your|the|"
            r"some)\w*)\b(?! please unblock)",
            {"person": 0.6},
        ),
        (
            r"\b(?:did(?:n't| not) (?:make|authori[sz]e)|(?:doesn't|does not|don't|do not|not) recogni[sz]e|"
            r"scam\w*|phish\w*|"
            r"fraudsters?|strangers?|(?:someone|somebody) (?:has |else )?used)\b",
            {"report_fraud": 1.0, "transactions": -0.3},
        ),
        (
            r"^(?:what|which|how high|current)\b.*\b(?:rates?|fees?|cost|costs)\b(?!.*\b(?:her|his|my|their|"
            r"charged|paid|booked)\b)",
            {"rates_fees": 0.3},
        ),
        (
            r"\b(?:atm|cash machine|machine)\b.*\b(?:did(?:n't| not) (?:pay|give|dispense)|debited|less)\b",
            {"dispute_payment": 0.9},
        ),
        (
            r"\bwhy\b.*\btransfer\b.*\b(?:not|executed|rejected|fail\w*|back)\b|\bwhy\b.*n't\b.*\btransfer\b",
            {"transfer_failed": 0.5},
        ),
        (r"\bwhy\b.*\b(?:fee|charged|charge)\b|\bfee\b.*\bwhy\b", {"fees_charged": 0.4}),
        (r"^(?:what's|what is|how much is) (?:left|there|available)\b.*\baccount\b", {"balance": 0.7}),
        (
            r"\b(?:what can you|how do i use (?:this|you|the)|how (?:can|do) you help|who are you|what are you)\b",
            {"help": 0.9},
        ),
        (r"\bdetails?\b.*\baccount\b|\baccount\b.*\bdetails?\b", {"account_details": 0.6}),
        (r"\b(?:still (?:coming|to come|due)|coming (?:up|out|off))\b", {"upcoming": 0.6}),
        (r"\b(?:verify|identify|check)\b.*\b(?:this|the) (?:caller|customer)\b", {"profile": 1.0, "how_to": -0.3}),
        (r"\bwhere (?:does|do) (?:she|he|they|the customer|this customer) live\b", {"profile": 1.0}),
    )
)


def with_cues(
    scores: Mapping[str, float], text: str, intents: Mapping[str, Intent], *, banking: bool = True
) -> dict[str, float]:
    """The scores with every cue in the text added. `text` is the marked message in lower case.

    Not `banking`, it names nothing of a bank: then "how do I" and "how long" are no sign that the handbook is asked.
    """
    bare = text.strip(" \"'“”")
    quoted = bare != text.strip()
    lifted = dict(scores)
    for pattern, boosts in _CUES:
        if not pattern.search(bare) or (quoted and boosts.get("change") == -0.3):
            continue
        for key, boost in boosts.items():
            if key == "change":
                for name, intent in intents.items():
                    if intent.change:
                        lifted[name] += boost
            elif key in lifted and (banking or boost < 0 or intents[key].agent != "handbook"):
                lifted[key] += boost
    return lifted
