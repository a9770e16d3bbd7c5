"""The data set of catalogue items: contests, certificates and whatever else a school knows by name."""

from __future__ import annotations

from creditbank.domain.masterdata import codes
from creditbank.domain.masterdata.declaration import Check, CheckKind, DataSet, Kind
from creditbank.domain.masterdata.fields import NAME_EN, RETIRED, choice, field, reference, text
from creditbank.domain.values import Text

CATALOGUE = DataSet(
    "catalogue",
    Text("学习成果名录", "Outcome catalogue"),
    Text("学校认可的竞赛、证书、考试、课程等；每一条须另一人审核并公示后生效。",
         "The contests, certificates, examinations and courses a school knows; each takes effect once somebody else "
         "has approved it and it has been published for objections."),
    ("code",),
    (
        field("code", "成果代码", "Item code", Kind.CODE, "名录代码 编号 竞赛编号 竞赛代码 证书代码 成果编号",
              required=True, examples=("contest-modelling", "cert-python-2")),
        text("name", "成果名称", "Name of item",
             "名称 竞赛名称 赛事名称 证书名称 考试名称 课程名称 项目名称 刊物名称",
             expected=True, examples=("大学生数学建模竞赛", "程序设计等级证书（二级）")),
        text(*NAME_EN, "成果英文名称 竞赛英文名称", examples=("Mathematical Modelling Contest", "")),
        text("aliases", "别名", "Also called", "其他名称 简称 又称 曾用名", long=True,
             examples=("数模竞赛；数学建模比赛", "")),
        reference("type", "成果类型", "Outcome type", "outcome_types", "成果类型代码 类型代码", expected=True,
                  examples=("innovation", "innovation")),
        choice("kind", "成果种类", "Kind of item", codes.ITEM_KIND, "种类 类别 成果类别", expected=True,
               examples=("竞赛", "证书")),
        choice("tier", "级别", "Tier", codes.ITEM_TIER, "竞赛级别 赛事级别 等级 竞赛等级 赛事等级 竞赛类别",
               examples=("国家级A类", "")),
        field("association", "学会、协会主办", "Run by an association", Kind.YES_NO,
              "协会主办 学会主办 是否协会主办 是否学会协会主办", examples=("否", "")),
        field("ranking_only", "仅排名", "Ranking only", Kind.YES_NO, "只排名次 仅有排名 是否仅排名",
              examples=("否", "")),
        text("issuer", "颁发或主办单位", "Issuer", "主办单位 颁发单位 发证机构 颁证单位 出版单位 主办方",
             expected=True, examples=("示例数学会", "示例软件考试中心")),
        reference("provider", "资源机构", "Provider", "providers", "资源机构编号 机构编号 培训评价组织",
                  examples=("", "")),
        text("facts", "固定内容", "Fixed facts", "已定内容 固定事实 固定值", long=True,
             examples=("kind=contest；tier=national", "")),
        field("starts_on", "生效日期", "Valid from", Kind.DATE, "有效期起 起始日期", examples=("2026-01-01", "")),
        field("ends_on", "失效日期", "Valid until", Kind.DATE, "有效期止 截止日期 有效期至", examples=("", "")),
        text("document", "文号或依据", "Document", "文号 依据 来源", examples=("教〔2026〕3号", "")),
        RETIRED,
    ),
    (Check(CheckKind.ORDER, ("starts_on", "ends_on")),),
)  # fmt: skip
