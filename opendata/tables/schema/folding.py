"""Names of columns in a common form, in which the same name written in another way is seen to be the same.

Width, case, accents, separators, brackets and traditional characters are levelled by NFKC (Unicode Annex 15) and by a
small table of the characters that titles of columns are made of. What distinguishes columns stays: digits, signs,
units.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

LONGEST = 200
"""At most this many characters make a name: a longer text is left as it is."""

_SHORT_WORD = 5
_SHORT_NAME = 4


class Folded(NamedTuple):
    """A name without what varies: `core`, and what its brackets say, mostly a `unit`; `words` are those of the core."""

    core: str
    unit: str
    words: tuple[str, ...]


_PAIRS = (
    "編编 號号 碼码 稱称 單单 種种 類类 別别 項项 備备 註注 說说 內内 區区 縣县 鄉乡 鎮镇 鄰邻 門门 樓楼 層层 電电 "
    "話话 傳传 郵邮 遞递 戶户 縮缩 寫写 簡简 歷历 國国 際际 機机 關关 構构 屬属 轄辖 廳厅 處处 經经 緯纬 時时 間间 "
    "點点 開开 閉闭 結结 終终 啟启 報报 導导 發发 佈布 檢检 驗验 證证 測测 監监 標标 準准 級级 質质 積积 體体 長长 "
    "寬宽 總总 額额 費费 價价 稅税 萬万 億亿 圓圆 錢钱 幣币 帳账 賬账 務务 財财 貸贷 債债 資资 產产 業业 營营 運运 "
    "輸输 車车 輛辆 鐵铁 軌轨 橋桥 樑梁 線线 網网 絡络 頻频 訊讯 設设 廠厂 場场 館馆 廣广 園园 綠绿 樹树 農农 漁渔 "
    "獸兽 飼饲 養养 蟲虫 藥药 醫医 療疗 護护 衛卫 診诊 險险 兒儿 學学 習习 師师 員员 職职 齡龄 歲岁 離离 殘残 難难 "
    "災灾 損损 壞坏 傷伤 數数 據据 應应 該该 與与 於于 從从 後后 廢废 棄弃 氣气 溫温 濕湿 風风 雲云 環环 維维 淨净 "
    "濃浓 濁浊 鹽盐 鹼碱 銅铜 鋅锌 鉛铅 鎘镉 鎳镍 鋁铝 錳锰 課课 題题 態态 狀状 況况 擬拟 劃划 計计 畫划 書书 許许 "
    "執执 審审 冊册 銷销 變变 續续 轉转 讓让 買买 賣卖 購购 進进 貨货 櫃柜 倉仓 儲储 庫库 圖图 紙纸 張张 頁页 檔档 "
    "聯联 繫系 訪访 問问 視视 聽听 觀观 覽览 遊游 獎奖 懲惩 罰罚 違违 規规 條条 則则 預预 決决 補补 貼贴 貧贫 裡里 "
    "裏里 祕秘 臺台 參参 異异 動动 圍围 範范 義义 適适 達达 連连 選选 負负 責责 軍军 鎖锁 華华 東东 陸陆 島岛 灣湾 "
    "溝沟 潔洁 滅灭 獲获 現现 礦矿 穀谷 糧粮 紅红 組组 織织 約约 給给 統统 綜综 縱纵 繳缴 聲声 腦脑 葉叶 蓋盖 衝冲 "
    "複复 復复 親亲 訂订 記记 討讨 詢询 試试 語语 請请 論论 調调 談谈 議议 識识 貢贡 賠赔 趨趋 軟软 載载 輔辅 辦办 "
    "鄭郑 銀银 錄录 錯错 顯显 飲饮 駐驻 麥麦 齊齐"
)
TO_SIMPLIFIED = {pair[0]: pair[1] for pair in _PAIRS.split()}
"""Traditional characters of titles → their simplified forms."""

_SIMPLER = str.maketrans(TO_SIMPLIFIED)
_BRACKETS = re.compile(r"[(\[{【〔〖〈《「『]([^()\[\]{}【】〔〕〖〗〈〉《》「」『』]*)[)\]}】〕〗〉》」』]")
_HUMP = re.compile(r"([a-z0-9])([A-Z])")
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNIT = re.compile(r"(?:计量单位|单位|units?)(?=.)")
_HAN = re.compile("[\u3400-\u9fff]")
_PARTICLES = str.maketrans("", "", "的之与和及")
_TAILS = "数名值量"


@lru_cache(maxsize=8192)
def fold(text: str) -> Folded:
    """The common form of a name; its core is empty where the name is made of punctuation alone."""
    if len(text) > LONGEST:
        return Folded(text, "", ())
    plain = unicodedata.normalize("NFKC", text)
    words = _split(_BRACKETS.sub(" ", plain))
    if not words:  # all of it is in brackets
        words = _split(plain)
        return Folded(_join(words), "", words)
    unit = "".join(_join(_split(found)) for found in _BRACKETS.findall(plain))
    return Folded(_join(words), _UNIT.sub("", unit, count=1), words)


def list_near(folded: Folded) -> list[str]:
    """Keys of which names that are nearly the same have one in common; names that have one need not be (`is_near`)."""
    if _HAN.search(folded.core):
        return [_find_stem(folded.core)]
    text = " ".join(folded.words)
    if not text:
        return []
    found = [text]
    for number, word in enumerate(folded.words):
        if _is_long(word) or _is_long(word + "x"):
            start = sum(len(before) + 1 for before in folded.words[:number])
            found += [text[: start + place] + text[start + place + 1 :] for place in range(1, len(word))]
    return found


def is_near(one: Folded, other: Folded) -> bool:
    """Whether two names of the same unit differ by a slip.

    In a Latin name one word of five letters or more has a letter too many, too few, wrong, or two swapped, not the
    first, nor a wrong last one (`series_a` is not `series_b`). A Chinese name of four characters or more has a
    particle or a closing 数, 名, 值 or 量 more: any other character may well tell it from its neighbour.
    """
    if one.unit != other.unit or one.core == other.core:
        return False
    if _HAN.search(one.core):
        return _find_stem(one.core) == _find_stem(other.core)
    differing = [pair for pair in zip(one.words, other.words, strict=False) if pair[0] != pair[1]]
    return len(one.words) == len(other.words) and len(differing) == 1 and _is_slip(*sorted(differing[0], key=len))


def _split(text: str) -> tuple[str, ...]:
    text = _HUMP.sub(r"\1 \2", text).casefold()
    text = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    text = text.translate(_SIMPLER)
    return tuple("".join(" " if _separates(char) else char for char in text).split())


def _separates(char: str) -> bool:
    return unicodedata.category(char)[0] in "ZCP" and char not in "%‰"


def _join(words: tuple[str, ...]) -> str:
    """Words without what separates them, but for a point where numbers would run into one another."""
    text = ""
    for word in words:
        text += "." + word if text[-1:].isdigit() and word[0].isdigit() else word
    return text


def _find_stem(core: str) -> str:
    bare = core.translate(_PARTICLES)
    return bare[:-1] if len(bare) > _SHORT_NAME and bare[-1] in _TAILS else bare


def _is_long(word: str) -> bool:
    return len(word) >= _SHORT_WORD and word.isascii() and word.isalpha()


def _is_slip(short: str, long: str) -> bool:
    if not (_is_long(long) and short.isascii() and short.isalpha()) or len(long) - len(short) > 1:
        return False
    start = next((place for place, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if start == 0:
        return False
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    if short[start + 1 :] == long[start + 1 :]:
        return start < len(long) - 1
    swapped = long[:start] + long[start + 1 : start + 2] + long[start] + long[start + 2 :]
    return short == swapped
