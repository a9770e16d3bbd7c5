"""Addresses of the office pages."""

from __future__ import annotations

from django.urls import path, register_converter

from creditbank.web.office import (
    batches,
    centre,
    code_tables,
    data_imports,
    data_lists,
    data_rows,
    data_runs,
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
from creditbank.web.office.data_words import RowKey

register_converter(RowKey, "row_key")

app_name = "office"

_SET = "data/<slug:data_set>/"
_SHEET = f"{_SET}import/<uuid:upload_id>/"
_ROW = f"{_SET}row/<row_key:key>/"
_EDITION = "centre/editions/<uuid:edition_id>/"
_CASE = "recognition/<uuid:learner_id>/<uuid:claim_id>/"

urlpatterns = [
    path("", today.today, name="today"),
    path("notices/aside/", today.set_notice_aside, name="notice-aside"),
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
    path("data/", data_lists.overview, name="data"),
    path("data/runs/<uuid:run_id>/", data_runs.run, name="data-run"),
    path("data/runs/<uuid:run_id>/problems.csv", data_runs.problems, name="data-run-csv"),
    path("data/runs/<uuid:run_id>/revert/", data_runs.revert, name="data-revert"),
    path(_SET, data_lists.listing, name="data-list"),
    path(f"{_SET}source/", data_lists.source, name="data-source"),
    path(f"{_SET}template.xlsx", data_runs.template, name="data-template"),
    path(f"{_SET}export.xlsx", data_runs.export, name="data-export"),
    path(f"{_SET}add/", data_rows.add, name="data-add"),
    path(_ROW, data_rows.row, name="data-row"),
    path(f"{_ROW}change/", data_rows.change, name="data-change"),
    path(f"{_ROW}retire/", data_rows.retire, name="data-retire"),
    path(f"{_SET}import/", data_imports.upload, name="data-import"),
    path(f"{_SHEET}columns/", data_imports.columns, name="data-import-columns"),
    path(f"{_SHEET}check/", data_imports.check, name="data-import-check"),
    path(f"{_SHEET}problems.csv", data_imports.problems, name="data-import-problems"),
    path(f"{_SHEET}apply/", data_imports.apply, name="data-import-apply"),
    path("codes/", code_tables.listing, name="code-tables"),
    path("codes/<slug:table>/", code_tables.table, name="code-table"),
    path("codes/<slug:table>/table.xlsx", code_tables.export, name="code-table-export"),
    path("centre/", centre.overview, name="centre"),
    path("centre/prepare/<str:kind>/", centre.prepare, name="edition-prepare"),
    path(_EDITION, centre.edition, name="edition"),
    path(f"{_EDITION}publish/", centre.publish, name="edition-publish"),
    path(f"{_EDITION}withdraw/", centre.withdraw, name="edition-withdraw"),
    path(f"{_EDITION}acknowledge/", centre.acknowledge, name="edition-acknowledge"),
    path("rules/", rules.listing, name="rules"),
    path("rules/<uuid:version_id>/", rules.version, name="rule-version"),
    path("programmes/", programmes.listing, name="programmes"),
    path("programmes/template.xlsx", plans.template, name="plan-template"),
    path("programmes/upload/", plans.upload, name="plan-upload"),
    path("programmes/publish/", plans.publish, name="plan-publish"),
    path("programmes/<uuid:programme_id>/", programmes.version, name="programme"),
    path("programmes/<uuid:programme_id>/programme.xlsx", programmes.workbook, name="programme-workbook"),
]
