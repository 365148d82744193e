"""Patterns of e-mail addresses, vehicle plates and social accounts inside a text, for RE2 and for Python alike.

Source: GA 36-2018 (plates: province, letter, 5 or 6 letters and digits without I and O); RFC 5322 for addresses.
"""

EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,4}[A-Za-z]{2,12}"
_PLAIN, _LETTER = "[A-HJ-NP-Z0-9]", "[A-HJ-NP-Z]"
_LAST = "[A-HJ-NP-Z0-9挂学警港澳]"
PLATE = (
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·•・ -]?"
    f"(?:[0-9]{_PLAIN}{{3,4}}{_LAST}|{_LETTER}[0-9]{_PLAIN}{{2,3}}{_LAST}|{_LETTER}{{2}}[0-9]{_PLAIN}{{1,2}}{_LAST}"
    f"|{_LETTER}{{3}}[0-9]{_PLAIN}?{_LAST})"
)
SOCIAL = r"(?:微信|QQ|WeChat|微博)(?:账号|帐号|号码|号)?[：:为是 ]{1,3}[A-Za-z0-9_-]{5,20}"
"""Patterns inside a text; what is around them is for the caller to look at."""
