"""Forms: our templates for every field, and fields for credit, dates and evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

from creditbank.domain.values import Hundredths, format_credit, parse_credit


class Renderer(DjangoTemplates):
    """Renders fields with ``design/form/*``; also fit for the setting ``FORM_RENDERER``."""

    form_template_name = "design/form/form.html"
    field_template_name = "design/form/field.html"


class DesignForm(forms.Form):
    """A form in our look: ``{{ form }}`` for all fields or ``{{ form.name.as_field_group }}`` for one.

    Put ``{% error_summary form %}`` at the top of the page; errors stand at both places in the same words.
    """

    # One for all forms: each renderer reads and keeps templates of its own.
    default_renderer = Renderer()
    use_required_attribute = False  # the browser's own bubbles would hide our error summary
    required_css_class = "required"

    def full_clean(self) -> None:
        """Clean, with a message that names the field where it is empty."""
        for field in self.fields.values():
            if field.error_messages.get("required") == forms.Field.default_error_messages["required"] and field.label:
                field.error_messages["required"] = _("Fill in: %(label)s") % {"label": field.label}
        super().full_clean()


class DateInput(forms.DateInput):
    """The browser's own calendar; values travel as 2026-11-18."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateField(forms.DateField):
    """A calendar day."""

    widget = DateInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        kwargs.setdefault("error_messages", {"invalid": _("Enter a date like 2026-11-18")})
        super().__init__(**kwargs)


class CreditInput(forms.TextInput):
    """A short field for figures that brings up the number keys on a phone."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "class": "short n", "autocomplete": "off", **(attrs or {})})


class CreditField(forms.Field):
    """An amount of credit, typed with at most two decimals, cleaned to ``Hundredths``.

    Args:
        least: the smallest amount accepted, in hundredths.
        most: the greatest amount accepted, in hundredths.
    """

    widget = CreditInput

    def __init__(self, *, least: int = 0, most: int = 999_999, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Hundredths as people write them; what was typed stays as it was typed."""
        return format_credit(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Hundredths | None:
        """Read what was typed; an empty field is no amount."""
        if value in self.empty_values:
            return None
        try:
            return parse_credit(str(value))
        except ValueError:
            raise ValidationError(_("Enter credit as a number like 3 or 2.5"), code="invalid") from None

    def validate(self, value: Hundredths | None) -> None:
        """Hold the amount between its two ends."""
        super().validate(value)
        if value is not None and not self.least <= value <= self.most:
            raise ValidationError(
                _("Enter credit between %(least)s and %(most)s"),
                code="range",
                params={"least": format_credit(self.least), "most": format_credit(self.most)},
            )


class FileDrop(forms.ClearableFileInput):
    """A large target for files; on a phone it offers the camera too."""

    template_name = "design/form/file.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, accept: str = "image/*,application/pdf") -> None:
        super().__init__({"accept": accept, **(attrs or {})})


class Choices(forms.RadioSelect):
    """A few choices with the whole line as target."""

    template_name = "design/form/choices.html"


class Ticks(forms.CheckboxSelectMultiple):
    """Several of a few choices with the whole line as target."""

    template_name = "design/form/choices.html"
