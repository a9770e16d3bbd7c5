"""What pages of a draft's impact say: of claims for recognition, of conversions for conversion."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.rules.decision import Granted
from creditbank.domain.rules.impact import Effect
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import format_credit
from creditbank.queries.rule_impact import Affected

EFFECTS = {
    Effect.SAME: ("plain", _("Same as before")),
    Effect.UP: ("ok", _("More credit")),
    Effect.DOWN: ("warn", _("Less credit")),
    Effect.GAINED: ("ok", _("Newly recognised")),
    Effect.REFUSED: ("bad", _("Newly refused")),
    Effect.MANUAL: ("warn", _("Newly for a person")),
    Effect.MOVED: ("info", _("Another category or level")),
    Effect.UNREAD: ("warn", _("Asks what was not asked")),
}
"""What happens to a claim, with its tone."""

CONVERSION_EFFECTS = EFFECTS | {
    Effect.UP: ("ok", _("On better terms")),
    Effect.DOWN: ("warn", _("On worse terms")),
    Effect.GAINED: ("ok", _("Newly possible")),
    Effect.REFUSED: ("bad", _("No longer possible")),
    Effect.MOVED: ("info", _("Another grade")),
    Effect.UNREAD: ("warn", _("Asks what is not known")),
}
"""What happens to a conversion, with its tone."""


def effects_of(kind: str) -> dict[Effect, tuple[str, Any]]:
    """The effects in the words of rules of a kind."""
    return CONVERSION_EFFECTS if kind == CONVERSION else EFFECTS


def counted(kind: str, count: int) -> str:
    """So many claims or conversions."""
    if kind == CONVERSION:
        return ngettext("%(counter)s conversion", "%(counter)s conversions", count) % {"counter": count}
    return ngettext("%(counter)s claim", "%(counter)s claims", count) % {"counter": count}


def elsewhere_said(count: int) -> str:
    """How many conversions stand that rules have nothing to say of."""
    return ngettext(
        "%(counter)s other conversion is into something that these rules do not name.",
        "%(counter)s other conversions are into something that these rules do not name.",
        count,
    ) % {"counter": count}


def converted_said(granted: Granted | None) -> str:
    """What a version makes of a conversion, with the credit it uses and the grade, as a cell says it."""
    if granted is None:
        return _t("cannot read the facts")
    if granted.ruling is Ruling.RECOGNISE:
        said = _t("%(made)s, uses %(used)s") % {"made": format_credit(granted.credit), "used": granted.field}
        return f"{said} · {granted.category}" if granted.category else said
    return _t("left to a person") if granted.ruling is Ruling.MANUAL else _t("not possible")


def page_words(kind: str) -> dict[str, str]:
    """The headings of the pages of a kind."""
    if kind == CONVERSION:
        return {
            "changing": _t("Conversions that change"),
            "none_title": _t("No conversion changes"),
            "none_why": _t("No conversion that stands would come out otherwise, as far as it is asked for here."),
            "column": _t("Conversions"),
            "cannot": _t("Asks something that is not known of this credit."),
            "first": _t("First figures. All conversions are being counted."),
            "note": _t(
                "Each conversion is put to both versions, for its own day and with the credit it came from as it stood"
                " then. Limits and prerequisites depend on what else each learner holds and are left out."
            ),
        }
    return {
        "changing": _t("Claims that change"),
        "none_title": _t("No claim changes"),
        "none_why": _t(
            "Nothing that was claimed in the last year would be decided otherwise, as far as it is asked for here."
        ),
        "column": _t("Claims"),
        "cannot": _t("Asks something these claims do not say."),
        "first": _t("First figures. All claims of the last year are being counted."),
        "note": _t(
            "Compared by the facts alone. Families, limits and days depend on what else each learner holds, and can"
            " change the amount."
        ),
    }


def figure_words(kind: str, answer: Affected, *, looked_at: int = 0) -> dict[str, str]:
    """What the figures say of their claims or conversions; ``looked_at`` conversions are there at all."""
    count, day = answer.impact.count, answer.since.isoformat()
    if kind == CONVERSION:
        if not looked_at:
            none = _t(
                "No conversion stands in the bank yet, so there is no history to compare with. Once conversions are"
                " posted, or earlier ones come in as opening lots, this page says which of them the draft would change."
            )
        else:
            none = ngettext(
                "%(counter)s conversion stands in the bank; it is not into anything that these rules name.",
                "%(counter)s conversions stand in the bank; none is into anything that these rules name.",
                looked_at,
            ) % {"counter": looked_at}
        heading = (
            ngettext("%(counter)s conversion since %(day)s", "%(counter)s conversions since %(day)s", count)
            if answer.complete
            else _t("The newest %(counter)s conversions")
        )
        more = ngettext(
            "%(counter)s more group of conversions changes.",
            "%(counter)s more groups of conversions change.",
            answer.more,
        )
    else:
        none = _t("Nothing was claimed under these rules since %(day)s.") % {"day": day}
        heading = (
            ngettext("%(counter)s claim since %(day)s", "%(counter)s claims since %(day)s", count)
            if answer.complete
            else _t("The newest %(count)s claims")
        )
        more = ngettext(
            "%(counter)s more group of claims changes.", "%(counter)s more groups of claims change.", answer.more
        )
    return {
        "none": none,
        "heading": heading % {"counter": count, "count": count, "day": day},
        "more": more % {"counter": answer.more},
    }
