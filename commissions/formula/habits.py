"""Functions of spreadsheets and programs that formulas say in another way."""

_ONE_DEAL = (
    "A formula sees one deal at a time; a measure of the plan adds up, and the formula "
    "reads its .total."
)
_SAME_EVERY_DAY = (
    "A formula gives the same on every day; name a date, such as deal.won_on."
)
_TEXT_IS_ASKED = (
    "Texts are compared, not made: ask with contains, starts_with or is_one_of."
)
_POWER = "Write ** and a whole number, as in 2 ** 3."
_REACHES_NOTHING = "A formula can only reckon with what the plan hands to it."

INSTEAD = {
    **dict.fromkeys(("sum", "total", "add"), "Add with +, as in a + b."),
    **dict.fromkeys(
        ("sumif", "sumifs", "countif", "countifs", "averageif", "count", "counta"),
        _ONE_DEAL,
    ),
    **dict.fromkeys(
        ("average", "avg", "mean"), "Add and divide, as in (a + b) / 2."
    ),
    **dict.fromkeys(("product", "multiply"), "Multiply with *, as in a * b."),
    **dict.fromkeys(("mod", "remainder", "fmod"), "Write %, as in a % b."),
    **dict.fromkeys(("quotient", "divide", "div"), "Divide with / or //, as in a / b."),
    **dict.fromkeys(("power", "pow", "square", "exp"), _POWER),
    **dict.fromkeys(("sqrt", "root", "log", "ln", "log10"), "There are no roots here."),
    **dict.fromkeys(
        ("iferror", "ifna", "try"),
        "Ask before you divide: IF(b != 0, a / b, 0).",
    ),
    **dict.fromkeys(
        ("switch", "choose", "case", "xor"), "Put one IF(…) into another, or use lookup."
    ),
    **dict.fromkeys(("today", "now", "date_today", "current_date"), _SAME_EVERY_DAY),
    **dict.fromkeys(
        ("rand", "randint", "random", "randbetween", "uuid"),
        "A formula gives the same each time; nothing in it is left to chance.",
    ),
    **dict.fromkeys(
        ("concatenate", "concat", "left", "right", "mid", "len", "upper", "trim",
         "proper", "substitute", "replace", "text", "value", "str", "split", "join",
         "format", "title", "strip", "chr", "ord", "repeat", "rept", "find"),
        _TEXT_IS_ASKED,
    ),
    **dict.fromkeys(
        ("float", "decimal", "number", "bool"), "Numbers are exact as they are."
    ),
    **dict.fromkeys(
        ("__import__", "eval", "exec", "open", "getattr", "setattr", "globals",
         "locals", "vars", "dir", "type", "print", "input", "compile", "range",
         "list", "dict", "set", "tuple", "map", "filter", "lambda", "isinstance",
         "indirect", "webservice", "importrange", "select"),
        _REACHES_NOTHING,
    ),
}  # fmt: skip

SYNONYMS = {
    "tiered": "marginal",
    "tier": "marginal",
    "tierd": "marginal",
    "graduated": "marginal",
    "rate": "rate_at",
    "effectiverate": "blended_rate",
    "averagerate": "blended_rate",
    "vlookup": "lookup",
    "hlookup": "lookup",
    "xlookup": "lookup",
    "index": "lookup",
    "match": "lookup",
    "interpolate": "curve",
    "isblank": "is_blank",
    "isempty": "is_blank",
    "isnull": "is_blank",
    "coalesce": "or_else",
    "ifblank": "or_else",
    "ifnull": "or_else",
    "nvl": "or_else",
    "roundup": "ceil",
    "ceiling": "ceil",
    "rounddown": "floor",
    "int": "floor",
    "trunc": "floor",
    "truncate": "floor",
    "limit": "clamp",
    "between": "clamp",
    "median": "clamp",
    "cap": "min",
    "prorata": "prorate",
    "datedif": "months_between",
    "datediff": "days_between",
    "days": "days_between",
    "edate": "add_months",
    "dateadd": "add_days",
    "eomonth": "month_end",
    "datevalue": "date",
    "maximum": "max",
    "greatest": "max",
    "minimum": "min",
    "least": "min",
    "oneof": "is_one_of",
    "isin": "is_one_of",
    "search": "contains",
    "includes": "contains",
    "beginswith": "starts_with",
    "lcase": "lower",
    "ifs": "IF",
    "iif": "IF",
    "ifelse": "IF",
    "when": "IF",
    "cond": "IF",
}
