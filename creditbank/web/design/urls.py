"""Addresses of the design system: the choice of appearance, and the pages of a debugging bank."""

from __future__ import annotations

from django.urls import path

from creditbank.web.design import views

app_name = "design"

urlpatterns = [
    path("settings/appearance/", views.choose_appearance, name="appearance"),
    path("design/", views.components, name="components"),
    path("design/<slug:example>/", views.example, name="example"),
    path("design/error/<int:status>/", views.error_example, name="error"),
]
