"""Addresses of the office pages."""

from __future__ import annotations

from django.urls import path

from creditbank.web.office import (
    batches,
    decisions,
    evidence,
    exports,
    imports,
    learners,
    plans,
    programmes,
    recognition,
    returned,
    rules,
    today,
)

app_name = "office"

_CASE = "recognition/<uuid:learner_id>/<uuid:claim_id>/"

urlpatterns = [
    path("", today.today, name="today"),
    path("recognition/", recognition.queue, name="queue"),
    path("recognition/batch/", batches.confirm, name="batch-confirm"),
    path("recognition/batch/approve/", batches.approve, name="batch-approve"),
    path("recognition/batch/<uuid:command_id>/", batches.result, name="batch"),
    path("recognition/batch/<uuid:command_id>/progress/", batches.progress, name="batch-progress"),
    path("recognition/batch/<uuid:command_id>/undo/", batches.undo, name="batch-undo"),
    path("recognition/batch/<uuid:command_id>/result.csv", batches.download, name="batch-csv"),
    path(_CASE, recognition.case, name="case"),
    path(f"{_CASE}take/", decisions.take, name="take"),
    path(f"{_CASE}approve/", decisions.approve, name="approve"),
    path(f"{_CASE}supplement/", decisions.supplement, name="supplement"),
    path(f"{_CASE}refuse/", decisions.refuse, name="refuse"),
    path(f"{_CASE}reverse/", decisions.reverse, name="reverse"),
    path(f"{_CASE}evidence/<uuid:evidence_id>/", evidence.piece, name="evidence"),
    path("learners/", learners.listing, name="learners"),
    path("learners/<uuid:learner_id>/", learners.record, name="learner"),
    path("imports/", imports.listing, name="imports"),
    path("imports/<uuid:run_id>/", imports.report, name="import"),
    path("imports/<uuid:run_id>/problems.csv", imports.download, name="import-csv"),
    path("exports/", exports.listing, name="exports"),
    path("exports/make/", exports.make, name="export-make"),
    path("exports/<uuid:batch_id>/", exports.batch_page, name="export"),
    path("exports/<uuid:batch_id>/file/<slug:form>/", exports.download, name="export-file"),
    path("exports/<uuid:batch_id>/reconcile/", returned.reconcile, name="export-reconcile"),
    path("exports/<uuid:batch_id>/resend/", returned.resend, name="export-resend"),
    path("exports/<uuid:batch_id>/returned/<uuid:reconciliation_id>/", returned.result, name="reconciliation"),
    path(
        "exports/<uuid:batch_id>/returned/<uuid:reconciliation_id>/result.csv",
        returned.download,
        name="reconciliation-csv",
    ),
    path("rules/", rules.listing, name="rules"),
    path("rules/<uuid:version_id>/", rules.version, name="rule-version"),
    path("programmes/", programmes.listing, name="programmes"),
    path("programmes/template.xlsx", plans.template, name="plan-template"),
    path("programmes/upload/", plans.upload, name="plan-upload"),
    path("programmes/publish/", plans.publish, name="plan-publish"),
    path("programmes/<uuid:programme_id>/", programmes.version, name="programme"),
    path("programmes/<uuid:programme_id>/programme.xlsx", programmes.workbook, name="programme-workbook"),
]
