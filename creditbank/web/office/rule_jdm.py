"""What the other engine's files leave out of a rule set, in the reader's language."""

from __future__ import annotations

from creditbank.domain.rules.model import RuleSet
from creditbank.exchange import jdm
from creditbank.gateways import wording
from creditbank.web.office.rule_words import language_now


def left_out_of_jdm(rules: object) -> list[str]:
    """What JDM cannot express of a rule set, in the reader's language; rules for conversion are not written as JDM."""
    if not isinstance(rules, RuleSet):
        return []
    lines = jdm.rule_set_jdm(rules).left_out
    return [wording.say_code(line.code, line.facts, language_now(), jdm.MESSAGES) for line in lines]
