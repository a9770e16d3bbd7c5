"""Forms of the account pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.web.design.forms import DesignForm


class SignInForm(DesignForm):
    """Name and password; what was typed as a name stays when they do not fit."""

    sign_in = forms.CharField(
        label=_("Account or student number"),
        max_length=200,
        widget=forms.TextInput(
            {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "inputmode": "text"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class PasswordForm(DesignForm):
    """The present password and the new one; typed once, because it may be pasted and shown by the browser."""

    current = forms.CharField(
        label=_("Present password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        help_text=_("At least 15 characters. A sentence only you would write is good; nothing has to be mixed."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
