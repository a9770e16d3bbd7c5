"""Invented data for the component page and its example screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import get_language

from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.values import Amount, Text
from creditbank.web.design.charts import Segment
from creditbank.web.design.forms import Choices, CreditField, DateField, DesignForm, FileDrop, Ticks
from creditbank.web.design.navigation import Group, Place
from creditbank.web.design.tables import Column, Filter, read_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMPONENTS, _PASSBOOK, _QUEUE, _VERIFICATION = (
    "/design/",
    "/design/passbook/",
    "/design/queue/",
    "/design/verification/",
)


def _said(zh: str, en: str) -> str:
    return Text(zh, en).said_in(get_language() or "zh-hans")


class SampleForm(DesignForm):
    """One field of each kind."""

    def __init__(self, *values: Any, **options: Any) -> None:
        super().__init__(*values, **options)
        self.fields["title"] = forms.CharField(
            label=_said("学习成果名称", "Name of the outcome"),
            help_text=_said("按证书上的写法填写", "As it is written on the certificate"),
        )
        self.fields["credit"] = CreditField(label=_said("申请学分", "Credit asked for"), least=50, most=2000)
        self.fields["on"] = DateField(label=_said("取得日期", "Date of award"))
        self.fields["source"] = forms.ChoiceField(
            label=_said("来源", "Source"),
            choices=[
                ("", "—"),
                ("ou", _said("开放大学", "Open university")),
                ("x", _said("培训机构", "Training company")),
            ],
        )
        self.fields["kind"] = forms.ChoiceField(
            label=_said("成果类型", "Kind of outcome"),
            widget=Choices,
            choices=[("c", _said("证书", "Certificate")), ("k", _said("课程", "Course"))],
        )
        self.fields["shared"] = forms.MultipleChoiceField(
            label=_said("可见范围", "Who may see it"),
            widget=Ticks,
            required=False,
            choices=[("a", _said("辅导员", "Adviser")), ("e", _said("用人单位", "Employers"))],
        )
        self.fields["evidence"] = forms.FileField(label=_said("佐证材料", "Evidence"), widget=FileDrop, required=False)
        self.fields["true"] = forms.BooleanField(label=_said("以上内容属实", "What I have entered is true"))


def reasons() -> tuple[Line, ...]:
    """A tree with every verdict; its sentences are texts, so that no rule module is needed."""

    def line(verdict: Verdict, zh: str, en: str, *lines: Line, clause: Text | None = None) -> Line:
        return Line(_said(zh, en), verdict, {"amount": Amount(600)}, clause, lines)

    return (
        line(
            Verdict.YES,
            "列入成果名录“1+X 证书 2026”",
            "Listed in the catalogue “1+X certificates 2026”",
            line(Verdict.YES, "证书等级：中级", "Level of the certificate: intermediate"),
            line(Verdict.YES, "取得日期 2026-06-15，在有效期内", "Awarded on 2026-06-15, within its validity"),
            clause=Text("中级证书每项认定 4.0 学分。", "An intermediate certificate counts 4.0 credits."),
        ),
        line(Verdict.ASK, "两条规则同时符合，须人工判断", "Two rules match, so a person decides"),
        line(Verdict.NO, "缺少企业鉴定表", "The employer's statement is missing"),
        line(
            Verdict.NOTE,
            "证书类认定上限 8.0，本项后为 {amount}",
            "Certificates are capped at 8.0; {amount} after this one",
        ),
    )


def components(query: Any) -> dict[str, Any]:
    """Everything the component page shows."""
    columns, rows = queue()
    filters = (
        Filter("q", _said("姓名、学号或成果", "Name, number or outcome")),
        Filter(
            "status",
            _said("状态", "Status"),
            (("ok", _said("规则一致", "Rules agree")), ("bad", _said("材料不全", "Incomplete"))),
        ),
    )
    return {
        "nav": _public_places(),
        "reasons": reasons(),
        "figures": _figures(),
        "segments": (
            Segment(412, _said("不变", "unchanged"), "line"),
            Segment(9, _said("增加", "more")),
            Segment(3, _said("减少", "less"), "bad"),
            Segment(2, _said("冲突", "conflicts"), "warn"),
        ),
        "values": (3, 5, 4, 8, 13, 9, 11),
        "ring_places": _rings(),
        "columns": columns,
        "rows": rows,
        "state": read_state(query, columns=columns, filters=filters, sort="learner"),
        "filters": filters,
        "total": 142,
        "form": SampleForm(),
        "wrong_form": SampleForm({"credit": "40", "on": "2026-02-30"}, auto_id="wrong_%s"),
        "steps": [
            _said("成果", "Outcome"),
            _said("材料", "Evidence"),
            _said("试算", "Proposal"),
            _said("核对", "Check"),
        ],
        "tabs": [
            Place(_said("组件", "Components"), _COMPONENTS),
            Place(_said("存折", "Passbook"), _PASSBOOK),
            Place(_said("审核", "Queue"), _QUEUE),
            Place(_said("验证", "Verification"), _VERIFICATION),
        ],
        "answers": [
            {
                "label": _said("成果", "Outcome"),
                "value": _said("Python 程序设计", "Programming in Python"),
                "change": "#fields",
            },
            {"label": _said("取得日期", "Date of award"), "value": "2026-11-02", "change": "#fields"},
            {"label": _said("受理编号", "Case number"), "value": "R-2026-000042"},
        ],
        "tasks": [
            {
                "label": _said("毕业学分", "Credits for graduation"),
                "url": "#tasks",
                "tone": "ok",
                "status": _said("已达到", "Met"),
            },
            {
                "label": _said("公共选修", "General electives"),
                "url": "#tasks",
                "tone": "warn",
                "status": _said("还差 4.0", "4.0 missing"),
                "hint": _said("可用 2 项成果补足", "Two outcomes could fill it"),
            },
            {
                "label": _said("毕业设计", "Final project"),
                "url": "#tasks",
                "tone": "bad",
                "status": _said("未提交", "Not handed in"),
            },
        ],
        "events": [
            {
                "at": "2026-11-18 10:32",
                "title": _said("认定生效，已存入", "Recognised and deposited"),
                "amount": 300,
                "tone": "ok",
                "detail": _said("编号 18204", "number 18204"),
            },
            {
                "at": "2026-11-15 09:10",
                "title": _said("补充材料已收到", "Supplement received"),
                "tone": "info",
            },
            {
                "at": "2026-11-14 16:45",
                "title": _said("退回补充材料", "Supplement requested"),
                "tone": "warn",
                "detail": _said("请上传证书背面", "Please upload the back of the certificate"),
            },
        ],
        "lines": ledger(),
    }


def _figures() -> list[tuple[str, int]]:
    return [
        (_said("累计认定", "Recognised"), 9850),
        (_said("已置换", "Converted"), 1200),
        (_said("审核中", "Under review"), 300),
    ]


def _rings() -> list[dict[str, Any]]:
    return [
        {"label": _said("必修", "Core"), "part": 4600, "whole": 5000, "tone": "ok"},
        {"label": _said("专选", "Major"), "part": 1800, "whole": 2400, "tone": "ok"},
        {"label": _said("公选", "General"), "part": 200, "whole": 600, "tone": "warn"},
        {"label": _said("实践", "Practice"), "part": 1400, "whole": 2200, "tone": "ok"},
    ]


def ledger() -> list[dict[str, Any]]:
    """Three lines of a passbook."""
    return [
        {
            "on": "11-18",
            "title": _said("Python 程序设计", "Programming in Python"),
            "detail": _said("开放大学 · 认定存入", "Open university · deposit"),
            "amount": 300,
            "url": "#lines",
        },
        {
            "on": "11-02",
            "title": _said("网页设计", "Web design"),
            "detail": _said("置换自 1+X Web 前端（中级）", "converted from 1+X Web front end"),
            "amount": -400,
        },
        {
            "on": "10-21",
            "title": _said("英语四级（重复认定）", "English test (recognised twice)"),
            "detail": _said("冲正 · 原条目 1042", "reversal · entry 1042"),
            "amount": -225,
        },
    ]


def queue() -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    """Columns and rows of a review queue."""
    columns = (
        Column("learner", _said("学习者", "Learner"), sortable=True, second="number"),
        Column("outcome", _said("学习成果", "Outcome"), link="url"),
        Column("source", _said("来源", "Source")),
        Column("credit", _said("建议", "Proposed"), kind="credit", sortable=True),
        Column("status", _said("状态", "Status"), kind="tag"),
    )
    agree = ("ok", _said("规则一致", "Rules agree"))
    plain = [
        (
            _said("林晓", "Lin Xiao"),
            "2023040117",
            _said("1+X Web 前端（中级）", "1+X Web front end"),
            _said("考核中心", "Test centre"),
            400,
            agree,
        ),
        (
            _said("周立", "Zhou Li"),
            "2023040122",
            _said("Python 程序设计", "Programming in Python"),
            _said("开放大学", "Open university"),
            300,
            agree,
        ),
        (
            _said("陈晨", "Chen Chen"),
            "2022040308",
            _said("英语六级 512 分", "English test, 512"),
            _said("考试中心", "Examination centre"),
            425,
            agree,
        ),
        (
            _said("王宇", "Wang Yu"),
            "2023040130",
            _said("省级技能大赛二等奖", "Second prize, skills contest"),
            _said("省教育厅", "Education office"),
            250,
            ("warn", _said("两条规则", "Two rules")),
        ),
        (
            _said("赵敏", "Zhao Min"),
            "2021040211",
            _said("企业实习 320 小时", "Internship, 320 hours"),
            _said("示范科技公司", "Sample Ltd"),
            600,
            ("bad", _said("缺鉴定表", "Statement missing")),
        ),
    ]
    names = ("learner", "number", "outcome", "source", "credit", "status")
    rows = [{**dict(zip(names, row, strict=True)), "id": f"case-{at}", "url": "#case"} for at, row in enumerate(plain)]
    return columns, rows


def _public_places() -> list[Place]:
    return [
        Place(_said("首页", "Home"), "/", "home"),
        Place(_said("组件", "Components"), _COMPONENTS, "squares-2x2"),
        Place(_said("验证", "Verify"), _VERIFICATION, "shield-check"),
    ]


def passbook_screen(query: Any) -> dict[str, Any]:  # noqa: ARG001 - all screens are called alike
    """The learner's home."""
    return {
        "nav": [
            Place(_said("存折", "Passbook"), _PASSBOOK, "book-open"),
            Place(_said("进度", "Progress"), "/design/progress/", "chart-pie"),
            Place(_said("存入", "Deposit"), "/design/deposit/", "plus-circle"),
            Place(_said("证书", "Wallet"), "/design/wallet/", "academic-cap"),
            Place(_said("我的", "Me"), "/design/me/", "user"),
        ],
        "nav_counts": {"/design/wallet/": 2},
        "figures": _figures(),
        "ring_places": _rings(),
        "lines": ledger(),
    }


def queue_screen(query: Any) -> dict[str, Any]:
    """The office's review queue with a case beside it."""
    columns, rows = queue()
    today = (
        Place(_said("工作台", "Today"), "/design/today/", "home", "h"),
        Place(_said("认定审核", "Recognition"), _QUEUE, "clipboard-document-check", "q"),
        Place(_said("置换审核", "Conversion"), "/design/conversion/", "arrows-right-left", "c"),
        Place(_said("预警名单", "Warnings"), "/design/warnings/", "bell-alert", "w"),
    )
    rules = (
        Place(_said("成果名录", "Outcomes"), "/design/outcomes/", "rectangle-stack"),
        Place(_said("认定规则", "Rules"), "/design/rules/", "scale"),
        Place(_said("培养方案", "Programmes"), "/design/programmes/", "academic-cap"),
    )
    return {
        "nav": [Group(_said("今日", "Today"), today), Group(_said("规则", "Rules"), rules)],
        "nav_counts": {_QUEUE: 42, "/design/conversion/": 9, "/design/warnings/": 17},
        "institution_name": _said("示范职业学院", "Sample Vocational College"),
        "columns": columns,
        "rows": rows,
        "state": read_state(query, columns=columns, sort="learner"),
        "reasons": reasons(),
    }


def verification_screen(query: Any) -> dict[str, Any]:  # noqa: ARG001 - all screens are called alike
    """The public answer about one credential."""
    sentences = (
        _said("签名由该校密钥作出，内容未改动", "Signed with the college's key, and unchanged"),
        _said("未被撤销或暂停", "Neither revoked nor suspended"),
        _said("已存证，编号 18204", "In the public log, number 18204"),
    )
    return {
        "nav": _public_places(),
        "reasons": tuple(Line(sentence, Verdict.YES) for sentence in sentences),
        "answers": [
            {"label": _said("颁发", "Issuer"), "value": _said("示范职业学院", "Sample Vocational College")},
            {
                "label": _said("持有", "Holder"),
                "value": _said("林*（本人授权后可见全名）", "L* (full name when the holder allows it)"),
            },
        ],
    }


SCREENS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "passbook": passbook_screen,
    "queue": queue_screen,
    "verification": verification_screen,
}
"""The example screens by their address."""
