"""What a query may be made of. Whatever isn't listed here is refused.

The functions are those of DuckDB that take values and give values of bounded size: none reads a file, shows the
state of the engine, depends on the time or on chance, or makes long texts or lists out of short ones.
"""

from __future__ import annotations

_STRUCTURE = """
    Add Alias And Between Boolean Case Cast Column DPipe DataType DataTypeParam Distinct Div EQ Escape Filter GT GTE
    Identifier If ILike In IntDiv Interval Is LT LTE Like Literal Mod Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ Or
    Order Ordered Paren Star Sub TryCast Tuple Var Where Window WindowSpec
"""

_SELECT = """
    CTE EQ Except Exists From Group Having Intersect Join Limit Offset Qualify Select Subquery Table TableAlias Union
    With
"""

_FUNCTIONS = """
    Abs Ceil Coalesce Concat ConcatWs Contains DateDiff DateFromParts DateTrunc Day DayOfMonth DayOfWeek DayOfYear
    EndsWith Exp Extract Floor Greatest Hour Least LastDay Left Length Ln Log Lower Minute Month Monthname Nullif Pow
    Quarter RegexpLike Replace Reverse Right Round Second Sign Sqrt StartsWith StrPosition Substring TimeToStr
    TimestampTrunc Trim Trunc Upper Week Year
    IsInf IsNan
"""

_AGGREGATES = """
    ArgMax ArgMin Avg Corr Count CountIf CovarPop CovarSamp LogicalAnd LogicalOr Max Median Min Mode PercentileCont
    PercentileDisc Quantile Stddev StddevPop StddevSamp Sum Variance VariancePop
"""

_WINDOWS = """
    CumeDist DenseRank FirstValue Lag LastValue Lead Ntile PercentRank Rank RowNumber
"""

_EXACT = """
    Count CountIf Max Min LogicalAnd LogicalOr Median PercentileCont PercentileDisc Quantile
"""
EXACT = frozenset(_EXACT.split())
"""Aggregates whose result never depends on the order in which rows come together."""

AGGREGATES = frozenset(_AGGREGATES.split())
WINDOWS = frozenset(_WINDOWS.split())
EXPRESSIONS = frozenset((_STRUCTURE + _FUNCTIONS).split())
SELECTS = EXPRESSIONS | AGGREGATES | WINDOWS | frozenset(_SELECT.split())

_NAMED = """
    count_star endswith ends_with isfinite date_part prefix
    round_even strip_accents suffix weekday yearweek
"""
NAMED = frozenset(_NAMED.split())
"""Functions that the parser knows by name only."""

_TYPES = """
    BIGINT BOOLEAN DATE DECIMAL DOUBLE FLOAT INT INTEGER SMALLINT TEXT TIMESTAMP TIMESTAMPNTZ TIMESTAMPTZ
    TINYINT VARCHAR
"""
TYPES = frozenset(_TYPES.split())
"""Types that a value may be cast to."""

OFFERED = (
    "abs, avg, ceil, coalesce, concat, contains, corr, count, date_diff, date_trunc, day, ends_with, extract, floor,"
    " greatest, lag, lead, least, left, length, ln, lower, max, median, min, mode, month, nullif, quantile_cont,"
    " quarter, rank, regexp_matches, replace, right, round, row_number, sqrt, starts_with, stddev, strftime, substring,"
    " sum, trim, upper, variance, week, year"
)
