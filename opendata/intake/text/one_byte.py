"""Encodings of one byte a character, in which any bytes are valid: chosen by the letters that languages use.

In: a text as some encoding reads it      Out: how many bits it takes in the language it fits best
"Łódź, Gdańsk" (cp1250: Polish)           few
"£ódŸ, Gdañsk" (cp1252)                   many: signs within words, letters of several languages

The letters of each language, without those of ASCII, are in the order of how often they occur. The lists are our own.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from math import log2

_LETTERS: Mapping[str, str] = {
    "french": "éèàêçôîùâûëïœüÿæ",
    "german": "üäößé",
    "spanish": "óáéíñúü",
    "portuguese": "ãçéáõíóêúâôàü",
    "italian": "àèùòìéîï",
    "nordic": "äöåøæéüà",
    "dutch": "ëéïèüöó",
    "icelandic": "íáðéþúýóöæ",
    "polish": "łęążśóćńź",
    "czech": "íáéěýžřščůúťďňóôľĺŕä",
    "hungarian": "éáöíóőüúű",
    "romanian": "ăîâşţșț",
    "croatian": "čćšžđ",
    "turkish": "ışğüöçâîû",
    "lithuanian": "ėšųžąįūęč",
    "latvian": "āīēšūņļžķģčō",
    "estonian": "äõüöšž",
    "greek": "αοιετσνηυρπκμλωςήάίόγδχθφέώύβξζψϊϋΐΰ",
    "russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "ukrainian": "оаинвіетрсклмдупяьзгйбчхїцжшюєщфґ",
    "bulgarian": "аоиентрсвлкдпмъзгубяцчйжщхшфю",
    "serbian": "аоиенсртјукдвмлпзгбцчшхљњжђћџф",
    "hebrew": "יוהלאתרשמבנדקםחפעגצטסזךכןףץ",
    "arabic": "اليمنوتربةعدسفحقكهجشطصخأإىءذضزثغظآؤئًٌٍَُِّْـ",
    "persian": "ایرنمدهوتبسشکزفعجپحخقگطلصژآچغذضءئ",
    "thai": "านรอกเงมยลวดทสตะปบคหแจพชขใไโผถศซณฐธภัี่้ิ์ุูํ็ึืำฝษญฟฉฮฎฏฑฒฆฬๆฯ๐๑๒๓๔๕๖๗๘๙",
    "vietnamese": "đưôơêâă\u0300\u0301\u0323\u0309\u0303àáéèíóòúùýãõì",
}
_WESTERN = ("french", "german", "spanish", "portuguese", "italian", "nordic", "dutch", "icelandic")
_CENTRAL = ("polish", "czech", "hungarian", "romanian", "croatian", "german")
_BALTIC = ("lithuanian", "latvian", "estonian")
_CYRILLIC = ("russian", "ukrainian", "bulgarian", "serbian")

ENCODINGS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (3.0, _WESTERN),
    "cp1250": (4.0, _CENTRAL),
    "cp1251": (4.0, _CYRILLIC),
    "cp1253": (4.5, ("greek",)),
    "cp1254": (4.5, ("turkish",)),
    "cp1255": (4.5, ("hebrew",)),
    "cp1256": (4.5, ("arabic", "persian")),
    "cp1257": (5.0, _BALTIC),
    "cp1258": (5.5, ("vietnamese",)),
    "cp874": (4.5, ("thai",)),
    "iso8859_2": (5.0, _CENTRAL),
    "iso8859_5": (6.5, _CYRILLIC),
    "iso8859_7": (6.0, ("greek",)),
    "iso8859_8": (6.0, ("hebrew",)),
    "iso8859_6": (6.0, ("arabic",)),
    "iso8859_9": (6.0, ("turkish",)),
    "iso8859_13": (6.5, _BALTIC),
    "iso8859_15": (5.5, _WESTERN),
    "koi8_r": (5.0, ("russian", "bulgarian")),
    "koi8_u": (6.0, ("ukrainian",)),
    "cp866": (5.5, ("russian", "ukrainian")),
    "mac_roman": (5.5, _WESTERN),
    "mac_latin2": (7.0, _CENTRAL),
    "mac_cyrillic": (7.0, _CYRILLIC),
    "cp850": (6.0, _WESTERN),
    "cp852": (6.0, _CENTRAL),
}
"""Python's name → how much rarer than GB18030 such files are, in bits, and the languages it is used for."""

USUAL_BITS = 9.0
"""Bits for each character that isn't ASCII: text that takes more is in no language of its encoding."""

_COMMON_SIGNS = "°–—’‘“”„«»·•²³€£§…№±½©®µªº\u00a0\u200e\u200f،؛؟˚ʼ×"
_LETTER_SHARE = 0.9
_SIGN_SHARE = 0.08
_UNUSUAL_BITS = 18.0
_BROKEN_BITS = 40.0
_CAPITAL_BITS = 1.5
_ODD_PAIR_BITS = 6.0


def measure_one_byte(text: str, encoding: str) -> float:
    """How many bits the characters beyond ASCII take, in the best of the encoding's languages."""
    prior, languages = ENCODINGS[encoding]
    counts = Counter(letter for letter in text if letter >= "\x80")
    best = min(
        sum(_bits(letter, _rank(language)) * count for letter, count in counts.items()) for language in languages
    )
    return prior + best + _ODD_PAIR_BITS * _count_odd_pairs(text)


@cache
def _rank(language: str) -> Mapping[str, float]:
    """The bits of each letter: the n-th most frequent takes the share of 1/(n+1)."""
    letters = _LETTERS[language]
    total = sum(1 / (place + 2) for place in range(len(letters)))
    found = {letter: log2(total * (place + 2) / _LETTER_SHARE) for place, letter in enumerate(letters)}
    found |= {
        capital: bits + _CAPITAL_BITS
        for letter, bits in list(found.items())
        if len(capital := letter.upper()) == 1 and capital not in found
    }
    if language == "turkish":
        found["İ"] = found["ı"] + _CAPITAL_BITS
    return found | {sign: log2(len(_COMMON_SIGNS) / _SIGN_SHARE) for sign in _COMMON_SIGNS if sign not in found}


def _bits(letter: str, rank: Mapping[str, float]) -> float:
    found = rank.get(letter)
    if found is not None:
        return found
    is_broken = letter == "\ufffd" or unicodedata.category(letter) in ("Cc", "Co", "Cn")
    return _BROKEN_BITS if is_broken else _UNUSUAL_BITS


def _count_odd_pairs(text: str) -> int:
    """Where two characters side by side are as no language writes them: caFé, na•ve, cafщ."""
    odd = 0
    before, run = " ", 0
    for letter, after in zip(text, text[1:] + " ", strict=True):
        run = run + 1 if letter >= "\x80" and letter.isalpha() and _script(letter) == "LATIN" else 0
        odd += run > 2  # a Latin word has two letters beyond ASCII side by side at most
        if letter >= "\x80" or before >= "\x80":
            if letter.isupper() and (before.islower() or not (before.isalnum() or after.isalnum())):
                odd += 1
            elif letter.isalpha() and before.isalpha():
                odd += _script(letter) != _script(before)
            elif letter >= "\x80" and not letter.isalnum() and not _is_mark(letter):
                odd += before.isalpha() and after.isalpha() and letter not in "’‘·ʼ"
        before = letter
    return odd


def _is_mark(letter: str) -> bool:
    return unicodedata.combining(letter) > 0 or unicodedata.category(letter) == "Mn"


@cache
def _script(letter: str) -> str:
    if letter < "\x80":
        return "LATIN"
    name = unicodedata.name(letter, "?").split(" ", 1)[0]
    return "LATIN" if name in ("FEMININE", "MASCULINE", "MICRO") else name
