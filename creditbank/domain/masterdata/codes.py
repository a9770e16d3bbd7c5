"""Code tables of master data: small, editioned, each with its source."""

from __future__ import annotations

from creditbank.domain.masterdata.declaration import Choice, CodeTable
from creditbank.domain.values import Text


def _table(code: str, zh: str, en: str, source: str, *choices: tuple[str, str, str, str]) -> CodeTable:
    """A table whose choices are code, Chinese, English, and aliases divided by spaces."""
    made = tuple(Choice(key, Text(label, label_en), tuple(more.split())) for key, label, label_en, more in choices)
    return CodeTable(code, Text(zh, en), "2026-1", source, made)


_HOUSE = "学分银行 Credit Bank"

SEX = _table(
    "sex", "性别", "Sex", "GB/T 2261.1-2003",
    ("1", "男", "Male", "男性 M"), ("2", "女", "Female", "女性 F"),
    ("9", "未说明", "Not stated", "未说明的性别"), ("0", "未知", "Unknown", "未知的性别"),
)  # fmt: skip

ID_KIND = _table(
    "id_kind", "身份证件类型", "Kind of identity document", "JY/T 0633-2022（节选 abridged）",
    ("1", "居民身份证", "Resident identity card", "身份证 二代身份证 中国居民身份证"),
    ("6", "香港特区护照/身份证明", "Hong Kong passport or identity card", "香港居民身份证 香港"),
    ("7", "澳门特区护照/身份证明", "Macao passport or identity card", "澳门居民身份证 澳门"),
    ("8", "台湾居民来往大陆通行证", "Travel permit of a Taiwan resident", "台胞证 台湾"),
    ("A", "护照", "Passport", "外国护照"), ("Z", "其他", "Other", "其它"),
)  # fmt: skip

UNIT_KIND = _table(
    "unit_kind", "单位类型", "Kind of unit", _HOUSE,
    ("college", "学院", "College", "教学院系 院系 系 教学单位 二级学院"),
    ("department", "部门", "Department", "行政部门 职能部门 处室 党政部门 教辅单位"),
)  # fmt: skip

EDUCATION_LEVEL = _table(
    "education_level", "培养层次", "Level of education", "GB/T 4658-2006（节选 abridged）",
    ("bachelor", "本科", "Bachelor", "大学本科 普通本科 本科生"),
    ("diploma", "专科", "Diploma", "高职 大专 高职专科 大学专科 专科(高职)"),
    ("upgrade", "专升本", "Upgrade to bachelor", "专接本 专插本 专转本"),
    ("master", "硕士研究生", "Master", "硕士"), ("doctor", "博士研究生", "Doctor", "博士"),
    ("secondary", "中职", "Secondary vocational", "中专 中等职业"),
    ("other", "其他", "Other", "其它 非学历"),
)  # fmt: skip

NATURE = _table(
    "course_nature", "课程性质", "Nature of course", _HOUSE,
    ("compulsory", "必修", "Compulsory", "必修课 必修课程"),
    ("restricted", "限选", "Restricted elective", "限选课 限定选修 限制性选修 专业选修 专业选修课"),
    ("elective", "选修", "Elective", "任选 任选课 选修课 公选 公选课 公共选修 公共选修课 通识选修"),
    ("practice", "实践", "Practice", "实践环节 实践课 集中实践 实践教学"),
    ("other", "其他", "Other", "其它"),
)  # fmt: skip

ASSESSMENT = _table(
    "assessment", "考核方式", "Form of assessment", _HOUSE,
    ("exam", "考试", "Examination", "考试课 闭卷 试"), ("check", "考查", "Continuous assessment", "考查课 考察 查"),
    ("other", "其他", "Other", "其它"),
)  # fmt: skip

STUDENT_STATUS = _table(
    "student_status", "学籍状态", "Status of enrolment", "JY/T 1001-2012（节选 abridged）",
    ("enrolled", "在读", "Enrolled", "在籍 在校 注册 在籍在校 注册学籍 正常 有学籍"),
    ("leave", "休学", "On leave", "休学中 在籍不在校"),
    ("retained", "保留学籍", "Place retained", "保留入学资格 入伍"),
    ("graduated", "毕业", "Graduated", "已毕业"), ("completed", "结业", "Completed without graduation", "已结业"),
    ("left", "肄业", "Left without completion", "已肄业"),
    ("dropped", "退学", "Dropped out", "已退学 自动退学 取消学籍 开除学籍 注销学籍 转出"),
)  # fmt: skip

CHANGE_KIND = _table(
    "change_kind", "异动类型", "Kind of change", "JY/T 1001-2012（节选 abridged）",
    ("transfer_major", "转专业", "Change of major", "调整专业 专业分流 大类分流"),
    ("transfer_class", "转班", "Change of class", "调班"),
    ("transfer_in", "转入", "Transfer in", "转学转入 转学(转入)"),
    ("transfer_out", "转出", "Transfer out", "转学 转学转出 转学(转出)"),
    ("leave", "休学", "Leave", ""), ("return", "复学", "Return", ""),
    ("repeat", "留级", "Put back a year", "降级 留降级 编级"), ("skip", "跳级", "Put ahead a year", ""),
    ("retain", "保留学籍", "Place retained", "入伍 参军"),
    ("drop", "退学", "Drop out", "自动退学 取消学籍 开除学籍"),
    ("plan", "变更培养方案", "Change of programme", "方案变更 培养方案变更"),
    ("graduate", "毕业", "Graduation", ""), ("complete", "结业", "Completion", ""), ("other", "其他", "Other", "其它"),
)  # fmt: skip

PROVIDER_KIND = _table(
    "provider_kind", "校内外", "Internal or external", _HOUSE,
    ("internal", "校内", "Internal", "校内机构 本校 内部 内部机构"),
    ("external", "校外", "External", "校外机构 外部 外部机构 企业 合作企业 合作单位 行业企业"),
)  # fmt: skip

RESOURCE_KIND = _table(
    "resource_kind", "资源类型", "Kind of resource", _HOUSE,
    ("course", "课程", "Course", "线上课程 在线课程 慕课 MOOC 精品课程 校企合作课程"),
    ("practice_base", "实践基地", "Practice base", "实训基地 实习基地 校外实践基地 校外实习基地 基地 实践教学基地"),
    ("other", "其他", "Other", "其它 培训 培训项目 讲座"),
)  # fmt: skip

# Only currencies whose smallest unit is a hundredth, because fees are stored in hundredths.
CURRENCY = _table(
    "currency", "币种", "Currency", "ISO 4217:2015（节选 abridged）",
    ("CNY", "人民币", "Renminbi", "RMB 元 人民币元 ￥ ¥"), ("HKD", "港元", "Hong Kong dollar", "港币"),
    ("MOP", "澳门元", "Macao pataca", "澳门币 澳门币元"), ("TWD", "新台币", "New Taiwan dollar", "台币"),
    ("USD", "美元", "US dollar", "美金 $"), ("EUR", "欧元", "Euro", "€"), ("GBP", "英镑", "Pound sterling", "£"),
)  # fmt: skip

# The codes are those of the SKOS mapping properties.
LEVEL_MATCH = _table(
    "level_match", "等级对应关系", "Relation of levels", "SKOS 2009, mapping properties",
    ("exact", "对等", "Equal", "等同 相等 一致 精确对应"),
    ("broader", "更宽", "Broader", "宽于 高于 包含于 上位"), ("narrower", "更窄", "Narrower", "窄于 低于 包含 下位"),
    ("related", "相关", "Related", "近似 相近 大致对应"),
)  # fmt: skip

CARRIER_KIND = _table(
    "carrier_kind", "单元载体类型", "Kind of carrier", _HOUSE,
    ("outcome", "成果", "Outcome", "学习成果"), ("course", "课程", "Course", "课"),
    ("certificate", "证书", "Certificate", "职业技能等级证书 资格证书"),
)  # fmt: skip

# Only the uppermost level: a centre publishes an edition with the levels that its schools need.
DISCIPLINE = _table(
    "discipline", "学科领域", "Field of education", "ISCED-F 2013, broad fields",
    ("00", "通用", "Generic programmes", "通识 基础"), ("01", "教育", "Education", "教育学"),
    ("02", "艺术与人文", "Arts and humanities", "艺术 人文 文学"),
    ("03", "社会科学、新闻与信息", "Social sciences, journalism and information", "社会科学 新闻"),
    ("04", "商业、管理与法律", "Business, administration and law", "商业 管理 法律 经济管理"),
    ("05", "自然科学、数学与统计", "Natural sciences, mathematics and statistics", "自然科学 数学 理学"),
    ("06", "信息通信技术", "Information and communication technologies", "计算机 信息技术"),
    ("07", "工程、制造与建筑", "Engineering, manufacturing and construction", "工学 工程 制造 建筑"),
    ("08", "农林渔与兽医", "Agriculture, forestry, fisheries and veterinary", "农学 农业"),
    ("09", "卫生与福利", "Health and welfare", "医学 护理 卫生"), ("10", "服务", "Services", "服务业"),
)  # fmt: skip

OCCUPATION = _table(
    "occupation", "职业大类", "Occupation", "ISCO-08, major groups",
    ("1", "管理人员", "Managers", "管理者"), ("2", "专业人员", "Professionals", "专业技术人员"),
    ("3", "技术员与助理专业人员", "Technicians and associate professionals", "技术员"),
    ("4", "办事人员", "Clerical support workers", "文员"),
    ("5", "服务与销售人员", "Service and sales workers", "服务人员 销售人员"),
    ("6", "农林渔业熟练工人", "Skilled agricultural, forestry and fishery workers", "农业工人"),
    ("7", "工艺及有关人员", "Craft and related trades workers", "技工"),
    ("8", "设备与机器操作装配工", "Plant and machine operators and assemblers", "操作工 装配工"),
    ("9", "初级职业", "Elementary occupations", "普工"), ("0", "军人", "Armed forces occupations", "武装部队"),
)  # fmt: skip

ITEM_KIND = _table(
    "item_kind", "成果种类", "Kind of item", _HOUSE,
    ("contest", "竞赛", "Contest", "学科竞赛 技能竞赛 比赛 赛项 大赛"),
    ("certificate", "证书", "Certificate", "职业资格证书 技能证书 职业技能等级证书 资格证书"),
    ("exam", "考试", "Examination", "等级考试 水平考试"), ("course", "课程", "Course", "在线课程 慕课 培训课程"),
    ("paper", "论文", "Paper", "期刊 刊物 学术论文 论文发表"),
    ("patent", "专利", "Patent", "知识产权 软件著作权 专利类型"),
    ("work", "工作经历", "Work", "实践经历 企业实践 创业"),
    ("community", "社会实践", "Community learning", "志愿服务 社区学习 非正式学习"), ("other", "其他", "Other", "其它"),
)  # fmt: skip

ITEM_TIER = _table(
    "item_tier", "成果级别", "Tier of item", _HOUSE,
    ("national_a", "国家级A类", "National A", "国家级A 国A 国家A类"),
    ("national_b", "国家级B类", "National B", "国家级B 国B 国家B类"),
    ("provincial_a", "省级A类", "Provincial A", "省级A 省部级A类 省A"),
    ("provincial_b", "省级B类", "Provincial B", "省级B 省部级B类 省B"),
    ("school", "校级", "School", "学校级"),
)  # fmt: skip

CODE_TABLES: tuple[CodeTable, ...] = (
    SEX, ID_KIND, UNIT_KIND, EDUCATION_LEVEL, NATURE, ASSESSMENT, STUDENT_STATUS, CHANGE_KIND, PROVIDER_KIND,
    RESOURCE_KIND, CURRENCY, LEVEL_MATCH, CARRIER_KIND, DISCIPLINE, OCCUPATION, ITEM_KIND, ITEM_TIER,
)  # fmt: skip

STATUS_AFTER = {
    "leave": "leave", "return": "enrolled", "transfer_in": "enrolled", "transfer_out": "dropped", "retain": "retained",
    "drop": "dropped", "graduate": "graduated", "complete": "completed",
}  # fmt: skip
"""What status of enrolment a change brings about."""
