"""Addresses of the learner pages."""

from __future__ import annotations

from django.urls import path, register_converter

from creditbank.web.addresses import RowKey
from creditbank.web.learner import (
    conversions,
    deposit,
    entries,
    evidence,
    letters,
    notices,
    objections,
    passbook,
    progress,
    proposals,
    requests,
)

register_converter(RowKey, "item_key")

app_name = "learner"
urlpatterns = [
    path("", passbook.passbook, name="passbook"),
    path("entries/", entries.entries, name="entries"),
    path("entry/<uuid:posting_id>/", entries.entry, name="entry"),
    path("entry/<uuid:posting_id>/proof.json", entries.proof, name="proof"),
    path("deposit/", deposit.start, name="deposit"),
    path("deposit/item/<item_key:institution>/<item_key:code>/", deposit.pick, name="deposit_item"),
    path("deposit/<uuid:claim_id>/facts/", deposit.facts, name="deposit_facts"),
    path("deposit/<uuid:claim_id>/proposal/", deposit.proposal, name="deposit_proposal"),
    path("deposit/<uuid:claim_id>/evidence/", deposit.evidence, name="deposit_evidence"),
    path("deposit/<uuid:claim_id>/check/", deposit.check, name="deposit_check"),
    path("deposit/<uuid:claim_id>/done/", deposit.done, name="deposit_done"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<uuid:claim_id>/", requests.request_page, name="request"),
    path("requests/<uuid:claim_id>/withdraw/", requests.withdraw, name="withdraw"),
    path("evidence/<uuid:evidence_id>/", evidence.download, name="evidence"),
    path("letters/<uuid:letter_id>/", letters.letter, name="letter"),
    path("letters/<uuid:letter_id>/letter.pdf", letters.pdf, name="letter_pdf"),
    path("letters/<uuid:letter_id>/appeal/", letters.appeal, name="appeal"),
    path("objections/<uuid:objection_id>/", objections.objection, name="objection"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.read, name="read_notices"),
    path("proposals/", proposals.listing, name="proposals"),
    path("proposals/<uuid:proposal_id>/claim/", proposals.claim, name="claim_proposal"),
    path("proposals/<uuid:proposal_id>/decline/", proposals.decline, name="decline_proposal"),
    path("conversions/", conversions.options, name="conversions"),
    path("conversions/choose/", conversions.choose, name="conversion_choose"),
    path("conversions/<uuid:application_id>/", conversions.application, name="application"),
    path("conversions/<uuid:application_id>/withdraw/", conversions.withdraw, name="application_withdraw"),
    path("progress/", progress.programmes, name="progress"),
    path("progress/<uuid:programme_id>/", progress.programme, name="programme"),
]
