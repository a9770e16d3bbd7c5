"""What an institution says of itself in public, and when such a line can be shown."""

from __future__ import annotations

from creditbank.domain.explanation import Refusal

MOST_LETTERS = 120
MESSAGES = {
    "institution.contact_too_long": "A contact line has at most {most} letters, this one has {letters}."
    " The former line is kept; say only where to ask.",
    "institution.contact_not_one_line": "A contact line is one line of plain text. The former line is kept.",
}


def read_contact(text: str) -> str | Refusal:
    """The contact line as it is stored: one line without spaces around it; empty means that none is shown."""
    line = text.strip()
    if not line.isprintable():
        return Refusal.because("institution.contact_not_one_line")
    if len(line) > MOST_LETTERS:
        return Refusal.because("institution.contact_too_long", most=MOST_LETTERS, letters=len(line))
    return line
