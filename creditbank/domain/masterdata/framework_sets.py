"""The data sets of qualification frameworks: levels, crosswalks, credit units, certification units."""

from __future__ import annotations

from creditbank.domain.masterdata import codes
from creditbank.domain.masterdata.declaration import DataSet, Field, Kind
from creditbank.domain.masterdata.fields import NAME_EN, RETIRED, choice, field, text
from creditbank.domain.values import Text

_PUBLISHED = ("published", "是否公开", "Published", Kind.YES_NO, "公开 是否发布 发布")


def _code(name: str, zh: str, en: str, aliases: str = "", **more: object) -> Field:
    return field(name, zh, en, Kind.CODE, aliases, **more)


def _dimensions(zh: tuple[str, str], en: tuple[str, str], *, of: str) -> tuple[Field, ...]:
    """Knowledge, skill and competence, each in both languages, with examples for the first."""
    return (
        text("knowledge", "知识", "Knowledge", f"知识要求 知识描述 {of}知识", long=True, examples=zh),
        text("knowledge_en", "知识（英文）", "Knowledge in English", "知识英文", long=True, examples=en),
        text("skill", "技能", "Skills", f"技能要求 技能描述 {of}技能", long=True),
        text("skill_en", "技能（英文）", "Skills in English", "技能英文", long=True),
        text("competence", "能力", "Competence", f"能力要求 能力描述 责任与自主 {of}能力", long=True),
        text("competence_en", "能力（英文）", "Competence in English", "能力英文", long=True),
    )


FRAMEWORKS = DataSet(
    "frameworks",
    Text("资历框架", "Qualification frameworks"),
    Text("资历框架（学习成果框架）及其版本；标为公开的在门户上展示，可以并列对照。",
         "Qualification frameworks with their editions; those marked so are published and compared side by side."),
    ("code",),
    (
        _code("code", "框架代码", "Framework code", "资历框架代码 框架编号", required=True, examples=("nqf-10", "eqf")),
        text("name", "框架名称", "Name of framework", "资历框架 资历框架名称 名称", expected=True,
             examples=("十级学习成果框架", "欧洲资历框架")),
        text(*NAME_EN, "框架英文名称", examples=("Ten-level framework", "European Qualifications Framework")),
        text("edition", "版本", "Edition", "框架版本 版次 年份", expected=True, examples=("2026", "2017")),
        text("source", "来源", "Source", "来源说明 依据 出处", expected=True, long=True,
             examples=("本校拟定", "公开资料整理")),
        text("source_en", "来源（英文）", "Source in English", "来源英文", long=True),
        _code("unit", "学分单位代码", "Credit unit", "学分单位 学分制", examples=("", "ects")),
        field(*_PUBLISHED, expected=True, examples=("是", "是")),
        RETIRED,
    ),
)  # fmt: skip

FRAMEWORK_LEVELS = DataSet(
    "framework_levels",
    Text("框架等级", "Framework levels"),
    Text("每个资历框架的等级，以及各等级在知识、技能、能力三方面的描述。",
         "The levels of each framework, with what they ask for in knowledge, skills and competence."),
    ("framework", "level"),
    (
        _code("framework", "框架代码", "Framework code", "资历框架 资历框架代码 框架", required=True,
              examples=("nqf-10", "nqf-10")),
        _code("level", "等级代码", "Level code", "等级 级别 资历等级", required=True, examples=("5", "6")),
        text("name", "等级名称", "Name of level", "级别名称 名称", expected=True, examples=("五级", "六级")),
        text(*NAME_EN, "等级英文名称", examples=("Level 5", "Level 6")),
        field("ordinal", "序位", "Place in order", Kind.AMOUNT, "排序 顺序 级序", expected=True, most=100_000,
              examples=("5", "6")),
        *_dimensions(("掌握专业基础理论。", ""), ("Knows the theory of the field.", ""), of="等级"),
        text("hours", "学习量说明", "Remark on hours", "学时说明 学习量", examples=("", "")),
        text("hours_en", "学习量说明（英文）", "Remark on hours in English", "学时说明英文"),
        RETIRED,
    ),
)  # fmt: skip

CROSSWALKS = DataSet(
    "crosswalks",
    Text("等级对照", "Crosswalks"),
    Text("一个框架的等级与另一个框架的等级如何对应、把握多大、依据是什么；可以多对多。",
         "How levels of one framework correspond to levels of another, how sure that is, and by what source."),
    ("crosswalk", "from_framework", "from_level", "to_framework", "to_level"),
    (
        _code("crosswalk", "对照表代码", "Crosswalk code", "对照表 对照代码", required=True,
              examples=("nqf-10-eqf", "nqf-10-eqf")),
        _code("from_framework", "原框架代码", "From framework", "源框架 原框架 源框架代码", required=True,
              examples=("nqf-10", "nqf-10")),
        _code("from_level", "原等级代码", "From level", "源等级 原等级 源等级代码", required=True, examples=("5", "6")),
        _code("to_framework", "目标框架代码", "To framework", "对应框架 目标框架 对应框架代码", required=True,
              examples=("eqf", "eqf")),
        _code("to_level", "目标等级代码", "To level", "对应等级 目标等级 对应等级代码", required=True,
              examples=("4", "5")),
        choice("match", "对应关系", "Relation", codes.LEVEL_MATCH, "关系 对应方式 对应类型", required=True,
               examples=("对等", "相关")),
        field("confidence", "把握程度（%）", "Confidence (%)", Kind.INTEGER, "把握 置信度 可信度 把握程度",
              least=0, most=100, units=("%", "％"), examples=("80", "50")),
        text("note", "说明", "Remark", "备注 对照说明", long=True),
        text("source", "来源", "Source", "来源说明 依据 出处", expected=True, long=True,
             examples=("本校对照", "本校对照")),
        text("source_en", "来源（英文）", "Source in English", "来源英文", long=True),
        field(*_PUBLISHED, expected=True, examples=("是", "是")),
        RETIRED,
    ),
    label="from_level",
)  # fmt: skip

CREDIT_UNITS = DataSet(
    "credit_units",
    Text("学分单位", "Credit units"),
    Text("各种学分制：一个学分合多少学时、一学年多少学分。",
         "Systems of credit: the hours of one credit, and the credits of a full year."),
    ("code",),
    (
        _code("code", "学分单位代码", "Unit code", "单位代码 学分制代码", required=True, examples=("ects", "cats")),
        text("name", "学分单位名称", "Name of unit", "学分单位 学分制 名称", expected=True,
             examples=("欧洲学分", "英国学分")),
        text(*NAME_EN, "学分单位英文名称", examples=("ECTS credit", "CATS credit")),
        field("hours_least", "每学分学时（下限）", "Hours per credit, at least", Kind.AMOUNT,
              "每学分学时 学时下限 最少学时",
              most=100_000, units=("学时", "小时"), examples=("25", "10")),
        field("hours_most", "每学分学时（上限）", "Hours per credit, at most", Kind.AMOUNT, "学时上限 最多学时",
              most=100_000, units=("学时", "小时"), examples=("30", "10")),
        field("full_year", "全年学分", "Credits of a full year", Kind.AMOUNT, "学年学分 全日制学年学分", most=1_000_000,
              units=("学分",), examples=("60", "120")),
        text("source", "来源", "Source", "来源说明 依据 出处", expected=True, long=True, examples=("公开资料整理", "")),
        text("source_en", "来源（英文）", "Source in English", "来源英文", long=True),
        RETIRED,
    ),
)  # fmt: skip

CREDIT_RATIOS = DataSet(
    "credit_ratios",
    Text("学分折算比", "Credit ratios"),
    Text("公布过的两种学分之间的折算比，按分数精确计算。",
         "Published ratios between two credit units, computed exactly as fractions."),
    ("from_unit", "to_unit"),
    (
        _code("from_unit", "原学分单位", "From unit", "源学分单位 源单位 原单位", required=True,
              examples=("ects", "ects")),
        _code("to_unit", "目标学分单位", "To unit", "目标单位 对应学分单位", required=True,
              examples=("cats", "us-sch")),
        field("from_amount", "原学分数", "Credits of the first", Kind.AMOUNT, "源学分数 原数量", expected=True, least=1,
              most=1_000_000, examples=("1", "1")),
        field("to_amount", "目标学分数", "Credits of the second", Kind.AMOUNT, "对应学分数 目标数量", expected=True,
              least=1, most=1_000_000, examples=("2", "0.5")),
        text("source", "来源", "Source", "来源说明 依据 出处", expected=True, long=True, examples=("公开资料整理", "")),
        text("source_en", "来源（英文）", "Source in English", "来源英文", long=True),
        RETIRED,
    ),
    label="from_unit",
)  # fmt: skip

CERTIFICATION_UNITS = DataSet(
    "certification_units",
    Text("认证单元", "Certification units"),
    Text("成果与课程之间的换算单位：等级、学习量、学习成果和考核方式。",
         "What outcomes and courses are compared by: level, amount of learning, learning outcomes, assessment."),
    ("code",),
    (
        _code("code", "认证单元代码", "Unit code", "单元代码 认证单元编号 单元编号", required=True,
              examples=("U-WEB-1", "U-WEB-2")),
        text("name", "认证单元名称", "Name of unit", "认证单元 单元名称 名称", expected=True,
             examples=("网页结构与样式", "交互与可访问性")),
        text(*NAME_EN, "认证单元英文名称", examples=("Structure and style of pages", "Interaction and accessibility")),
        _code("framework", "框架代码", "Framework code", "资历框架 资历框架代码 框架", expected=True,
              examples=("nqf-10", "nqf-10")),
        _code("level", "等级代码", "Level code", "等级 级别 资历等级", expected=True, examples=("5", "5")),
        field("credit", "学分", "Credit", Kind.AMOUNT, "单元学分 学分数", expected=True, most=10_000,
              units=("学分", "分"), examples=("2", "1.5")),
        _code("unit", "学分单位代码", "Credit unit", "学分单位 学分制", expected=True,
              examples=("cn-course", "cn-course")),
        field("hours", "学习量（学时）", "Notional hours", Kind.AMOUNT, "学习量 名义学时 学时", most=1_000_000,
              units=("学时", "小时"), examples=("32", "24")),
        *_dimensions(("理解网页的结构与样式。", ""), ("Understands structure and style.", ""), of="单元"),
        text("assessment", "考核方式", "Assessment", "考核 考核形式 评价方式", long=True, examples=("作品与答辩", "")),
        text("assessment_en", "考核方式（英文）", "Assessment in English", "考核英文", long=True),
        choice("discipline", "学科领域", "Field of education", codes.DISCIPLINE, "学科 领域 专业领域",
               examples=("信息通信技术", "")),
        choice("occupation", "职业大类", "Occupation", codes.OCCUPATION, "职业 职业类别", examples=("", "")),
        field(*_PUBLISHED, expected=True, examples=("是", "是")),
        RETIRED,
    ),
)  # fmt: skip

UNIT_CARRIERS = DataSet(
    "unit_carriers",
    Text("认证单元载体", "Carriers of units"),
    Text("哪些成果、课程、证书承载哪些认证单元，各占多大份额。",
         "Which outcomes, courses and certificates carry which certification units, and what share of each."),
    ("unit", "kind", "carrier"),
    (
        _code("unit", "认证单元代码", "Unit code", "认证单元 单元代码", required=True, examples=("U-WEB-1", "U-WEB-1")),
        choice("kind", "载体类型", "Kind of carrier", codes.CARRIER_KIND, "类型 载体种类", required=True,
               examples=("课程", "证书")),
        _code("carrier", "载体代码", "Carrier code", "成果代码 课程代码 证书代码 载体编号", required=True,
              examples=("SW1001", "X-WEB")),
        text("name", "载体名称", "Name of carrier", "成果名称 课程名称 证书名称 名称",
             examples=("网页设计", "网页开发证书")),
        text(*NAME_EN, "载体英文名称", examples=("Web design", "Web developer certificate")),
        field("share", "份额（%）", "Share (%)", Kind.AMOUNT, "份额 占比 比例", least=1, most=10_000, units=("%", "％"),
              examples=("100", "50")),
        RETIRED,
    ),
    label="carrier",
)  # fmt: skip

FRAMEWORK_SETS: tuple[DataSet, ...] = (
    FRAMEWORKS, FRAMEWORK_LEVELS, CROSSWALKS, CREDIT_UNITS, CREDIT_RATIOS, CERTIFICATION_UNITS, UNIT_CARRIERS,
)  # fmt: skip
"""The data sets of frameworks, in the order in which an office fills them."""
