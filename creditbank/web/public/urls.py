"""Addresses of the public portal."""

from __future__ import annotations

from django.urls import path, re_path, register_converter

from creditbank.web.addresses import RowKey
from creditbank.web.public import (
    estimate,
    frameworks,
    health,
    log,
    outcomes,
    publicity,
    resources,
    rules,
    verify,
    views,
)

register_converter(RowKey, "resource_key")

app_name = "public"

_FRAMEWORK = "frameworks/of/<resource_key:institution>/<resource_key:code>/"

urlpatterns = [
    path("", views.home, name="home"),
    path("verify/", verify.verify, name="verify"),
    path("resources/", resources.listing, name="resources"),
    path("resources/<resource_key:institution>/<resource_key:code>/", resources.resource, name="resource"),
    path("frameworks/", frameworks.listing, name="frameworks"),
    path("frameworks/compare/", frameworks.side_by_side, name="framework-compare"),
    path("frameworks/credit-units/", frameworks.credit_units, name="credit-units"),
    path(
        "frameworks/certification-units/<resource_key:institution>/<resource_key:code>/",
        frameworks.certification_unit,
        name="certification-unit",
    ),
    path(_FRAMEWORK, frameworks.framework, name="framework"),
    path(f"{_FRAMEWORK}file/<slug:form>/", frameworks.file, name="framework-file"),
    path("outcomes/", outcomes.listing, name="outcomes"),
    path("outcomes/<resource_key:institution>/<resource_key:code>/", outcomes.outcome, name="outcome"),
    path("estimate/", estimate.begin, name="estimate"),
    path("estimate/<slug:kind>/", estimate.page, name="estimate-of"),
    path("rules/", rules.listing, name="rules"),
    path("rules/conversions/", rules.conversions, name="conversion-rules"),
    path("rules/<uuid:version_id>/", rules.version, name="rule"),
    path("publicity/", publicity.listing, name="publicity"),
    path("publicity/<uuid:institution>/<slug:kind>/<uuid:case_id>/objection/", publicity.objection, name="objection"),
    path("help/", views.help_page, name="help"),
    path("log/", log.overview, name="log"),
    path("log/checkpoint", log.checkpoint, name="checkpoint"),
    path("log/vkey", log.key, name="log_key"),
    re_path(r"^log/(?P<tile>tile/[0-9a-z/.]{1,80})$", log.tile, name="tile"),
    path("health/", health.alive, name="health"),
    path("ready/", health.ready, name="ready"),
]
