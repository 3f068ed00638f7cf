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
        (
            r"\b(?:abroad|overseas|international|swift|bic|foreign (?:currency|account|transfer)|dollars?|usd|chf)\b",
            {"international_transfer": 0.5},
        ),
        (r"\b(?:pay|settle)\b.*\b(?:bill|invoice)s?\b", {"pay_bill": 0.6}),
        (r"^(?:please |pls )?(?:pay|settle)\b.*\b(?:bill|invoice)\b", {"pay_bill": 0.6}),
        (
            r"\b(?:set up|new|create|chang\w*|rais\w*|increas\w*|lower|reduc\w*|adjust|amend)\b.*\bstanding order\b|"
            r"\bstanding order\b.*\b(?:to _amount|by _amount)|_amount every month\b",
            {"standing_order_change": 0.7},
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
            r"^(?:what|how much) (?:does|do|will|would)\b.*\b(?:replacement|new|express) (?:debit |credit )?cards?\b.*"
            r"\bcosts?\b|^how much is (?:a|an|the|her|his) (?:replacement|new|express) (?:debit |credit )?card\b",
            {"rates_fees": 0.4},
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
        (
            r"\b(?:died|deceased|passed (?:away|on)|death certificate|bereave\w*|widow\w*|undertaker|funeral|burial|"
            r"certificate of inheritance|heirs?|probate|executor|is dead|dead (?:customer|father|mother))\b"
            r"(?!.*\bpower of attorney\b)",
            {"deceased_customer": 1.2, "how_to": -0.6, "deadlines": -0.4},
        ),
        (
            r"\b(?:power of attorney|powers of attorney|poa|attorney|guardian\w*|authori[sz]ed person|signator\w+)\b",
            {"power_of_attorney": 1.1, "how_to": -0.6, "change": -0.3},
        ),
        (
            r"\b(?:suicid\w*|kill (?:himself|herself|myself)|dementia|gambling|domestic violence|hard of hearing|"
            r"vulnerable|vulnerability)\b(?!.*\bpolicy\b)",
            {"vulnerable_customer": 1.0, "how_to": -0.4, "profile": -0.2},
        ),
        (
            r"\b(?:complain\w*|ombudsman|unacceptable)\b(?!.*\b(?:fee|charge|payment|debit)\b)",
            {"complaint": 0.7, "how_to": -0.2, "fees_charged": -0.3},
        ),
        (r"\bbranch\b.*\b(?:still open|now|today)\b|\bopen\b.*\bbranch\b", {"opening_hours": 0.8}),
        (
            r"(?<!on my )(?<!on her )(?<!on his )(?<!on the )\b(?:statement|stmt|stmnt)s?\b(?! (?:text|entries))",
            {"statement": 0.5, "rates_fees": -0.1},
        ),
        (
            r"\b(?:withdraw\w*|take\w* back|drop|close|cancel|retract|end)\b.*\b(?:dispute|chargeback|_dispute)\b"
            r"|\b(?:dispute|chargeback|_dispute)\b.*\b(?:withdraw\w*|tak\w+ back|dropped|closed?|cancelled|off)\b",
            {"withdraw_dispute": 1.3, "disputes_status": -0.9},
        ),
        (
            r"\b(?:nearest|closest|next) (?:branch|atm|cash ?machine|cashpoint|machine)\b|"
            r"\baddress of (?:the|our) \w+(?: main)? branch\b|\bwhere is the (?:\w+ )?branch\b",
            {"branch_finder": 1.0},
        ),
        (
            r"\b(?:name change|change of name|maiden name|married name|new surname)\b",
            {"name_change": 0.7, "how_to": -0.2},
        ),
        (r"\b(?:verify|genuine|legitimate)\b.*\b(?:transaction|payment|charge|trx|txn)\b", {"verify_transaction": 0.9}),
        (
            r"^(?:did|has|have|is|was)\b.*\b(?:go(?:ne)? (?:out|off|through)|been debited|booked|arrived?)\b",
            {"verify_transaction": -0.7},
        ),
        (r"\b(?:loan|mortgage|credit) application\b.*\b(?:stand|status|far|news|approved)\b", {"loan_status": 0.8}),
        (r"\bclose\b.*\b(?:account|acct|saver)\b", {"close_account": 0.5}),
        (
            r"^(?!.*\b(?:die[ds]?|dead|death|deceased?|passed|heirs?|inherit\w*|widow\w*|funeral|burial|estate|will|late|"
            r"bereave\w*|executor|probate|undertaker|cremation)\b)",
            {"deceased_customer": -1.0},
        ),
        (r"\b(?:afford|enough (?:money|funds) (?:for|to))\b", {"balance": 1.6}),
        (r"\bextension\b|\b(?:which|what) desk\b|\bwho do i call\b", {"opening_hours": 1.2, "deceased_customer": -1.0}),
        (r"\b(?:online banking|the app|log ?in|logging in|sign in|password|activation code)\b", {"online_access": 0.7}),
        (r"\b(?:rent|insurance|electricity|phone bill)\b.*\b(?:due|collected)\b", {"upcoming": 1.3}),
        (r"\b(?:landlord|energy supplier|electricity supplier|phone provider)\b", {"standing_instructions": 1.7}),
        (r"^(?:can|may|could) (?:she|he|i|they|the customer) (?:have|get) a credit card\b", {"how_to": 2.2}),
        (r"\binstead of\b.*", {"dispute_payment": 0.9, "transactions": -0.5}),
        (r"\bpays? for (?:his|her|the|my) account\b|\b(?:cost|paid)\b.*\bin fees\b", {"fees_charged": 1.8}),
        (r"\boverdraft interest\b.*\bpa(?:y|id)\b", {"overdraft": 0.4}),
        (
            r"\b(?:still|has to|have to|must) (?:have to )?(?:send|hand in)\b.*\b(?:until|by) when\b",
            {"disputes_status": 1.4},
        ),
        (r"^did (?:she|he|the customer) get (?:her|his|the) .*\bback\b", {"disputes_status": 1.2}),
        (r"\b(?:last|lately) use[ds]?\b.*\b(?:account|saver)\b|\blast movement\b", {"transactions": 1.6}),
        (r"^did \w+(?: \w+)? (?:charge|debit|collect)\b", {"transactions": 1.5}),
        (
            r"\b(?:says|said|tells me) (?:that )?(?:it|this|that) (?:wasn't|was not) (?:her|him|me)\b",
            {"report_fraud": 0.9},
        ),
        (r"\bwants?\b.*\bfrom\b.*\bback\b", {"stop_payment": 0.6}),
        (r"^(?:a )?new one\b|\bnew one (?:please|pls)\b", {"replace_card": 0.6}),
        (r"\bcontests?\b", {"disputes_status": 1.3, "standing_instructions": -1.0}),
        (r"\bwhich fees\b", {"fees_charged": 0.8}),
        (r"\bpa(?:y|id|ys)\b.*\bwages\b", {"spending": 1.8, "direct_deposit": -1.0}),
        (
            r"\bpa(?:y|ys|ying|id) in\b.*\b\d+ (?:in )?cash\b|\bcash deposits?\b",
            {"how_to": 1.5, "transfer_money": -1.0},
        ),
        (r"^(?:list|show|which|any|did any)\b.*\btransfers\b", {"transfers": 0.5, "transfer_failed": 0.3}),
        (r"\bdifferences? between\b", {"how_to": 2.0, "open_account": -1.0}),
        (
            r"^(?!.*\b(?:where|which|near\w*|close\w*|address|next|finde?r?|get to|locations?|list|any|another|change|"
            r"atms?|(?:cash)?points?|machines?|coins?|deposit|free|park\w*|wheelchair|step|branches|telephone|served|own)\b)",
            {"branch_finder": -0.8},
        ),
        (r"\b(?:was|is) the \w+ (?:one )?(?:really )?(?:her|him|hers|his)\b", {"verify_transaction": 1.5}),
        (r"^can (?:i|we) pay (?:anything|something|money|_amount) out\b", {"accounts_overview": 2.0}),
        (r"\b(?:husband|wife|spouse|partner|neighbour|parents?)\b.*\basks? (?:about|for)\b", {"how_to": 1.6}),
        (r"\bhow often\b.*\b(?:go|goes|pay|pays|shop|shops)\b", {"transactions": 0.8}),
        (r"\b(?:full|whole|complete|exact) iban\b", {"account_details": 0.8}),
        (
            r"\b(?:_amount|_ending|\d{4,6}) in cash\b|\bcheques?\b",
            {"how_to": 0.9, "vulnerable_customer": -0.5, "savings": -0.5},
        ),
        (r"\b(?:bank (?:fails?|goes|is) (?:bust|bankrupt|insolvent|broke)?|deposit protection)", {"how_to": 1.5}),
        (r"\bexchange\b.*\b(?:francs|dollars|pounds|currency|money|cash)\b", {"how_to": 1.5}),
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
