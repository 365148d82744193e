"""How usual a text is in the languages that one of the old encodings is made for, in bits: fewer is more usual.

The levels of hanzi, kanji and hangul are those of GB 2312, Big5, JIS X 0208 and KS X 1001, taken from their codecs;
the short lists of the commonest characters are our own, chosen for the tables that governments publish.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from math import log2

from opendata.intake.text.one_byte import ENCODINGS, measure_one_byte

ASCII_BITS = 5.0
_BROKEN_BITS = 40.0
_UNUSUAL_BITS = 22.0
_NEIGHBOUR_BITS = 4.0
# What is rare in Latin script, and the rule of the double-byte encodings; and the other way round.
_INSIDE_WORD = r"(?<=[A-Za-z])[^\x00-\x7f]{1,2}(?=[a-z])"
_NOTHING = r"(?!)"

# Han characters of both scripts, then those that simplification changed, in both forms.
_SHARED = (
    "的一是在不了有人中大上我以要他生到作地出就分成可主年工同也能下子而方行如前所二本使三四五六七八九十百"
    "位市日月名地址省市名字序代合比率公里千米元人口男女性住居平方安全水利用南北西大小京津山川河江海湖州州"
    "古林吉福台福建安徽河北重成都武深青石太原杭沙明香港宁波大同金土木火交通政府城心信息表示理市教育文化"
    "科工商生法司局委部院校中心街道巷路村社居民政府自治州旗直基本期未完好新建立成果品目前共和主管形式"
    "批准投入支出收入存款面向高低最多少平均第次度天小班老年幼科病院死亡地物有毒空工程低保健身世界外交民"
    "族天然石油能源化肥水果菜肉米布衣食住行警察消防刑事故意加入服法人代理名册登申受公告正副主任高"
    "其他合上下半旬日期附件注本月同期持有限制令定位置用其中各部分別以及不含包括按照等指向末今去明最近"
    "山水石牛羊四川云白金文武昌永定安平太和玉石泉池井田土曲沙北洋南通西安淮阴徐合阜安六安安慶池亳巢"
)
_SIMPLIFIED = (
    "国这为个来说们时会对发经学产种过动进业现还开关无从问样长实电门应员气义点战报术设则领两书东车农济计"
    "专区县岁乡镇号码单总计数据价数额万亿户类别编联系传真项税务财预决库资产贷贸费负责级镇乡热线场馆"
    "医疗卫养险补贴岗位职业务组织机构体统计图层级间网办证许证审执罚规划标准备称龙马鸟鱼鸡猪环境质优"
    "绿华广东辽宁苏陕肃疆内蒙贵云湾沪闽赣鲁湘粤琼渝滨庆门乌齐银连锡盐镇扬汉兰阳满壮维尔苗彝"
    "运输铁航邮讯视艺馆园节历边议达历风军严转轻结给红纪约级纯线组细终绍绝续绩绕维综认让记讲论访评词试"
    "话该详语误请诸读课调谈谢轮软轴载辆边迁远违连迟适选逊递钟钢钱铜银锋错锦键阶际陆陈随隐难顶须顾顿预颁题"
    "颜额飞饭饮饰饱驾验骑较坏块坚垦圆击创剂剧办务劳势单卖卢卫厂厅压县双变启呈响团围坟处备够头奖妇婴孙宝实审"
    "宽宾对导尔尘尽属岛岭币师帅帐帜带帮广庄库应庙废张强弹归当录忆忧态总惯愿戏户执扩扫扬护担拟拥择挂挥损换据"
)
_TRADITIONAL = (
    "國這為個來說們時會對發經學產種過動進業現還開關無從問樣長實電門應員氣義點戰報術設則領兩書東車農濟計"
    "專區縣歲鄉鎮號碼單總計數據價數額萬億戶類別編聯繫傳真項稅務財預決庫資產貸貿費負責級鎮鄉熱線場館"
    "醫療衛養險補貼崗位職業務組織機構體統計圖層級間網辦證許證審執罰規劃標準備稱龍馬鳥魚雞豬環境質優"
    "綠華廣東遼寧蘇陝肅疆內蒙貴雲灣臺閩贛魯湘粵瓊渝濱慶門新竹苗栗彰化嘉義屏東宜蘭花蓮澎湖連江里鄰巷弄"
    "運輸鐵航郵訊視藝館園節曆邊議達歷風軍嚴轉輕結給紅紀約級純線組細終紹絕續績繞維綜認讓記講論訪評詞試"
    "話該詳語誤請諸讀課調談謝輪軟軸載輛邊遷遠違連遲適選遞鐘鋼錢銅銀鋒錯錦鍵階際陸陳隨隱難頂須顧頓預頒題"
    "顏額飛飯飲飾飽駕驗騎較壞塊堅圓擊創劑劇辦務勞勢單賣盧衛廠廳壓縣雙變啟響團圍處備夠頭獎婦嬰孫寶實審"
    "寬賓對導塵盡屬島嶺幣師帥帳帶幫廣莊庫應廟廢張強彈歸當錄憶憂態總慣願戲戶執擴掃揚護擔擬擁擇掛揮損換據"
)
_JAPANESE = (
    "日本年月大人一国会中長出三同時政事自行社見分議後前民生連五対上部東者党地合市業内相方四定今回新場金員九"
    "入選立開手米力学問高代明実円関決子動京全目表戦経通外言現理調体化田当八六約主題下首意法不来作性的要用制"
    "治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第"
    "産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在"
    "件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝価式確村備職駅号住所郵便電話"
    "番丁目施設名称緯度経度備考土木町字阪奈神横浜札幌仙台広福岡熊鹿児沖縄愛媛香徳島根取賀岐阜静岡梨潟富井"
)
_HANGUL = (
    "이다는의에을가지고하은기로사를자리도서한시대구인어정일나수부라전제그아원국성주과해들보상장여면민소있학"
    "동공경만관조적스오으신비업용계선우위방연유교화행모치재중회년간산생안러개문영요물현단관남북군읍면도시"
    "광역특별울종세충청강릉릉평택천포항진번호명주소전화이름코드날짜금액합계구분지역기준월일년건수율개수내"
    "등록설치센터복지의료보건환경교통차량도로공원시설운영기관담당과팀실직업체상품판매가격층위경도데터파"
    "까래했음됩니습했었것수있없않된될와같때더많좋또네까든며무므르드트크프브디티미니비키피히바파"
)
_LATIN = "éèàùâêîôûçëïüöäßñáíóúãõåøæÉÈÀÇÖÄÜÁÍÓÚÑÅØÂÊÔÃÕ"
_MARKS = "，。、；：？！（）《》“”‘’—…·「」『』【】　％－～／〇０１２３４５６７８９＋＝．"

_Rows = Iterable[int]


def _letters(codec: str, leads: _Rows, trails: _Rows) -> str:
    """All characters that the double bytes of these rows stand for."""
    pairs = (bytes((lead, trail)) for lead in leads for trail in trails)
    return "".join(pair.decode(codec, "ignore") for pair in pairs)


@cache
def _high() -> _Rows:
    return range(0xA1, 0xFF)


class _Model:
    """Classes of characters, the likelier first: each shares its part of the text evenly among its characters."""

    def __init__(self, *classes: tuple[str, float], unlikely: str = _INSIDE_WORD) -> None:
        self._bits: dict[str, float] = {}
        for letters, share in classes:
            fresh = {letter for letter in letters if letter not in self._bits and letter >= "\x80"}
            if fresh:
                self._bits |= dict.fromkeys(fresh, log2(len(fresh) / share))
        self.unlikely = re.compile(unlikely)

    def bits(self, letter: str) -> float:
        found = self._bits.get(letter)
        if found is not None:
            return found
        return _BROKEN_BITS if letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" else _UNUSUAL_BITS


def _simplified() -> _Model:
    level_1 = _letters("gb2312", range(0xB0, 0xD8), _high())
    level_2 = _letters("gb2312", range(0xD8, 0xF8), _high())
    signs = _letters("gb2312", range(0xA1, 0xB0), _high())
    more = _letters("gbk", range(0x81, 0xFF), range(0x40, 0xFF))
    return _Model(
        (_SHARED + _SIMPLIFIED, 0.57),
        (_MARKS, 0.1),
        (level_1, 0.26),
        (level_2, 0.03),
        (signs, 0.01),
        (_TRADITIONAL, 0.01),
        (more, 0.02),
    )


def _traditional() -> _Model:
    trails = [*range(0x40, 0x7F), *_high()]
    level_1 = _letters("big5", range(0xA4, 0xC7), trails)
    level_2 = _letters("big5", range(0xC9, 0xFA), trails)
    signs = _letters("cp950", range(0xA1, 0xA4), trails)
    more = _letters("big5hkscs", range(0x87, 0xFF), trails)
    common = "".join(letter for letter in _SHARED + _TRADITIONAL if letter in level_1)
    return _Model((common, 0.57), (_MARKS, 0.1), (level_1, 0.27), (level_2, 0.02), (signs, 0.01), (more, 0.02))


def _korean() -> _Model:
    hangul = _letters("euc_kr", range(0xB0, 0xC9), _high())
    signs = _letters("euc_kr", range(0xA1, 0xAD), _high())
    hanja = _letters("euc_kr", range(0xCA, 0xFE), _high())
    more = "".join(map(chr, range(0xAC00, 0xD7A4)))
    return _Model((_HANGUL, 0.68), (hangul, 0.25), (_MARKS, 0.03), (hanja, 0.01), (signs, 0.01), (more, 0.01))


def _japanese() -> _Model:
    hiragana = "".join(map(chr, range(0x3041, 0x3094)))
    katakana = "".join(map(chr, range(0x30A1, 0x30F7))) + "ー・"
    level_1 = _letters("euc_jp", range(0xB0, 0xD0), _high())
    level_2 = _letters("euc_jp", range(0xD0, 0xF5), _high())
    signs = _letters("euc_jp", range(0xA1, 0xA9), _high())
    half = "".join(map(chr, range(0xFF61, 0xFFA0)))
    return _Model(
        (hiragana, 0.25),
        (katakana, 0.2),
        (_JAPANESE, 0.3),
        (_MARKS, 0.05),
        (level_1, 0.15),
        (level_2, 0.01),
        (signs, 0.01),
        (half, 0.02),
    )


def _any() -> _Model:
    """For Unicode itself: every script of the others, and every plane."""
    kana = "".join(map(chr, range(0x3041, 0x3100)))
    western = "".join(map(chr, range(0xA0, 0x250)))
    scripts = "".join(map(chr, range(0x370, 0x1000)))
    hangul = "".join(map(chr, range(0xAC00, 0xD7A4)))
    hanzi = "".join(map(chr, range(0x4E00, 0xA000)))
    return _Model(
        (_SHARED + _SIMPLIFIED + _TRADITIONAL, 0.4),
        (_MARKS, 0.05),
        (_LATIN, 0.1),
        (kana, 0.05),
        (_HANGUL, 0.1),
        (hanzi, 0.1),
        (hangul, 0.05),
        (western, 0.05),
        (scripts, 0.05),
        unlikely=_NOTHING,
    )


_MODELS: Mapping[str, Callable[[], _Model]] = {
    "gb18030": _simplified,
    "cp950": _traditional,
    "big5hkscs": _traditional,
    "cp949": _korean,
    "cp932": _japanese,
    "euc_jp": _japanese,
}
# How much rarer than GB18030 such files are where this program is used.
_PRIOR_BITS = {"cp950": 1.5, "big5hkscs": 1.0, "cp949": 3.0, "cp932": 3.0, "euc_jp": 5.0}


@cache
def _model(encoding: str) -> _Model:
    return _MODELS.get(encoding, _any)()


def measure(text: str, encoding: str) -> float:
    """How many bits this text takes if it is what `encoding` is used for. Readings of the same bytes compare."""
    if encoding in ENCODINGS:
        return measure_one_byte(text, encoding) + ASCII_BITS * sum(letter < "\x80" for letter in text)
    model = _model(encoding)
    total = _PRIOR_BITS.get(encoding, 0.0)
    plain = 0
    for letter, count in Counter(text).items():
        if letter < "\x80":
            plain += count
        else:
            total += model.bits(letter) * count
    total += _NEIGHBOUR_BITS * sum(1 for _ in model.unlikely.finditer(text))
    return total + ASCII_BITS * plain
