"""What is said about drafts of rule versions and their test cases."""

from __future__ import annotations

MOST_LETTERS = 2_000_000

MESSAGES = {
    "rule_draft.conflict": "Somebody else saved this draft since you opened it (revision {kept} instead of {revision})."
    " Theirs is kept; yours is still in the field: copy what you need, open the draft anew and add it.",
    "rule_draft.too_long": "The text has {letters} letters; a draft holds at most {most}. It was not saved; what was"
    " saved before is kept.",
    "rule_draft.control_character": "The text holds a control character (U+{number}) at line {line}. It was not saved;"
    " what was saved before is kept.",
    "rule_draft.effective_unreadable": "What the version applies to cannot be read, at {path}: {problem}. The draft is"
    " kept as it was.",
    "rule_draft.unreadable": "The document cannot be read as a rule set yet: see its problems.",
    "rule_draft.other_code": "The document says code {found}; this draft belongs to {code}.",
    "rule_draft.other_kind": "The document says kind {found}; this rule set is of kind {kind}.",
    "rule_draft.kind_differs": "There is a rule set {rules} of kind {kind} already. Nothing was made.",
    "rule_draft.no_cases": "No test case is attached to this rule set: attach at least one.",
    "rule_draft.case_red": "Case {case} is red: {name}",
    "rule_draft.case_differs": "{what}: expected {expected}, the draft says {found}.",
    "rule_draft.case_unreadable": "It cannot be asked of this draft: {problem}",
    "rule_case.unreadable": "The case cannot be read, at {path}: {problem}. Nothing was changed.",
    "rule_case.no_rules": "This rule set has no readable draft and no version yet, against which a case could be"
    " written. Nothing was changed.",
    "rule_case.unknown": "There is no case {case} here; nothing was changed.",
    "rule_case.not_decided": "This claim is not decided yet, so there is nothing to expect. Nothing was attached.",
    "rule_case.other_rules": "This claim was not decided by rules of this institution, so its case cannot be attached"
    " here. Begin a draft of those rules here first.",
}
