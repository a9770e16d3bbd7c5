"""A site of the design system alone, so that its tests need no portal and no database."""

from __future__ import annotations

from django.test import override_settings
from django.urls import include, path

urlpatterns = [path("", include("creditbank.web.design.urls"))]
handler404 = "creditbank.web.design.views.not_found"
handler500 = "creditbank.web.design.views.server_error"

alone = override_settings(ROOT_URLCONF="tests.web.design_site", DEBUG=True, ALLOWED_HOSTS=["*"])
closed = override_settings(ROOT_URLCONF="tests.web.design_site", DEBUG=False, ALLOWED_HOSTS=["*"])


def compile_translations() -> None:
    """Compile every room and make Django read it again."""
    import gettext

    from django.utils.translation import trans_real

    from creditbank.web.design import assets

    assets.compile_messages()
    gettext._translations.clear()
    trans_real._translations.clear()
