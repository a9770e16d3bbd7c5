"""Names and identity numbers of people who do not exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from creditbank.domain.masterdata.identity import check_digit
from creditbank.gateways.chance import Chance

_FAMILIES = (
    "王李张刘陈杨黄赵周吴" * 6 + "徐孙马朱胡郭何林高罗" * 4 + "郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡" * 2
    + "余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦"
    + "邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)  # fmt: skip
_DOUBLE = ("欧阳", "上官", "司马", "诸葛", "皇甫", "慕容", "尉迟", "夏侯")
_MEN = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭龙博文轩睿泽晨阳航天昊然嘉诚志远子豪一鸣家乐铭源景行"
_WOMEN = "芳娜敏静丽艳娟霞秀玲燕红萍婷雪琳倩颖洁莹慧怡欣悦佳雨涵梦瑶思琪诗雅晓彤紫萱若曦语嫣可心安然依诺梓涵月清"
_RARE = "堃喆翀昇祎珺玥翊赟骉犇彧晔烨煜璟翎頔嫕琎翾暐玹𬭎𬸚𫖯𬬭䶮㛃㻧𬀩𫍯"
_TURKIC = {
    "女": (
        ("阿依古丽", "Ayguli"), ("古丽娜尔", "Gulnar"), ("迪丽努尔", "Dilnur"), ("阿依努尔", "Aynur"),
        ("热依拉", "Reyila"), ("帕丽达", "Parida"), ("米日古丽", "Mihrigul"), ("祖丽皮亚", "Zulpiya"),
        ("阿孜古丽", "Azigul"), ("赛娜瓦尔", "Senawar"),
    ),
    "男": (
        ("木合塔尔", "Muhtar"), ("艾力", "Eli"), ("帕尔哈提", "Parhat"), ("叶尔江", "Yerjan"), ("艾尼瓦尔", "Anwar"),
        ("吾斯曼", "Osman"), ("努尔兰", "Nurlan"), ("阿迪力", "Adil"), ("伊力亚斯", "Ilyas"), ("库尔班", "Kurban"),
    ),
}  # fmt: skip
_TURKIC_SECOND = (
    ("买买提", "Memet"), ("艾合买提", "Ahmet"), ("吐尔逊", "Tursun"), ("阿不都拉", "Abdulla"), ("玉素甫", "Yusup"),
    ("依明", "Imin"), ("哈布德", "Habd"), ("巴合提", "Bahit"), ("托合提", "Tohti"), ("热合曼", "Rahman"),
    ("赛买提", "Semet"), ("斯迪克", "Sidik"),
)  # fmt: skip
_TIBETAN = (("扎西", "Tashi"), ("才让", "Tsering"), ("多吉", "Dorje"), ("桑吉", "Sangye"), ("格桑", "Kelsang"))
_TIBETAN_SECOND = (
    ("次仁", "Tsering", "男"),
    ("卓玛", "Drolma", "女"),
    ("旺堆", "Wangdu", "男"),
    ("央金", "Yangchen", "女"),
)
_PROVINCES = ("33", "34", "35", "36", "32", "37", "41", "42", "43", "44", "45", "51", "52", "53", "61", "62", "65")


class People:
    """Invents people: their names, sexes, days of birth and identity numbers, no number twice."""

    def __init__(self, chance: Chance, romanised: Callable[[str], str]) -> None:
        self._chance = chance
        self._romanised = romanised
        self._numbers: set[str] = set()

    def name(self, sex: str = "") -> tuple[str, str, str]:
        """A name in Chinese, in Latin letters, and the sex 男 or 女."""
        chance = self._chance
        sex = sex or chance.choice("男女")
        kind = chance.random()
        if kind < 0.018:
            (first, latin), (second, more) = chance.choice(_TURKIC[sex]), chance.choice(_TURKIC_SECOND)
            return f"{first}·{second}", f"{latin} {more}", sex
        if kind < 0.024:
            first, latin = chance.choice(_TIBETAN)
            second, more, sex = chance.choice(_TIBETAN_SECOND)
            return f"{first}{second}", f"{latin} {more}", sex
        family = chance.choice(_DOUBLE) if kind < 0.032 else chance.choice(_FAMILIES)
        letters = _MEN if sex == "男" else _WOMEN
        given = "".join(chance.sample(letters, 1 if chance.random() < 0.22 else 2))
        if chance.random() < 0.03:
            given = given[:-1] + chance.choice(_RARE)
        if len(family) > 1:
            both = (self._romanised(part).replace(" ", "").capitalize() for part in (family, given))
            return family + given, " ".join(both), sex
        return family + given, self._romanised(family + given), sex

    def latin(self, name: str) -> str:
        """A usual name in Latin letters."""
        return self._romanised(name)

    def born(self, year: int) -> date:
        """A day of the year before a first of September."""
        return date(year, 9, 1) - timedelta(days=self._chance.randint(1, 365))

    def number(self, born: date, sex: str) -> str:
        """An identity number that checks, from a district that does not exist: no prefecture is called 99."""
        while True:
            order = self._chance.randrange(1, 500) * 2 - (1 if sex == "男" else 0)
            front = f"{self._chance.choice(_PROVINCES)}99{self._chance.randint(1, 29):02d}{born:%Y%m%d}{order:03d}"
            number = front + check_digit(front)
            if number not in self._numbers:
                self._numbers.add(number)
                return number
