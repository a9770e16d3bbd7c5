"""Addresses of the public portal."""

from __future__ import annotations

from django.urls import path, re_path, register_converter

from creditbank.web.addresses import RowKey
from creditbank.web.public import health, log, resources, rules, verify, views

register_converter(RowKey, "resource_key")

app_name = "public"

urlpatterns = [
    path("", views.home, name="home"),
    path("verify/", verify.verify, name="verify"),
    path("resources/", resources.listing, name="resources"),
    path("resources/<resource_key:institution>/<resource_key:code>/", resources.resource, name="resource"),
    path("rules/", rules.listing, name="rules"),
    path("rules/<uuid:version_id>/", rules.version, name="rule"),
    path("help/", views.help_page, name="help"),
    path("log/", log.overview, name="log"),
    path("log/checkpoint", log.checkpoint, name="checkpoint"),
    path("log/vkey", log.key, name="log_key"),
    re_path(r"^log/(?P<tile>tile/[0-9a-z/.]{1,80})$", log.tile, name="tile"),
    path("health/", health.alive, name="health"),
    path("ready/", health.ready, name="ready"),
]
