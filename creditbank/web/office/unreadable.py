"""What is wrong with a document somebody wrote, said in the reader's language with each place."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _t

from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError
from creditbank.exchange.unreadable import ALL_MESSAGES, Fault, faults_of
from creditbank.gateways import wording

_MOST = 20
"""So many problems are told at once."""


def unreadable_said(error: DocumentError | UnreadableError) -> str:
    """What is wrong with a document, as one text."""
    faults = faults_of(error)
    said = [_fault_said(fault) for fault in faults[:_MOST]]
    if len(faults) > _MOST:
        said.append(_t("and %(count)s more problems") % {"count": len(faults) - _MOST})
    return _t("; ").join(said)


def _fault_said(fault: Fault) -> str:
    said = wording.say_code(fault.code, fault.facts, get_language() or "zh-hans", ALL_MESSAGES)
    where = {"line": fault.line, "column": fault.column, "path": fault.path, "said": said}
    if fault.line and fault.path:
        return _t("line %(line)s, column %(column)s, %(path)s: %(said)s") % where
    if fault.line:
        return _t("line %(line)s, column %(column)s: %(said)s") % where
    return _t("%(path)s: %(said)s") % where if fault.path else said
