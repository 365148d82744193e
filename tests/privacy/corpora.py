"""Made tables with known personal data, and without any: no real person is in them, everything comes from a seed.

Each column of a table has the kinds that are in it (none: a hard negative) and how many of its cells have each. The
names of columns say what they are; `hide_names` turns them into A, B, C.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import pyarrow as pa

from opendata.domain.privacy import Kind
from opendata.domain.schema import Field
from opendata.privacy.detection.screen import PrivacyScreen

# Not the lists of the program: surnames by how often they occur in the country, given names as parents choose them.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛段郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
RARE = "应卞祁娄柯桂佘仝郤苟晏邝佟阚戚焦敖冀隋巩庹禤綦"
COMPOUND = ("欧阳", "上官", "司马", "诸葛", "司徒", "皇甫", "令狐", "慕容")
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉萍红梅建国志华文斌婷雪琳宇浩子轩梓涵欣怡诗琪佳豪俊辉鹏飞晓东海"
    "燕春花凤莲淑珍爱民家兴永福荣贵根生水木金火土云龙思远博雅语嫣一诺沐辰奕泽宸熙瑾瑜晗钰"
)
MINORITY = ("买买提", "阿卜杜拉", "古丽", "扎西", "卓玛", "巴特尔", "努尔", "艾合买提", "吐尔逊", "帕提古丽", "才让")
AREAS = (
    "110105",
    "310115",
    "320106",
    "330106",
    "340123",
    "350203",
    "360731",
    "370205",
    "411528",
    "420106",
    "431126",
    "440305",
    "450103",
    "500112",
    "510107",
    "520102",
    "530112",
    "610113",
    "620102",
    "650102",
)
PLACES = (
    "湖南省永州市祁阳县",
    "江苏省南京市鼓楼区",
    "四川省成都市武侯区",
    "广西壮族自治区南宁市青秀区",
    "北京市朝阳区",
    "贵州省黔东南苗族侗族自治州凯里市",
    "内蒙古自治区呼和浩特市赛罕区",
    "",
)
TOWNS = ("白水镇", "文富市镇", "中山北路街道", "河西乡", "望城坡街道", "")
VILLAGES = ("红星村", "五里牌村", "大塘村", "王家庄", "双桥村", "龙潭社区", "三合村")
ROADS = ("人民路", "中山北路", "解放大道", "建设街", "麓山南路", "和平巷", "延安东路", "滨河大道")
ESTATES = ("幸福小区", "金色家园", "阳光花园", "翠湖苑", "锦绣嘉园", "电力宿舍", "安居新村", "御景华庭")
OFFICES = ("创业大厦", "政务服务中心", "科技园", "国际商务广场", "行政中心", "人民医院", "第一中学", "农业银行")
PLATES = "京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
COMPANIES = (
    "湖南{}建筑工程有限公司",
    "{}市恒源商贸有限公司",
    "永州{}餐饮店",
    "{}农业专业合作社",
    "江苏{}科技股份有限公司",
    "{}个体工商户",
)
BRANDS = ("金泰", "鑫源", "宏达", "天盛", "佳和", "民生", "瑞丰", "长虹", "安顺", "永兴")

Make = Callable[[Random], str]


@dataclass
class MadeColumn:
    """The cells of a column (an empty text is missing), and how many of them have each kind."""

    cells: list[str]
    truth: Counter[Kind] = field(default_factory=Counter)


@dataclass
class MadeTable:
    """A table: name → column."""

    name: str
    columns: dict[str, MadeColumn]

    def hide_names(self) -> MadeTable:
        """The same table with its columns called A, B, C."""
        return MadeTable(self.name, {chr(65 + n): column for n, column in enumerate(self.columns.values())})

    def to_batches(self, size: int = 1000) -> list[pa.RecordBatch]:
        """The rows as text."""
        columns = {name: [cell or None for cell in column.cells] for name, column in self.columns.items()}
        table = pa.table(columns, pa.schema([(name, pa.string()) for name in columns]))
        return table.to_batches(max_chunksize=size)


def make_birth(random: Random) -> date:
    return date(1935, 1, 1) + timedelta(days=random.randrange(29_000))


def make_check(body: str) -> str:
    """The 18th character by ISO 7064 MOD 11-2, computed by its recursion and not by weights."""
    product = 0
    for digit in body:
        product = (product + int(digit)) * 2 % 11
    return "0123456789X"[(12 - product) % 11]


def make_resident_id(random: Random) -> str:
    if random.random() < 0.02:
        return make_residence_permit(random)
    body = f"{random.choice(AREAS)}{make_birth(random):%Y%m%d}{random.randrange(1, 1000):03}"
    return body + make_check(body)


def make_residence_permit(random: Random) -> str:
    body = f"{random.choice(('810000', '820000', '830000'))}{make_birth(random):%Y%m%d}{random.randrange(1, 1000):03}"
    return body + make_check(body)


def make_old_id(random: Random) -> str:
    return f"{random.choice(AREAS)}{make_birth(random):%y%m%d}{random.randrange(1, 1000):03}"


def make_mobile(random: Random) -> str:
    number = f"1{random.randrange(3, 10)}{random.randrange(10**9):09}"
    way = random.random()
    if way < 0.05:
        return f"+86{number}"
    if way < 0.1:
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    return f"{number[:3]}-{number[3:7]}-{number[7:]}" if way < 0.15 else number


def make_landline(random: Random) -> str:
    area = random.choice(("010", "021", "025", "027", "0731", "0746", "0512", "0771", "0851", "0991"))
    local = f"{random.randrange(2, 9)}{random.randrange(10**7):07}"
    if len(area) == 4 and random.random() < 0.3:
        local = local[:7]
    return random.choice((f"{area}-{local}", f"{area}-{local}", f"({area}){local}"))


def make_card(random: Random) -> str:
    body = f"{random.choice(('621700', '622848', '621226', '623668', '620522'))}{random.randrange(10**12):012}"
    total = sum(
        digit if place % 2 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(map(int, reversed(body)))
    )
    return f"{body}{-total % 10}"


def make_email(random: Random) -> str:
    word = "".join(random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(random.randrange(4, 11)))
    return f"{word}@{random.choice(('example.com', 'mail.example.cn', 'example.org'))}"


def make_plate(random: Random) -> str:
    body = f"{random.randrange(10)}" + "".join(random.choice(LETTERS + "0123456789") for _ in range(4))
    return f"{random.choice(PLATES)}{random.choice(LETTERS)}{body}"


def make_name(random: Random) -> str:
    way = random.random()
    if way < 0.015:
        return f"{random.choice(MINORITY)}·{random.choice(MINORITY)}"
    surname = random.choice(COMPOUND) if way < 0.03 else random.choice(RARE) if way < 0.05 else _choose_surname(random)
    return surname + "".join(random.choice(GIVEN) for _ in range(1 if random.random() < 0.25 else 2))


def _choose_surname(random: Random) -> str:
    return SURNAMES[min(len(SURNAMES) - 1, int(random.expovariate(1 / 25)))]


def make_home(random: Random) -> str:
    place = random.choice(PLACES) + random.choice(TOWNS)
    way = random.random()
    if way < 0.4:
        return place + random.choice(VILLAGES) + _make_group(random)
    if way < 0.45:
        lane = f"{random.choice(ROADS)}{random.randrange(1, 900)}弄{random.randrange(1, 60)}号"
        return f"{place}{lane}{_make_room(random)}室"
    road = f"{random.choice(ROADS)}{random.randrange(1, 400)}号" if random.random() < 0.5 else ""
    return place + road + random.choice(ESTATES) + _make_house(random)


def _make_group(random: Random) -> str:
    """A group of a village, or a house in it."""
    number = f"{random.randrange(1, 20)}"
    word = random.choice("一二三四五六七八九")
    house = f"{random.randrange(1, 200)}号"
    named = random.choice(("麻塘组", "上屋组", "新屋场组", "桥头村民小组", "老湾屯"))
    groups = (f"{number}组", f"第{word}组", f"第{word}村民小组", f"{number}组{house}", f"{word}组{house}")
    return random.choice((*groups, house, named))


def _make_house(random: Random) -> str:
    """A building of an estate, and a room in it."""
    number, unit, room = random.randrange(1, 30), random.randrange(1, 5), _make_room(random)
    block = random.choice(("栋", "幢", "号楼"))
    return random.choice(
        (
            f"{number}{block}{unit}单元{room}室",
            f"{number}{block}{unit}单元{room}",
            f"{number}{block}{room}室",
            f"{number}{block}{room}",
            f"{random.choice('ABC')}{number}-{room}",
            f"{number}-{unit}-{room}",
        )
    )


def _make_room(random: Random) -> int:
    return random.randrange(1, 33) * 100 + random.randrange(1, 6)


def make_office(random: Random) -> str:
    place = random.choice(PLACES) + random.choice(TOWNS) + random.choice(ROADS) + f"{random.randrange(1, 400)}号"
    way = random.random()
    return (
        place
        if way < 0.6
        else place
        + random.choice(OFFICES)
        + (f"{random.choice('ABC')}座{random.randrange(101, 2800)}室" if way < 0.85 else "")
    )


def make_birth_text(random: Random) -> str:
    return f"{make_birth(random):%Y-%m-%d}"


def make_passport(random: Random) -> str:
    return random.choice(
        (
            f"E{random.randrange(10**8):08}",
            f"G{random.randrange(10**8):08}",
            f"E{random.choice('ABCDEFGH')}{random.randrange(10**7):07}",
        )
    )


def make_wechat(random: Random) -> str:
    return random.choice("abcdefgh") + "".join(random.choice("abcdefghijkl_0123456789") for _ in range(8))


def make_uscc(random: Random) -> str:
    body = f"9{random.choice('1239')}{random.choice(AREAS)}" + "".join(random.choice(USCC) for _ in range(9))
    total = sum(USCC.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return body + USCC[(31 - total % 31) % 31]


def make_order(random: Random) -> str:
    return f"{date(2024, 1, 1) + timedelta(days=random.randrange(700)):%Y%m%d}{random.randrange(10**10):010}"


def make_case_number(random: Random) -> str:
    """Area, day and serial number: the structure of a resident number without its check digit."""
    day = date(2023, 1, 1) + timedelta(days=random.randrange(900))
    return f"{random.choice(AREAS)}{day:%Y%m%d}{random.randrange(10**4):04}"


def make_isbn(random: Random) -> str:
    body = f"9787{random.randrange(10**8):08}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def make_company(random: Random) -> str:
    return random.choice(COMPANIES).format(random.choice(BRANDS) + random.choice(("", random.choice(BRANDS))))


def make_long_order(random: Random) -> str:
    return f"{random.choice('123456789')}{random.randrange(10**17):017}"


def make_card_like(random: Random) -> str:
    return f"62{random.randrange(10**17):017}"


def make_serial(random: Random) -> str:
    return f"1350{random.randrange(2000):07}"


def make_party(random: Random) -> str:
    """Whom a punishment is about: mostly companies."""
    return make_name(random) if random.random() < 0.4 else make_company(random)


POSITIVES: Mapping[Kind, tuple[str, Make]] = {
    Kind.RESIDENT_ID: ("身份证号", make_resident_id),
    Kind.MOBILE: ("手机号码", make_mobile),
    Kind.LANDLINE: ("联系电话", make_landline),
    Kind.BANK_CARD: ("银行卡号", make_card),
    Kind.EMAIL: ("电子邮箱", make_email),
    Kind.PLATE: ("车牌号", make_plate),
    Kind.NAME: ("姓名", make_name),
    Kind.ADDRESS: ("家庭住址", make_home),
}
"""What is found without the help of names: kind → its column's name and how a cell is made."""

NAMED: Mapping[Kind, tuple[str, Make]] = {
    Kind.BIRTH_DATE: ("出生日期", make_birth_text),
    Kind.PASSPORT: ("护照号码", make_passport),
    Kind.SOCIAL: ("微信号", make_wechat),
}
"""What needs the column's name, or a share and a person beside it."""

NEGATIVES: Mapping[str, Make] = {
    "统一社会信用代码": make_uscc,
    "订单号": make_order,
    "案件编号": make_case_number,
    "流水号": make_long_order,
    "交易编号": make_card_like,
    "设备序号": make_serial,
    "ISBN": make_isbn,
    "企业名称": make_company,
    "办公地址": make_office,
    "民族": lambda random: random.choice(("汉族", "满族", "白族", "黎族", "苗族", "壮族", "土家族")),
    "蔬菜": lambda random: random.choice(
        ("白菜", "黄瓜", "马铃薯", "花生", "韭菜", "芹菜", "萝卜", "葛根", "金针菇", "毛豆")
    ),
    "区县": lambda random: random.choice(
        ("江夏区", "黄陂区", "安乡县", "常宁市", "石门县", "东安县", "祁阳县", "宁远县", "江华县")
    ),
    "科室": lambda random: random.choice(("内科", "外科", "康复科", "高压氧舱", "门诊部", "温泉理疗", "急诊")),
    "毫秒": lambda random: f"{random.randrange(1_600_000_000_000, 1_760_000_000_000)}",
    "编码": lambda random: f"{random.choice('EGH')}2024{random.randrange(10**4):04}",
    "热线": lambda random: random.choice(("12345", "95598", "400-820-8820", "12315")),
    "日期": lambda random: f"{date(2023, 1, 1) + timedelta(days=random.randrange(900)):%Y-%m-%d}",
    "经度": lambda random: f"{random.uniform(108, 118):.6f}",
    "金额": lambda random: f"{random.uniform(0, 99_999):.2f}",
    "掩码": lambda random: f"{random.choice(AREAS)}********{random.randrange(10**4):04}",
    "隐名": lambda random: f"{random.choice(SURNAMES)}某{random.choice(('', '某'))}",
    "说明": lambda random: (
        f"经查，该单位于2024年{random.randrange(1, 13)}月{random.randrange(1, 28)}日未备案，订单{make_order(random)}，"
        f"依据条例第{random.randrange(1, 60)}条处罚。"
    ),
}


def make_text(random: Random) -> tuple[str, list[Kind]]:
    """A text of a complaint or a punishment with some personal data in it."""
    parts, kinds = ["来电人反映，"], []
    if random.random() < 0.5:
        parts.append(f"本人身份证号{make_resident_id(random)}，")
        kinds.append(Kind.RESIDENT_ID)
    if random.random() < 0.5:
        parts.append(f"联系电话{make_mobile(random)}，")
        kinds.append(Kind.MOBILE)
    if random.random() < 0.3:
        room = f"{random.randrange(1, 30)}栋{random.randrange(1, 5)}单元{random.randrange(101, 900)}室"
        parts.append(f"家住{random.choice(ESTATES)}{room}，")
        kinds.append(Kind.ADDRESS)
    if random.random() < 0.2:
        parts.append(f"邮箱{make_email(random)}，")
        kinds.append(Kind.EMAIL)
    if random.random() < 0.2:
        parts.append(f"银行卡{make_card(random)}，")
        kinds.append(Kind.BANK_CARD)
    if random.random() < 0.2:
        parts.append(f"车辆{make_plate(random)}违停，")
        kinds.append(Kind.PLATE)
    parts.append(f"订单号{make_order(random)}，附近道路自2024年{random.randrange(1, 13)}月起积水，希望尽快处理。")
    return "".join(parts), kinds


def make_track_table(random: Random, rows: int) -> MadeTable:
    """Vehicles that move: the coordinates are personal."""
    cells: dict[str, list[str]] = {"设备": [], "时间": [], "经度": [], "纬度": []}
    for device in range(max(2, rows // 60)):
        east, north = random.uniform(110, 118), random.uniform(24, 35)
        for step in range(60):
            east, north = east + random.gauss(0, 0.001) + 0.001, north + random.gauss(0, 0.001) + 0.0005
            cells["设备"].append(f"D{device:04}")
            cells["时间"].append(f"2024-05-{1 + device % 28:02} {8 + step // 60:02}:{step % 60:02}:00")
            cells["经度"].append(f"{east:.6f}")
            cells["纬度"].append(f"{north:.6f}")
    columns = {name: MadeColumn(values) for name, values in cells.items()}
    for name in ("经度", "纬度"):
        columns[name].truth[Kind.TRACK] = len(cells[name])
    return MadeTable("track", columns)


def make_station_table(random: Random, rows: int) -> MadeTable:
    """Stations that stay where they are, and accidents anywhere: no coordinates of persons."""
    stations = [(f"S{n:03}", random.uniform(110, 118), random.uniform(24, 35)) for n in range(8)]
    chosen = [stations[n % len(stations)] for n in range(rows)]
    moving = random.random() < 0.5
    columns = {
        "站点": [item[0] for item in chosen],
        "时间": [f"2024-05-{1 + n // 24 % 28:02} {n % 24:02}:00:00" for n in range(rows)],
        "经度": [f"{random.uniform(112, 113) if moving else item[1]:.6f}" for item in chosen],
        "纬度": [f"{random.uniform(27, 28) if moving else item[2]:.6f}" for item in chosen],
        "数值": [f"{random.uniform(0, 300):.1f}" for _ in range(rows)],
    }
    return MadeTable("stations", {name: MadeColumn(cells) for name, cells in columns.items()})


def make_table(random: Random, number: int) -> MadeTable:
    """A table of several columns, some with personal data and some hard negatives."""
    rows = random.choice((12, 40, 150, 400))
    chosen: dict[str, MadeColumn] = {}
    for kind in random.sample(sorted(POSITIVES), 3):
        name, make = POSITIVES[kind]
        chosen[name] = _make_column(random, rows, make, kind)
    for name in random.sample(sorted(NEGATIVES), 4):
        chosen[name] = MadeColumn([NEGATIVES[name](random) for _ in range(rows)])
    if random.random() < 0.2:
        parties = [make_party(random) for _ in range(rows)]
        persons = sum(1 for cell in parties if len(cell) <= 4 or "·" in cell)
        chosen["行政相对人"] = MadeColumn(parties, Counter({Kind.NAME: persons}))
    if random.random() < 0.4:
        texts = [make_text(random) for _ in range(rows)]
        truth = Counter(kind for _, kinds in texts for kind in kinds)
        chosen["诉求内容"] = MadeColumn([text for text, _ in texts], truth)
    order = list(chosen)
    random.shuffle(order)
    return MadeTable(f"table{number}", {name: chosen[name] for name in order})


def _make_column(random: Random, rows: int, make: Make, kind: Kind) -> MadeColumn:
    """A column with one kind; some cells are missing."""
    missing = random.choice((0.0, 0.0, 0.1, 0.5))
    cells = ["" if random.random() < missing else make(random) for _ in range(rows)]
    return MadeColumn(cells, Counter({kind: sum(1 for cell in cells if cell)}))


def make_corpus(seed: int, tables: int = 60) -> list[MadeTable]:
    """Tables of all kinds from a seed."""
    random = Random(seed)
    made = [make_table(random, number) for number in range(tables)]
    made += [make_track_table(random, 240) for _ in range(max(1, tables // 20))]
    return [*made, *(make_station_table(random, 240) for _ in range(max(1, tables // 10)))]


@dataclass
class Score:
    """What was found of a kind, in cells and in columns: hits, misses and false alarms."""

    cells: int = 0
    missed_cells: int = 0
    false_cells: int = 0
    columns: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of the cells with this kind that were found."""
        return self.cells / (self.cells + self.missed_cells) if self.cells + self.missed_cells else 1.0

    @property
    def precision(self) -> float:
        """The share of the cells found that have this kind."""
        return self.cells / (self.cells + self.false_cells) if self.cells + self.false_cells else 1.0


def score_corpus(corpus: Sequence[MadeTable]) -> dict[Kind, Score]:
    """Screen every table and compare with the truth."""
    scores = {kind: Score() for kind in Kind}
    for table in corpus:
        fields = [Field.from_json({"name": name, "type": "string"}) for name in table.columns]
        screen = PrivacyScreen(table.name, fields)
        for batch in table.to_batches():
            screen.take(batch)
        found = {(item.field, item.kind): item.count for item in screen.list()}
        for name, column in table.columns.items():
            for kind in Kind:
                truth, count = column.truth[kind], found.get((name, kind), 0)
                score = scores[kind]
                score.cells += min(truth, count)
                score.missed_cells += max(0, truth - count)
                score.false_cells += max(0, count - truth)
                score.columns += bool(truth)
                place = f"{table.name}/{name}: {count} of {truth}, e.g. {next((c for c in column.cells if c), '')}"
                if truth and not count:
                    score.missed.append(place)
                if count and not truth:
                    score.false.append(place)
    return scores
