"""What a check of the bank can find: one sentence for each broken promise."""

from __future__ import annotations

MESSAGES = {
    "check.legs": "Posting {posting} of learner {learner}: its entries sum to {sum} hundredths instead of 0, or there"
    " are not two of them.",
    "check.entry_amount": "Entry {leg} of posting {posting} (learner {learner}) moves {entry} hundredths, its posting"
    " {posting_amount}.",
    "check.balance": "Lot {lot} of learner {learner}: the balance {state} says {balance} hundredths, its entries sum"
    " to {entries}.",
    "check.chain": "Entry {leg} of posting {posting} (learner {learner}) says {said} hundredths after it, the entries"
    " up to it sum to {sum}.",
    "check.lot": "Lot {lot} of learner {learner} was issued with {amount} hundredths; its deposit says {deposit}.",
    "check.idempotency": "Posting {posting} of learner {learner} has no idempotency row, or more than one.",
    "check.reversal": "Posting {posting} of learner {learner} reverses {reverses}, which is no deposit of the same"
    " lot and amount.",
    "check.not_in_log": "Posting {posting} of learner {learner} is neither in the log nor on its way to it.",
    "check.commitment": "Posting {posting} of learner {learner} is not what the log committed to: the posting or its"
    " lot was changed after it was recorded.",
    "check.log_without_posting": "The log has a leaf for posting {posting}, which is not in the ledger.",
    "check.claim": "Claim {claim} of learner {learner} is {state}, but its posting is missing or not reversed.",
    "check.result": "The result of learner {learner} in {course} {presentation} names lot {lot}, which does not exist.",
    "check.run": "Import run {run} says it posted {said} lots; the ledger has {found} of it.",
    "check.rule_version": "Rule version {version} of {code} is not the content it was published with.",
    "check.policy": "Table {table} has other row policies or grants than declared: {what}.",
    "check.text": "This database cannot search Chinese text.",
    "check.evidence": "The evidence file {sha256} of claim {claim} is missing or damaged.",
    "check.progress": "The stored progress of learner {learner} in {programme} is not what an audit finds now.",
    "check.more": "There are {count} more of these.",
}
