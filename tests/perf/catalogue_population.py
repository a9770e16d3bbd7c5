"""A catalogue of any size with invented names, and questions of four kinds about it."""

from __future__ import annotations

import itertools
import json
import random

from creditbank.domain.catalogue.items import digest_of
from creditbank.domain.catalogue.names import spoken_name
from creditbank.gateways.clock import now
from creditbank.gateways.pinyin import readings
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.catalogue import renew_items

REACH = (
    "全国",
    "华东",
    "华南",
    "华北",
    "西南",
    "西北",
    "东北",
    "全省",
    "全市",
    "国际",
    "校际",
    "行业",
    "长三角",
    "大湾区",
    "中部",
    "沿海",
)
WHO = (
    "大学生",
    "高职学生",
    "青年",
    "职工",
    "研究生",
    "中职学生",
    "社区",
    "教师",
    "新工科学生",
    "师范生",
    "医学生",
    "留学生",
)
FIELD = (
    "数学建模", "程序设计", "软件测试", "网络安全", "智能制造", "工业机器人", "新能源汽车", "物联网应用", "大数据分析", "人工智能应用",
    "云计算运维", "电子商务", "会计技能", "市场营销", "物流管理", "旅游服务", "护理技能", "康复治疗", "中药炮制", "食品检测", "环境监测",
    "建筑信息模型", "工程测量", "园林设计", "服装设计", "广告创意", "短视频制作", "动画设计", "英语演讲", "日语口语", "汉字书写",
    "经典诵读", "非遗传承", "茶艺", "烹饪", "咖啡制作", "创新创业", "乡村振兴", "志愿服务", "劳动教育", "心理健康", "急救技能",
    "无人机操控", "集成电路设计", "嵌入式系统", "移动开发", "网页设计", "信息检索", "知识产权", "财务管理", "供应链", "跨境贸易",
    "化工生产", "焊接技术", "数控加工", "模具设计", "轨道交通", "船舶驾驶", "航空服务", "幼儿照护", "养老护理", "宠物养护", "水产养殖", "农机维修",
)  # fmt: skip
WHAT = (
    "竞赛",
    "大赛",
    "挑战赛",
    "技能竞赛",
    "邀请赛",
    "等级证书",
    "职业技能证书",
    "水平考试",
    "能力测评",
    "设计展",
    "创意赛",
    "论坛论文奖",
)
_STORE = """
INSERT INTO catalogue_version (institution_id, code, number, outcome_type, content, digest, state, published, authors,
  actor_id, recorded_at, in_force_at)
SELECT %(place)s, code, 1, 'bench', content::jsonb, digest, 'in_force', true, '[]', %(place)s, %(at)s, %(at)s
FROM unnest(%(code)s::text[], %(content)s::text[], %(digest)s::text[]) AS given(code, content, digest)
RETURNING 1
"""


def names_of(count, seed=4):
    """So many different names, in an order of chance."""
    every = ["".join(parts) for parts in itertools.product(REACH, WHO, FIELD, WHAT)]
    chance = random.Random(seed)
    chance.shuffle(every)
    return every[:count]


def item_content(place, name):
    """What an item of the bench says; an alias leaves out who it is for."""
    short = next(field for field in FIELD if field in name)
    return {
        "code": f"b{place:06d}", "name": name, "aliases": f"{name[:2]}{short}{name[-2:]}", "type": "bench",
        "kind": "contest", "tier": ("national_a", "provincial_a", "school")[place % 3],
    }  # fmt: skip


def fill_catalogue(institution, count):
    """Store so many items in force, with their search keys made by the service; gives their names."""
    names = names_of(count)
    for start in range(0, count, 5000):
        contents = [item_content(start + at, name) for at, name in enumerate(names[start : start + 5000])]
        with acting_for(institution=institution, purpose="bench") as scope:
            values = {
                "place": institution, "at": now(), "code": [one["code"] for one in contents],
                "content": [json.dumps(one, ensure_ascii=False) for one in contents],
                "digest": [digest_of(one) for one in contents],
            }  # fmt: skip
            scope.fetch(_STORE, values)
            renew_items(scope, [one["code"] for one in contents])
    return names


def questions(names, count, seed=5):
    """By kind, so many questions, each with the name of the item that is meant: name, initials, pinyin, mistaken."""
    chance = random.Random(seed)
    found = {"name": [], "initials": [], "pinyin": [], "mistaken": []}
    for name in chance.sample(names, count):
        full, initials = readings(spoken_name(name))[0]
        at = chance.randrange(1, len(name) - 1)
        mistaken = chance.choice(
            [
                f"{name[:at]}{name[at + 1 :]}",
                f"第{chance.randrange(2, 30)}届{name[:at]}某{name[at + 1 :]}",
                f"{name[:at]}{name[at + 1]}{name[at]}{name[at + 2 :]}",
            ]
        )
        found["name"].append((chance.choice([name, f"2026年{name}", name[2:]]), name))
        found["initials"].append((initials[chance.randrange(3) :], name))
        found["pinyin"].append((full, name))
        found["mistaken"].append((mistaken, name))
    return found
