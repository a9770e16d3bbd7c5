"""Forms of the account pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from creditbank.domain.accounts import Address, read_address
from creditbank.gateways.passkeys import MOST_TEXT
from creditbank.web.design.forms import DesignForm


class SignInForm(DesignForm):
    """Name and password; what was typed as a name stays when they do not fit."""

    sign_in = forms.CharField(
        label=_("Account, e-mail or mobile number"),
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


def _current() -> forms.CharField:
    return forms.CharField(
        label=_("Present password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


def _new() -> forms.CharField:
    return forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        help_text=_("At least 15 characters. A sentence only you would write is good; nothing has to be mixed."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class PasswordForm(DesignForm):
    """The present password and the new one; typed once, because it may be pasted and shown by the browser."""

    current = _current()
    new = _new()


class AddressForm(DesignForm):
    """An e-mail address or a mobile number."""

    address = forms.CharField(
        label=_("E-mail address or mobile number"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_address(self) -> Address:
        """The one way in which the address is written."""
        found = read_address(self.cleaned_data["address"])
        if found is None:
            raise ValidationError(_("Enter an e-mail address like name@example.cn or a mobile number."))
        return found


class CodeForm(DesignForm):
    """The code of a message."""

    code = forms.CharField(
        label=_("Code from the message"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "class": "short n"}),
    )


class NewPasswordForm(DesignForm):
    """A password in place of a lost one."""

    new = _new()


class RegisterForm(NewPasswordForm):
    """Who somebody is, and their password."""

    name = forms.CharField(label=_("Your name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"}))
    field_order = ("name", "new")


class AddForm(DesignForm):
    """The present password, before an address is added."""

    current = _current()


class SecondForm(DesignForm):
    """A code of the authenticator, or a recovery code."""

    code = forms.CharField(
        label=_("Code of your authenticator, or a recovery code"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}),
    )


class AuthenticatorForm(AddForm):
    """The first code of a new authenticator."""

    code = forms.CharField(
        label=_("Code that the authenticator shows"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "class": "short n"}),
    )
    field_order = ("code", "current")


class PasskeyForm(AddForm):
    """A name for a passkey, and what the browser's authenticator answered."""

    name = forms.CharField(label=_("Name of this passkey, for instance the device"), max_length=60)
    answer = forms.CharField(max_length=MOST_TEXT, widget=forms.HiddenInput, required=False)
    state = forms.CharField(max_length=1000, widget=forms.HiddenInput, required=False)
    field_order = ("name", "current", "answer", "state")


class BindForm(DesignForm):
    """A school, the number and name it knows somebody by, and the code of its office."""

    school = forms.ChoiceField(label=_("School"))
    student_number = forms.CharField(
        label=_("Student number"), max_length=100, widget=forms.TextInput({"autocomplete": "off", "class": "n"})
    )
    name = forms.CharField(
        label=_("Name, as the school writes it"), max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    code = forms.CharField(
        label=_("Code from the academic office"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *arguments: Any, schools: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["school"].choices = [("", "—"), *schools]
