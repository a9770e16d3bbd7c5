"""All addresses of the bank: each portal brings its own."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("creditbank.web.public.urls")),
    path("account/", include("creditbank.web.account.urls")),
    path("learner/", include("creditbank.web.learner.urls")),
    path("office/", include("creditbank.web.office.urls")),
    path("", include("creditbank.web.design.urls")),
]

handler400 = "creditbank.web.design.views.bad_request"
handler403 = "creditbank.web.design.views.forbidden"
handler404 = "creditbank.web.design.views.not_found"
handler500 = "creditbank.web.design.views.server_error"
