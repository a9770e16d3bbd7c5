"""The data sets of a school: calendar, units, people, courses, changes, education resources."""

from __future__ import annotations

from creditbank.domain.masterdata import codes
from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
from creditbank.domain.masterdata.declaration import Check, CheckKind, DataSet, Field, Kind
from creditbank.domain.masterdata.fields import NAME_EN as _NAME_EN
from creditbank.domain.masterdata.fields import RETIRED as _RETIRED
from creditbank.domain.masterdata.fields import choice as _choice
from creditbank.domain.masterdata.fields import field as _field
from creditbank.domain.masterdata.fields import reference as _of
from creditbank.domain.masterdata.fields import text as _text
from creditbank.domain.masterdata.framework_sets import FRAMEWORK_SETS
from creditbank.domain.masterdata.resource_sets import OFFERINGS, PROVIDERS, RESOURCES
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "masterdata.figure_missing": "{set} without {field}",
    "masterdata.figure_unknown": "{set} whose {field} is not in the data",
    "masterdata.figure_order": "{set} whose {field} comes after {other}",
    "masterdata.figure_twice": "{set} that share one {field}",
    "masterdata.figure_contested": "{set} of which two sources of one day say different things",
    "masterdata.figure_unplaced": "{set} whose {field} is no institution of this bank",
}
"""What the figures of the source register are called, by kind."""


_LOCKED = _field("locked", "下级锁定", "Locked for schools below", Kind.YES_NO, "锁定 是否锁定 下级不可修改")

YEARS = DataSet(
    "years",
    Text("学年", "Academic years"),
    Text("每学年的起止日期。", "The first and last day of each academic year."),
    ("code",),
    (
        _field("code", "学年", "Academic year", Kind.CODE, "学年代码 学年度", required=True,
               examples=("2026-2027", "2027-2028")),
        _field("starts_on", "开始日期", "First day", Kind.DATE, "起始日期 学年开始日期 开始时间", expected=True,
               examples=("2026-09-01", "2027-09-01")),
        _field("ends_on", "结束日期", "Last day", Kind.DATE, "终止日期 学年结束日期 结束时间", expected=True,
               examples=("2027-08-31", "2028-08-31")),
        _RETIRED,
    ),
    (Check(CheckKind.ORDER, ("starts_on", "ends_on")),),
    label="code",
)  # fmt: skip

TERMS = DataSet(
    "terms",
    Text("校历", "Calendar of terms"),
    Text("每学期的起止日期、教学周数、补考与成果申报日期。",
         "First and last day of each term, its weeks, its resit days and its claim window."),
    ("code",),
    (
        _field("code", "学期代码", "Term code", Kind.CODE, "学年学期 学期编号 学期代号 学年学期代码", required=True,
               examples=("2026-2027-1", "2026-2027-2")),
        _of("year", "学年", "Academic year", "years", "所属学年 学年代码", expected=True,
            examples=("2026-2027", "2026-2027")),
        _text("name", "学期名称", "Name of term", "学期 名称", expected=True, examples=("秋季学期", "春季学期")),
        _text(*_NAME_EN, "学期英文名称", examples=("Autumn", "Spring")),
        _field("starts_on", "开始日期", "First day", Kind.DATE, "开学日期 学期开始日期 起始日期 开始时间",
               expected=True,
               examples=("2026-09-01", "2027-02-22")),
        _field("ends_on", "结束日期", "Last day", Kind.DATE, "学期结束日期 放假日期 终止日期 结束时间", expected=True,
               examples=("2027-01-24", "2027-07-11")),
        _field("weeks", "教学周数", "Teaching weeks", Kind.INTEGER, "周数 总周数", expected=True, least=1, most=60,
               units=("周",), examples=("20", "20")),
        _field("resits_from", "补考开始日期", "Resits from", Kind.DATE, "补考开始 补考起始日期 补考日期",
               examples=("2027-02-27", "2027-08-28")),
        _field("resits_until", "补考结束日期", "Resits until", Kind.DATE, "补考结束 补考截止日期",
               examples=("2027-02-28", "2027-08-29")),
        _field("claims_from", "成果申报开始日期", "Claims from", Kind.DATE, "申报开始日期 申报开始 认定申请开始日期",
               examples=("2026-10-08", "2027-03-08")),
        _field("claims_until", "成果申报结束日期", "Claims until", Kind.DATE, "申报结束日期 申报截止日期 申报截止",
               examples=("2026-12-31", "2027-06-30")),
        _RETIRED,
    ),
    (
        Check(CheckKind.ORDER, ("starts_on", "ends_on")),
        Check(CheckKind.ORDER, ("resits_from", "resits_until")),
        Check(CheckKind.ORDER, ("claims_from", "claims_until")),
    ),
)  # fmt: skip

COLLEGES = DataSet(
    "colleges",
    Text("院系", "Colleges and departments"),
    Text("教学院系和职能部门。", "The units that teach and the units that administer."),
    ("code",),
    (
        _field("code", "院系代码", "Unit code", Kind.CODE, "学院代码 部门代码 单位代码 院系编号 单位号 系部代码",
               required=True, examples=("sw", "gd")),
        _text("name", "院系名称", "Name of unit", "学院名称 部门名称 单位名称 院系 学院 系部 名称 开课单位",
              expected=True,
              examples=("软件学院", "教务处")),
        _text(*_NAME_EN, "院系英文名称 学院英文名称", examples=("School of Software", "Academic Affairs")),
        _choice("kind", "单位类型", "Kind of unit", codes.UNIT_KIND, "类型 单位类别 院系类别", expected=True,
                examples=("学院", "部门")),
        _of("parent", "上级单位代码", "Unit above", "colleges", "上级单位 隶属单位号 上级部门 上级院系代码"),
        _text("contact", "联系方式", "Contact", "联系电话 电话", examples=("0571-00000000", "")),
        _RETIRED,
    ),
)  # fmt: skip

MAJORS = DataSet(
    "majors",
    Text("专业", "Majors"),
    Text("学校开设的专业，以校内专业代码为准。", "The majors of the school, by the school's own code."),
    ("code",),
    (
        _field("code", "专业代码", "Major code", Kind.CODE, "校内专业代码 专业编号 专业号 专业内部代码", required=True,
               examples=("5102", "5301")),
        _text("name", "专业名称", "Name of major", "专业 校内专业名称 名称",
              expected=True, examples=("软件技术", "会计")),
        _text(*_NAME_EN, "专业英文名称", examples=("Software Technology", "Accounting")),
        _of("college", "所属院系", "College", "colleges", "院系代码 学院代码 所属学院 学院 院系 开设院系 所属院系代码",
            expected=True, examples=("sw", "sw")),
        _choice("level", "培养层次", "Level of education", codes.EDUCATION_LEVEL, "层次 学历层次 办学层次",
                expected=True, examples=("专科", "专科")),
        _field("length", "学制", "Years of schooling", Kind.AMOUNT, "学制(年) 修业年限 学制年限", expected=True,
               least=50, most=1000, units=("年",), examples=("3", "3")),
        _field("national_code", "国标专业代码", "National major code", Kind.CODE,
               "国家专业代码 专业国标代码 教育部专业代码 目录专业代码", examples=("510203", "530302")),
        _text("discipline", "学科门类", "Discipline", "专业大类 学科门类(大类) 门类", examples=("电子与信息大类", "")),
        _RETIRED,
    ),
)  # fmt: skip

CLASSES = DataSet(
    "classes",
    Text("班级", "Classes"),
    Text("行政班级。", "The classes that students belong to."),
    ("code",),
    (
        _field("code", "班级代码", "Class code", Kind.CODE, "班级编号 班号 班级号 行政班代码", required=True,
               examples=("SW2601", "SW2602")),
        _text("name", "班级名称", "Name of class", "班级 行政班 名称 行政班名称", expected=True,
              examples=("软件2601班", "软件2602班")),
        _of("major", "所属专业", "Major", "majors", "专业代码 专业 所属专业代码 专业名称", expected=True,
            examples=("5102", "5102")),
        _of("college", "所属院系", "College", "colleges", "院系代码 学院代码 所属学院 学院 院系 所属院系代码",
            examples=("sw", "sw")),
        _field("cohort", "年级", "Cohort", Kind.INTEGER, "入学年级 所在年级 入学年份", expected=True, least=1950,
               most=2100, units=("级",), examples=("2026", "2026")),
        _of("adviser", "辅导员工号", "Adviser", "staff", "辅导员 班主任工号 班主任", expected=True,
            examples=("T0001", "T0001")),
        _text("campus", "校区", "Campus", "所在校区", examples=("主校区", "")),
        _RETIRED,
    ),
)  # fmt: skip

_PERSON_COMMON = (
    _text("name", "姓名", "Name", "学生姓名 教师姓名 教职工姓名 名字", expected=True, personal=True,
          examples=("张三", "李四")),
    _text("name_en", "英文姓名", "Name in English", "姓名拼音 英文名 拼音姓名", personal=True,
          examples=("Zhang San", "Li Si")),
    _choice("sex", "性别", "Sex", codes.SEX, "性别码", personal=True, examples=("男", "女")),
    _choice("id_kind", "证件类型", "Kind of identity document", codes.ID_KIND, "身份证件类型 证件类别", personal=True,
            examples=("居民身份证", "")),
    _field("national_id", "身份证号", "Identity number", Kind.PERSON_ID,
           "身份证号码 身份证件号 公民身份号码 证件号码 身份证 身份证件号码", personal=True,
           examples=("", "")),
)  # fmt: skip

STUDENTS = DataSet(
    "students",
    Text("学生", "Students"),
    Text("学生名册，以学号为准。", "The roster of students, by student number."),
    ("number",),
    (
        _field("number", "学号", "Student number", Kind.CODE, "学生学号 学籍号 学生编号", required=True,
               examples=("2026010101", "2026010102")),
        *_PERSON_COMMON,
        _field("born_on", "出生日期", "Date of birth", Kind.DATE, "生日 出生年月日", personal=True,
               examples=("2008-01-02", "")),
        _of("college", "所属院系", "College", "colleges", "院系代码 学院代码 学院 院系 所在学院 院系名称 学院名称",
            expected=True, examples=("sw", "sw")),
        _of("major", "专业", "Major", "majors", "专业代码 专业名称 所在专业", expected=True, examples=("5102", "5102")),
        _of("class_code", "班级", "Class", "classes", "班级代码 班级名称 行政班 所在班级 班号", expected=True,
            examples=("SW2601", "SW2601")),
        _field("cohort", "年级", "Cohort", Kind.INTEGER, "当前年级 所在年级 入学年级 入学年份", expected=True,
               least=1950, most=2100, units=("级",), examples=("2026", "2026")),
        _choice("level", "培养层次", "Level of education", codes.EDUCATION_LEVEL, "层次 学历层次",
                examples=("专科", "专科")),
        _field("length", "学制", "Years of schooling", Kind.AMOUNT, "学制(年) 修业年限", least=50, most=1000,
               units=("年",), examples=("3", "3")),
        _choice("status", "学籍状态", "Status of enrolment", codes.STUDENT_STATUS,
                "学籍状况 在籍状态 学生状态 学生当前状态",
                expected=True, examples=("在读", "在读")),
        _field("entered_on", "入学日期", "Entered on", Kind.DATE, "入学时间", examples=("2026-09-01", "2026-09-01")),
        _field("leaves_on", "预计毕业日期", "Expected to graduate", Kind.DATE, "预计毕业时间 毕业日期 毕业时间",
               examples=("2029-06-30", "2029-06-30")),
        _field("programme", "培养方案代码", "Programme code", Kind.CODE, "培养方案 方案代码 培养方案编号",
               expected=True,
               examples=("sw-2026", "sw-2026")),
        _text("phone", "手机号", "Telephone", "联系电话 手机号码 电话 手机", personal=True, examples=("", "")),
        _text("email", "邮箱", "E-mail", "电子邮箱 电子邮件", personal=True, examples=("", "")),
        _RETIRED,
    ),
    (Check(CheckKind.TWICE, ("national_id",)), Check(CheckKind.ORDER, ("entered_on", "leaves_on"))),
    personal=True,
)  # fmt: skip

STAFF = DataSet(
    "staff",
    Text("教职工", "Staff"),
    Text("教职工名册，以工号为准。", "The roster of staff, by staff number."),
    ("number",),
    (
        _field("number", "工号", "Staff number", Kind.CODE, "教工号 教职工号 职工号 教师工号 教职工编号", required=True,
               examples=("T0001", "T0002")),
        *_PERSON_COMMON,
        _of("college", "所属院系", "Unit", "colleges",
            "院系代码 部门 所在部门 部门代码 单位 所属部门 学院 院系 部门名称",
            expected=True, examples=("sw", "gd")),
        _text("title", "职称", "Title", "专业技术职务", examples=("讲师", "")),
        _text("position", "职务", "Position", "岗位", examples=("辅导员", "科长")),
        _text("phone", "手机号", "Telephone", "联系电话 手机号码 电话 手机", personal=True, examples=("", "")),
        _text("email", "邮箱", "E-mail", "电子邮箱 电子邮件", personal=True, examples=("", "")),
        _RETIRED,
    ),
    (Check(CheckKind.TWICE, ("national_id",)),),
    personal=True,
)  # fmt: skip

COURSES = DataSet(
    "courses",
    Text("课程库", "Courses"),
    Text("学校的课程库，以课程代码为准。", "The school's courses, by course code."),
    ("code",),
    (
        _field("code", "课程代码", "Course code", Kind.CODE, "课程号 课程编号 课程编码", required=True,
               examples=("SW1001", "SW1002")),
        _text("name", "课程名称", "Name of course", "课程名 课程 课程中文名称 名称", expected=True,
              examples=("程序设计基础", "数据库技术")),
        _text(*_NAME_EN, "课程英文名称 英文课程名", examples=("Fundamentals of Programming", "Databases")),
        _choice("nature", "课程性质", "Nature of course", codes.NATURE, "性质 课程属性 修读性质", expected=True,
                examples=("必修", "选修")),
        _field("credit", "学分", "Credit", Kind.AMOUNT, "课程学分 总学分 学分数", expected=True, most=10_000,
               units=("学分", "分"), examples=("4", "2.5")),
        _field("hours", "学时", "Hours", Kind.INTEGER, "总学时 课程学时 学时数 课时", expected=True, most=5000,
               units=("学时", "课时"), examples=("64", "40")),
        _field("theory_hours", "理论学时", "Hours of theory", Kind.INTEGER, "讲授学时 理论课时 学时理论", most=5000,
               units=("学时",), examples=("32", "20")),
        _field("practice_hours", "实践学时", "Hours of practice", Kind.INTEGER, "实验学时 实训学时 上机学时 学时实践",
               most=5000, units=("学时",), examples=("32", "20")),
        _text("term", "开课学期", "Term", "建议修读学期 修读学期 学期 开设学期", examples=("1", "3")),
        _choice("assessment", "考核方式", "Form of assessment", codes.ASSESSMENT, "考试方式 考核形式 考核类型 考试类型",
                expected=True, examples=("考试", "考查")),
        _text("category", "课程类别", "Category", "类别 课程分类 课程归属 课程模块 课程类型",
              examples=("专业基础课", "专业核心课")),
        _of("college", "开课院系", "College", "colleges", "开课单位 开课学院 承担单位 开课部门 院系代码 开课院系代码",
            expected=True, examples=("sw", "sw")),
        _field("level", "资历等级", "Level", Kind.INTEGER, "等级", least=1, most=20, examples=("5", "5")),
        _text("field", "学科领域", "Field", "领域", examples=("", "")),
        _of("replaced_by", "替代课程代码", "Replaced by", "courses", "替代课程 新课程代码"),
        _LOCKED,
        _RETIRED,
    ),
)  # fmt: skip

OUTCOME_TYPES = DataSet(
    "outcome_types",
    Text("成果类型", "Outcome types"),
    Text("学校受理哪些学习成果、按哪套规则认定、是否需要佐证材料。",
         "Which outcomes the school takes, by which rules they are recognised, and whether a file is needed."),
    ("code",),
    (
        _field("code", "类型代码", "Type code", Kind.CODE, "成果类型代码 类型编号 成果类型编号", required=True,
               examples=("innovation", "language")),
        _text("name", "类型名称", "Name of type", "成果类型 成果类型名称 名称", expected=True,
              examples=("创新实践成果", "外语水平考试")),
        _text(*_NAME_EN, "类型英文名称", examples=("Innovation and practice", "Language tests")),
        _field("rule_set", "认定规则代码", "Rule set", Kind.CODE, "规则代码 规则编号 认定规则 规则", expected=True,
               examples=("cn-innovation", "example-language")),
        _field("evidence", "须附佐证材料", "Needs a file as evidence", Kind.YES_NO,
               "佐证材料 是否需要佐证材料 须附材料", expected=True, examples=("是", "否")),
        _LOCKED,
        _RETIRED,
    ),
)  # fmt: skip

CHANGES = DataSet(
    "changes",
    Text("学籍异动", "Changes of enrolment"),
    Text("转专业、休学、复学、退学等异动，每条都有生效日期；学生的院系、专业、班级和状态据此更新。",
         "Transfers, leave, return, dropping out, each with its day; the student's unit, class and status follow."),
    ("student", "kind", "happened_on"),
    (
        _of("student", "学号", "Student number", "students", "学生学号", required=True,
            examples=("2026010101", "2026010102")),
        _choice("kind", "异动类型", "Kind of change", codes.CHANGE_KIND, "异动类别 变动类型 学籍异动类型 异动名称",
                required=True, examples=("转专业", "休学")),
        _field("happened_on", "异动日期", "Day of change", Kind.DATE, "生效日期 异动时间 变动日期 批准日期",
               required=True,
               examples=("2027-03-01", "2027-03-08")),
        _of("to_college", "转入院系", "To college", "colleges", "异动后院系 异动后学院 转入学院 新学院"),
        _of("to_major", "转入专业", "To major", "majors", "异动后专业 新专业 转入专业代码", examples=("5301", "")),
        _of("to_class", "转入班级", "To class", "classes", "异动后班级 新班级 转入班级代码", examples=("KJ2601", "")),
        _field("to_cohort", "转入年级", "To cohort", Kind.INTEGER, "异动后年级 新年级", least=1950, most=2100,
               units=("级",)),
        _field("to_programme", "新培养方案代码", "To programme", Kind.CODE, "异动后培养方案 转入培养方案"),
        _field("until", "截止日期", "Until", Kind.DATE, "休学截止日期 预计复学日期 结束日期",
               examples=("", "2028-03-08")),
        _text("document", "文号", "Document number", "批准文号 异动文号", examples=("教〔2027〕1号", "教〔2027〕2号")),
        _text("reason", "异动原因", "Reason", "原因 事由", personal=True),
        _RETIRED,
    ),
    (Check(CheckKind.ORDER, ("happened_on", "until")),),
    label="student",
    personal=True,
)  # fmt: skip

CODES = DataSet(
    "codes",
    Text("代码表", "Code table"),
    Text("一张代码表的全部代码。", "All codes of one code table."),
    ("code",),
    (
        _field("code", "代码", "Code", Kind.CODE, "代码值 编码 编号", required=True,
               examples=("compulsory", "elective")),
        _text("name", "名称", "Name", "中文名称 代码名称 含义", required=True, examples=("必修", "选修")),
        _text(*_NAME_EN, "英文 英文名", examples=("Compulsory", "Elective")),
        _text("aliases", "其他写法", "Also written", "别名 同义词 又称", examples=("必修课、必修课程", "选修课")),
        _field("parent", "上级代码", "Code above", Kind.CODE, "父代码 上级编码", examples=("", "")),
        _field("until", "有效期至", "Valid until", Kind.DATE, "截止日期 停用日期", examples=("", "")),
        _LOCKED,
        _RETIRED,
    ),
)  # fmt: skip
"""What a sheet of a code table says; its rows are published as an edition and are no data set of their own."""

MAPPING = DataSet(
    "mapping",
    Text("对应关系", "Mapping"),
    Text("表格的列名和用语各是什么意思。", "What the headings and words of a sheet mean."),
    ("code",),
    (
        _field("code", "代码", "Code", Kind.CODE, required=True),
        _text("name", "列名或用语", "Heading or word"),
        _text("field", "数据项", "Field"),
        _text("meaning", "含义", "Meaning"),
        _LOCKED,
        _RETIRED,
    ),
)
"""What an edition of a mapping says; its rows are made from the mapping an office has remembered."""

DATA_SETS: tuple[DataSet, ...] = (
    YEARS, TERMS, COLLEGES, MAJORS, CLASSES, STUDENTS, STAFF, COURSES, CHANGES, PROVIDERS, RESOURCES, OFFERINGS,
    OUTCOME_TYPES, CATALOGUE, *FRAMEWORK_SETS,
)  # fmt: skip
"""Every data set, in the order in which a school begins."""

_BY_CODE = {data_set.code: data_set for data_set in DATA_SETS}


def data_set_named(code: str) -> DataSet | None:
    """The data set of a code such as ``students``."""
    return _BY_CODE.get(code)


def figure_facts(data_set: DataSet, check: Check) -> tuple[str, dict[str, Text]]:
    """The sentence's code and facts that say what a figure counts."""
    facts = {"set": _narrowed(data_set, check)}
    if check.fields:
        facts["field"] = label_of_path(data_set, check.fields[0])
    if len(check.fields) > 1:
        facts["other"] = label_of_path(data_set, check.fields[1])
    return f"masterdata.figure_{check.kind.value}", facts


def fields_on(data_set: DataSet, path: str) -> tuple[Field, ...]:
    """The fields of a path such as ``resource.provider.accredited_until``: references, then a field of the last row.

    Raises:
        KeyError: a step of the path is no field, or no reference where the path goes on.
    """
    found: list[Field] = []
    here = data_set
    for place, name in enumerate(names := path.split(".")):
        found.append(here.field(name))
        if place + 1 < len(names):
            here = _BY_CODE[found[-1].data_set]
    return tuple(found)


def label_of_path(data_set: DataSet, path: str) -> Text:
    """What the end of a path is called, with whose it is."""
    *through, last = fields_on(data_set, path)
    if not through:
        return last.label
    of = through[-1].label
    return Text(f"{of.zh}的{last.label.zh}", f"{of.en}’s {last.label.en}")


def _narrowed(data_set: DataSet, check: Check) -> Text:
    """The data set, or the part of it that a figure looks at."""
    if check.where is None:
        return data_set.name
    name, code = check.where
    table = data_set.field(name).table
    assert table is not None
    label = next(choice.label for choice in table.choices if choice.code == code)
    return Text(f"{data_set.name.zh}（{label.zh}）", f"{data_set.name.en} ({label.en})")
