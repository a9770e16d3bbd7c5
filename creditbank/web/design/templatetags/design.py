"""The components of the design system as template tags; README.md shows one line of use for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from heroicons.templatetags.heroicons import heroicon_micro, heroicon_outline

from creditbank.domain.explanation import Explanation, Line, Verdict, from_data
from creditbank.domain.values import Amount, Text, format_credit
from creditbank.gateways import wording
from creditbank.web.design import charts, navigation, tables

register = template.Library()

_TONE_ICONS = {"ok": "check", "warn": "exclamation-triangle", "bad": "x-mark", "info": "information-circle"}
_MINUS, _FIGURE_SPACE = "−", "\u2007"


def icon(name: str, size: int = 20, css: str = "icon") -> SafeString:
    """A heroicon as inline SVG, hidden from screen readers: the word beside it is what counts."""
    return _drawn(name, size, css)


@lru_cache(maxsize=512)
def _drawn(name: str, size: int, css: str) -> SafeString:
    """The same few icons stand on every line of a long table, and drawing one takes longer than a table's cell."""
    draw = heroicon_micro if size <= 16 else heroicon_outline
    return SafeString(draw(name, size=size, **{"class": css, "focusable": "false"}))


register.simple_tag(icon, name="icon")


@register.simple_tag
def credit(
    amount: int | Amount | None, *, signed: bool = False, aligned: bool = False, short: bool = False
) -> SafeString:
    """Hundredths of credit; ``signed`` adds + or − and colour, ``aligned`` keeps points under each other.

    ``short`` leaves out the decimals of whole amounts, for narrow places beside a ring.
    """
    if amount is None:
        return SafeString('<span class="soft">—</span>')
    hundredths = amount.hundredths if isinstance(amount, Amount) else int(amount)
    text = charts.short_credit(abs(hundredths)) if short else format_credit(abs(hundredths))
    pad = _FIGURE_SPACE if aligned and len(text.rpartition(".")[2]) == 1 else ""
    sign, css = "", "n credit"
    if hundredths < 0:
        sign, css = _MINUS, css + (" out" if signed else "")
    elif signed and hundredths > 0:
        sign, css = "+", css + " in"
    return format_html('<span class="{}">{}{}{}</span>', css, sign, text, pad)


@register.simple_tag
def tag(tone: str, word: object, *, dot: bool = False) -> SafeString:
    """A status: colour, icon (or a plain dot) and word; tone is ok, warn, bad, info or plain."""
    mark = SafeString('<span class="dot" aria-hidden="true"></span>') if dot or tone == "plain" else SafeString("")
    if not mark:
        mark = icon(_TONE_ICONS[tone], 14)
    return format_html('<span class="tag {}">{}{}</span>', tone, mark, word)


@register.simple_tag
def warning_level(level: int) -> SafeString:
    """A warning level 0 to 3 (normal, yellow, orange, red) as bars, colour and word."""
    words = (gettext("Normal"), gettext("Yellow warning"), gettext("Orange warning"), gettext("Red warning"))
    names = ("normal", "yellow", "orange", "red")
    level = min(max(int(level), 0), 3)
    return format_html(
        '<span class="tag level {}">{}{}</span>', names[level], charts.levels(level + 1, ""), words[level]
    )


@register.simple_tag
def ring(part: int, whole: int, label: object, tone: str = "ok") -> SafeString:
    """A ring of credit, ``part`` of ``whole`` hundredths."""
    return charts.ring(part, whole, str(label), tone)


@register.simple_tag
def bar(part: int, whole: int, label: object, tone: str = "ok") -> SafeString:
    """A bar of credit, ``part`` of ``whole`` hundredths."""
    return charts.bar(part, whole, str(label), tone)


@register.simple_tag
def stack(segments: Sequence[charts.Segment], label: object) -> SafeString:
    """Parts of a whole side by side."""
    return charts.stack(segments, str(label))


@register.simple_tag
def spark(values: Sequence[int], label: object) -> SafeString:
    """A small line of values."""
    return charts.spark(values, str(label))


@dataclass(frozen=True, slots=True)
class Said:
    """A line of an explanation, ready for the page."""

    sentence: str
    verdict: str
    word: str
    clause: str
    lines: tuple[Said, ...]


@register.inclusion_tag("design/parts/explanation.html")
def explanation(lines: Explanation | list[dict[str, Any]] | None, label: object = "") -> dict[str, object]:
    """The tree of reasons behind a decision, from ``Line`` values or from their stored data."""
    found: Iterable[Any] = lines or ()
    read = tuple(line if isinstance(line, Line) else from_data([line])[0] for line in found)
    return {"lines": said(read, get_language() or "zh-hans"), "label": label or gettext("Reasons")}


def said(lines: Explanation, language: str) -> tuple[Said, ...]:
    """Lines in words, with the word a screen reader says for the mark."""
    words = {
        Verdict.YES: gettext("Met:"),
        Verdict.NO: gettext("Not met:"),
        Verdict.ASK: gettext("A person decides:"),
        Verdict.NOTE: "",
    }
    return tuple(
        Said(
            sentence=wording.say(line, language),
            verdict=line.verdict.value,
            word=words[line.verdict],
            clause=line.clause.said_in(language) if line.clause else "",
            lines=said(line.lines, language),
        )
        for line in lines
    )


@register.filter
def text(value: Text | None) -> str:
    """A bilingual text in the page's language, the Chinese one where there is no English."""
    return value.said_in(get_language() or "zh-hans") if value else ""


@register.filter
def spoken(value: Text | None) -> str:
    """The same for the body of a page, marked as Chinese on an English page where there is no English.

    What a sheet called something in one language is not translated by the bank; a screen reader speaks it rightly.
    """
    language = get_language() or "zh-hans"
    if not value or value.en or language.lower().startswith("zh"):
        return text(value)
    return format_html('<span lang="zh-Hans">{}</span>', value.zh)


@register.inclusion_tag("design/parts/passbook.html")
def passbook(available: int, figures: Sequence[tuple[object, int]], label: object = "") -> dict[str, object]:
    """The jade book: available credit large, pairs of (word, hundredths) underneath."""
    return {"available": available, "figures": figures, "label": label or gettext("Available credit")}


@register.inclusion_tag("design/parts/error_summary.html")
def error_summary(*forms: Any) -> dict[str, object]:
    """All errors of the forms on this page, each leading to its field; takes the focus."""
    found = []
    for form in forms:
        if form is None or not form.is_bound:
            continue
        found += [("", message) for message in form.non_field_errors()]
        found += [(_target(field), message) for field in form for message in field.errors]
    return {"errors": found}


def _target(field: Any) -> str:
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label


@register.inclusion_tag("design/parts/summary_list.html")
def summary_list(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Check answers: rows with ``label``, ``value`` and, where it can be changed, ``change`` (an address)."""
    return {"rows": rows}


@register.inclusion_tag("design/parts/stepper.html")
def stepper(steps: Sequence[object], current: int) -> dict[str, object]:
    """The steps of one errand; ``current`` counts from 1."""
    return {"steps": steps, "current": current}


@register.inclusion_tag("design/parts/task_list.html")
def task_list(tasks: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Tasks with ``label``, ``url``, ``tone``, ``status`` and perhaps ``hint``; the whole row leads on."""
    return {"tasks": tasks}


@register.inclusion_tag("design/parts/timeline.html")
def timeline(events: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What happened: ``at``, ``title``, and where known ``detail``, ``url``, ``amount`` and ``tone``."""
    return {"events": events}


@register.inclusion_tag("design/parts/ledger_lines.html")
def ledger_lines(lines: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Lines of the passbook: ``on``, ``title``, ``detail``, ``amount`` (hundredths, signed) and ``url``."""
    return {"lines": lines}


@register.inclusion_tag("design/parts/empty.html")
def empty(
    title: object, why: object = "", url: str = "", action: object = "", icon: str = "inbox"
) -> dict[str, object]:
    """Nothing here yet: why, and the one thing to do."""
    return {"title": title, "why": why, "url": url, "action": action, "icon": icon}


@register.inclusion_tag("design/parts/tabs.html", takes_context=True)
def tabs(context: template.Context, items: Sequence[navigation.Place], label: object) -> dict[str, object]:
    """Parts of one page as links; the present one is found by the address."""
    return {"places": navigation.shown_places(items, _path(context)), "label": label}


@register.inclusion_tag("design/parts/toast.html")
def toast(message: object, tone: str = "ok", url: str = "", action: object = "") -> dict[str, object]:
    """One short message; with ``url`` and ``action`` a link such as undo stands beside it."""
    return {"message": message, "tone": tone, "url": url, "action": action}


@register.simple_tag
def copy_id(value: object, label: object = "") -> SafeString:
    """An identifier that copies at a press; without a script it is simply text."""
    return format_html(
        '<span class="id"><code>{}</code><button type="button" class="quiet" data-copy="{}" '
        'data-done="{}" hidden>{}<span class="hidden">{}</span></button></span>',
        value,
        value,
        gettext("Copied"),
        icon("clipboard-document", 16),
        label or gettext("Copy %(value)s") % {"value": value},
    )


@register.inclusion_tag("design/parts/table.html", takes_context=True)
def table(
    context: template.Context,
    columns: Sequence[tables.Column],
    rows: Sequence[Any],
    state: tables.State | None = None,
    caption: object = "",
    *,
    select: bool = False,
    shown_caption: bool = False,
    current: str = "",
) -> dict[str, object]:
    """Rows under columns, on a phone short lists; ``select`` adds boxes named ``selected``.

    A row whose ``id`` is empty has no box; ``current`` is the ``key`` (else the ``id``) of the row at hand.
    """
    chosen = set(state.selected) if state else set()
    return {
        "heads": [(column, *_head(column, state)) for column in columns],
        "rows": [
            (
                _item(row, "id"),
                _item(row, "credit"),
                _cells(columns, row),
                str(_item(row, "id")) in chosen,
                bool(current) and str(_item(row, "key") or _item(row, "id")) == current,
            )
            for row in rows
        ],
        "caption": caption,
        "shown_caption": shown_caption,
        "select": select,
        "path": _path(context),
    }


def _head(column: tables.Column, state: tables.State | None) -> tuple[str, str]:
    if state is None or not column.sortable:
        return "", ""
    return state.sorted_by(column.key).querystring(), state.order(column.key)


def _cells(columns: Sequence[tables.Column], row: Any) -> list[dict[str, object]]:
    amount_at = next((index for index, column in enumerate(columns) if column.numeric), -1)
    cells = []
    for index, column in enumerate(columns):
        slot = (
            "main"
            if index == 0
            else "amount"
            if index == amount_at
            else "tag"
            if column.kind in ("tag", "tags")
            else "rest"
        )
        cells.append(
            {
                "label": column.label,
                "html": _shown(column.kind, _item(row, column.key)),
                "second": _item(row, column.second) if column.second else "",
                "url": _item(row, column.link) if column.link else "",
                "numeric": column.numeric,
                "slot": slot,
            }
        )
    return cells


def _shown(kind: str, value: Any) -> object:
    if value is None or value == "":
        return SafeString('<span class="soft">—</span>')
    match kind:
        case "credit":
            return credit(value, aligned=True)
        case "signed":
            return credit(value, signed=True, aligned=True)
        case "tag":
            return tag(*value)
        case "tags":
            return format_html_join(" ", "{}", ((tag(*one),) for one in value))
        case "date":
            return format_html('<time class="n" datetime="{}">{}</time>', value, value)
        case "id":
            return copy_id(value)
        case _:
            return value.said_in(get_language() or "zh-hans") if isinstance(value, Text) else value


def _item(row: Any, key: str) -> Any:
    return row.get(key, "") if isinstance(row, Mapping) else getattr(row, key, "")


@register.inclusion_tag("design/parts/pagination.html")
def pagination(state: tables.State, total: int) -> dict[str, object]:
    """Where in a list we are, and the pages around."""
    state = state.on_page_of(total)
    pages = state.pages(total)
    links = [
        (number, state.on_page(number).querystring() if number else "")
        for number in tables.page_numbers(state.page, pages)
    ]
    return {
        "links": links,
        "page": state.page,
        "pages": pages,
        "total": total,
        "first": min(state.offset + 1, total),
        "last": min(state.offset + state.size, total),
        "before": state.on_page(state.page - 1).querystring() if state.page > 1 else "",
        "after": state.on_page(state.page + 1).querystring() if state.page < pages else "",
    }


@register.inclusion_tag("design/parts/filter_bar.html", takes_context=True)
def filter_bar(
    context: template.Context,
    filters: Sequence[tables.Filter],
    state: tables.State,
    search: str = "",
    *,
    unfolded: bool = False,
) -> dict[str, object]:
    """The question above a table: search first, the rest folded unless it is all, what is set to be removed."""
    fields = [(one, state.filters.get(one.name, "")) for one in filters]
    active = [
        (one.label, dict(one.choices).get(value, value), state.without(one.name).querystring())
        for one, value in fields
        if value
    ]
    return {
        "search": next((pair for pair in fields if pair[0].name == search), None),
        "fields": [pair for pair in fields if pair[0].name != search],
        "active": active,
        "open": unfolded or any(value for one, value in fields if one.name != search),
        "state": state,
        "path": _path(context),
    }


@register.inclusion_tag("design/parts/nav_list.html", takes_context=True)
def nav_list(context: template.Context, places: Sequence[navigation.Place] | None) -> dict[str, object]:
    """Places to go as a list; counts come from ``nav_counts`` of the context, by URL name."""
    return {"places": navigation.shown_places(places or (), _standing(context), context.get("nav_counts"))}


@register.inclusion_tag("design/parts/nav_groups.html", takes_context=True)
def nav_groups(context: template.Context, groups: Sequence[navigation.Group] | None) -> dict[str, object]:
    """The office's menu in groups."""
    shown = navigation.shown_groups(groups or (), _standing(context), context.get("nav_counts"))
    return {"groups": list(shown)}


@register.inclusion_tag("design/parts/appearance.html", takes_context=True)
def appearance_form(context: template.Context, *, short: bool = False) -> dict[str, object]:
    """The choice of language, theme and shortcuts; ``short`` offers only the other language."""
    request = context.get("request")
    return {
        "csrf_token": context.get("csrf_token"),
        "html_language": getattr(request, "html_language", "zh-Hans"),
        "theme": getattr(request, "theme", "auto"),
        "shortcuts": getattr(request, "shortcuts", True),
        "here": request.get_full_path() if request else "/",
        "themes": [("auto", gettext("System")), ("light", gettext("Light")), ("dark", gettext("Dark"))],
        "short": short,
    }


@register.simple_block_tag
def alert(content: str, tone: str = "warn", title: object = "") -> str:
    """Something to know before going on; tone is ok, warn, bad or info."""
    return render_to_string(
        "design/parts/alert.html",
        {"content": content, "tone": tone, "title": title, "icon": _TONE_ICONS[tone]},
    )


@register.simple_block_tag
def page_header(content: str, title: object, lead: object = "") -> str:
    """The one h1 of a page, a line under it, and its actions at the right."""
    return render_to_string("design/parts/page_header.html", {"content": content, "title": title, "lead": lead})


@register.simple_block_tag
def dialog(content: str, id: str, title: object) -> str:  # noqa: A002 - the attribute's own name
    """A native dialog, opened by any control with ``data-dialog="ID"``; actions go inside as buttons."""
    return render_to_string("design/parts/dialog.html", {"content": content, "id": id, "title": title, "css": ""})


@register.simple_block_tag
def drawer(content: str, id: str, title: object) -> str:  # noqa: A002 - the attribute's own name
    """A dialog at the right edge, for details beside a list."""
    return render_to_string("design/parts/dialog.html", {"content": content, "id": id, "title": title, "css": "drawer"})


@register.simple_block_tag
def batch_bar(content: str, unit: object = "") -> str:
    """What can be done with the selected rows; must stand in the same form as the table."""
    return render_to_string("design/parts/batch_bar.html", {"content": content, "unit": unit})


def _standing(context: template.Context) -> str:
    """Where a page stands in the menu: ``nav_path`` of the context where its address does not say it."""
    return str(context.get("nav_path") or _path(context))


def _path(context: template.Context) -> str:
    request = context.get("request")
    return request.path if request else ""
