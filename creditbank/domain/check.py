"""What a check of the bank can find: one sentence for each broken promise."""

from __future__ import annotations

MESSAGES = {
    "check.entry_kind": "Entry {leg} of posting {posting} (learner {learner}) stands in {state} or has a sign that a"
    " posting of the kind {kind} does not give it.",
    "check.balance": "Lot {lot} of learner {learner}: the balance {state} says {balance} hundredths, its entries sum"
    " to {entries}.",
    "check.chain": "Entry {leg} of posting {posting} (learner {learner}) says {said} hundredths after it, the entries"
    " up to it sum to {sum}.",
    "check.lot": "Lot {lot} of learner {learner} was issued with {amount} hundredths; its deposit says {deposit}.",
    "check.institution": "The row of {what} {id} of learner {learner} names another institution than its lot.",
    "check.idempotency": "Posting {posting} of learner {learner} and its idempotency row are not one and one.",
    "check.reversal": "Posting {posting} of learner {learner} reverses {reverses}, which is no deposit and no side of a"
    " conversion with the same lot, amount and states.",
    "check.conversion_reversal": "Conversion {conversion} of learner {learner} is reversed in part or in pieces: of its"
    " {sides} postings {reversed} have a mirror. It is reversed as a whole or not at all.",
    "check.conversion": "Conversion {conversion} of learner {learner} is not whole: it uses {used} lots and makes"
    " {made}, or its postings are of several people, institutions or moments.",
    "check.hold": "Posting {release} of learner {learner} releases {hold}, which is no hold of the same lot and"
    " amount.",
    "check.application": "Application {application} of learner {learner} is {state}, but what is held, used and made"
    " for it is not what that state means.",
    "check.held": "Hold {hold} of learner {learner} stands and belongs to no open application.",
    "check.not_in_log": "Posting {posting} of learner {learner} is neither in the log nor on its way to it.",
    "check.commitment": "Posting {posting} of learner {learner} is not what the log committed to: the posting or its"
    " lot was changed after it was recorded.",
    "check.salt": "Posting {posting} of learner {learner} has lost its salt; its leaf in the log cannot be opened.",
    "check.request": "Posting {posting} of learner {learner}: the posting or its lot is not what was asked for when it"
    " was posted.",
    "check.log_without_posting": "The log has a leaf for posting {posting}, which is not in the ledger.",
    "check.claim": "Claim {claim} of learner {learner} is {state}, but its posting is missing or not reversed.",
    "check.result": "The result of learner {learner} in {course} {presentation} names lot {lot}, which does not exist.",
    "check.run": "Import run {run} says it posted {said} lots; the ledger has {found} of it.",
    "check.run_taken_back": "Import run {run} is said to be taken back, but {standing} of its postings stand.",
    "check.opening_lot": "Line {line} of import run {run} (learner {learner}) and its posting disagree on whether it"
    " was taken back.",
    "check.run_rows": "Import run {run} says it stored {stored} rows and refused {refused}; there are {results} rows"
    " and {problems} refused rows of it, or its counts do not add up.",
    "check.rule_version": "Rule version {version} of {code} is not the content it was published with.",
    "check.rule_version_log": "Rule version {version} of {code} is not what the log committed to, or is not in the"
    " log.",
    "check.rule_version_life": "Rule version {version} of {code} does not stand where its recorded steps led it.",
    "check.rule_act_log": "A step ({act}) of rule version {version} of {code} is not what the log committed to, or is"
    " not in the log.",
    "check.log_without_rule_version": "The log has a leaf for rule version {version}, which is not in the bank.",
    "check.policy": "Table {table} has other row policies than declared.",
    "check.grant_added": "{who} may {privilege} in table {table}, which is not declared.",
    "check.grant_lacking": "{who} may not {privilege} in table {table}, which is declared.",
    "check.key": "Table {table} lacks {name}, or it is not the one that is declared.",
    "check.table_missing": "Table {table} is missing.",
    "check.table_undeclared": "Table {table} is not declared.",
    "check.text": "This database cannot search Chinese text.",
    "check.evidence": "The evidence file {sha256} of claim {claim} is missing or damaged.",
    "check.files_without_record": "The files folder holds {count} files that no record names.",
    "check.log_key": "The log's key is missing, or keys/log.json and log/vkey differ; its {leaves} leaves were not"
    " compared.",
    "check.progress": "The stored progress of learner {learner} in {programme} is not what an audit finds now.",
    "check.claim_listed": "The mark that claim {claim} of learner {learner} keeps is not what official lists say of"
    " it.",
    "check.export_line": "Line {line} of export batch {batch} ({institution}) carries {said} hundredths for posting"
    " {posting}; the ledger says {found}.",
    "check.export_batch": "Export batch {batch} ({institution}) says it holds {said}; its lines are {found}.",
    "check.export_content": "The lines of export batch {batch} ({institution}) are not those it was made with.",
    "check.more": "There are {count} more of these.",
}
