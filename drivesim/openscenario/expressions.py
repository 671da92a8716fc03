"""Expressions ``${...}`` and references ``$name`` in attribute values (OpenSCENARIO XML 1.1 to 1.3, "Expressions").

A recursive-descent parser over a fixed table of operators and functions; nothing else can be called.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

Value = float | int | bool | str

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<reference>\$[A-Za-z_][\w.\-]*?(?=[^\w.]|$|\.(?!\w)))"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<operator>==|!=|<=|>=|&&|\|\||[-+*/%(),<>!]))"
)


class ExpressionError(ValueError):
    """An expression that cannot be computed; the caller knows where it stood."""


def round_half_away(value: float) -> float:
    """Nearest integer, halves away from zero."""
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _sign(value: float) -> float:
    return 0.0 if value == 0 else math.copysign(1.0, value)


FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "pow": (2, math.pow), "sqrt": (1, math.sqrt), "sin": (1, math.sin), "cos": (1, math.cos), "tan": (1, math.tan),
    "asin": (1, math.asin), "acos": (1, math.acos), "atan": (1, math.atan), "abs": (1, abs), "sign": (1, _sign),
    "min": (2, min), "max": (2, max), "round": (1, round_half_away), "floor": (1, math.floor), "ceil": (1, math.ceil),
}  # fmt: skip
"""Number of arguments and meaning; angles in radians."""

CONSTANTS: dict[str, Value] = {"true": True, "false": False, "pi": math.pi, "e": math.e}

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b, "eq": lambda a, b: a == b, "!=": lambda a, b: a != b, "ne": lambda a, b: a != b,
    "<": lambda a, b: a < b, "lt": lambda a, b: a < b, "<=": lambda a, b: a <= b, "le": lambda a, b: a <= b,
    ">": lambda a, b: a > b, "gt": lambda a, b: a > b, ">=": lambda a, b: a >= b, "ge": lambda a, b: a >= b,
}  # fmt: skip


class _Token(NamedTuple):
    kind: str
    text: str


@lru_cache(maxsize=1024)
def _tokens(source: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    at = 0
    end = len(source.rstrip())
    while at < end:
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"cannot read '{source[at:].strip()}' in '{source}'")
        found.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return *found, _Token("end", "")


DEEPEST = 40
"""Brackets, signs and negations inside one another."""


class _Parser:
    """Precedence, loosest first: or, and, not, comparison, sum, product, sign, atom."""

    def __init__(self, source: str, names: Mapping[str, Value]) -> None:
        self.source, self.names = source, names
        self.tokens, self.at, self.depth = _tokens(source), 0, 0

    @property
    def now(self) -> str:
        return self.tokens[self.at].text

    def take(self, *texts: str) -> str | None:
        token = self.tokens[self.at]
        if token.kind in ("operator", "name") and token.text in texts:
            self.at += 1
            return token.text
        return None

    def need(self, text: str) -> None:
        if self.take(text) is None:
            raise ExpressionError(f"expected '{text}' before '{self.now or 'the end'}' in '{self.source}'")

    def whole(self) -> Value:
        value = self.disjunction()
        if self.tokens[self.at].kind != "end":
            raise ExpressionError(f"unexpected '{self.now}' in '{self.source}'")
        return value

    def disjunction(self) -> Value:
        left = self.conjunction()
        while self.take("or", "||"):
            right = self.conjunction()
            left = self.truth(left) or self.truth(right)
        return left

    def conjunction(self) -> Value:
        left = self.negation()
        while self.take("and", "&&"):
            right = self.negation()
            left = self.truth(left) and self.truth(right)
        return left

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError("nested too deep")
        yield
        self.depth -= 1

    def negation(self) -> Value:
        if self.take("not", "!"):
            with self.deeper():
                return not self.truth(self.negation())
        return self.comparison()

    def comparison(self) -> Value:
        left = self.sum()
        while operator := self.take(*_COMPARE):
            right = self.sum()
            if isinstance(left, str) != isinstance(right, str):
                left, right = self.number(left), self.number(right)
            left = _COMPARE[operator](left, right)
        return left

    def sum(self) -> Value:
        left = self.product()
        while operator := self.take("+", "-"):
            right = self.product()
            if operator == "+" and isinstance(left, str) and isinstance(right, str):
                left = left + right
            else:
                left = self.number(left) + self.number(right) * (1 if operator == "+" else -1)
        return left

    def product(self) -> Value:
        left = self.signed()
        while operator := self.take("*", "/", "%"):
            a, b = self.number(left), self.number(self.signed())
            if operator != "*" and b == 0:
                raise ExpressionError(f"division by zero in '{self.source}'")
            left = a * b if operator == "*" else a / b if operator == "/" else math.fmod(a, b)
        return left

    def signed(self) -> Value:
        if operator := self.take("+", "-"):
            with self.deeper():
                value = self.number(self.signed())
            return -value if operator == "-" else value
        return self.atom()

    def atom(self) -> Value:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return float(text) if any(c in text for c in ".eE") else int(text)
        if kind == "text":
            return text[1:-1]
        if kind == "reference":
            if text[1:] not in self.names:
                raise ExpressionError(f"no parameter is called '{text[1:]}'")
            return self.names[text[1:]]
        if kind == "name" and text in FUNCTIONS:
            return self.call(text)
        if kind == "name" and text in CONSTANTS:
            return CONSTANTS[text]
        if text == "(":
            with self.deeper():
                value = self.disjunction()
            self.need(")")
            return value
        raise ExpressionError(f"unexpected '{text or 'end'}' in '{self.source}'")

    def call(self, name: str) -> float:
        self.need("(")
        with self.deeper():
            arguments = [self.number(self.disjunction())]
            while self.take(","):
                arguments.append(self.number(self.disjunction()))
        self.need(")")
        count, function = FUNCTIONS[name]
        if len(arguments) != count:
            raise ExpressionError(f"{name}() takes {count} value(s), not {len(arguments)}, in '{self.source}'")
        try:
            return function(*arguments)
        except (ValueError, OverflowError) as error:
            shown = ", ".join(f"{a:g}" for a in arguments)
            raise ExpressionError(f"{name}({shown}) has no value in '{self.source}'") from error

    def number(self, value: Value) -> float:
        """A number; also that which a text holds: published scenarios calculate with parameters of type string."""
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            return float(value)
        if isinstance(value, (bool, str)):
            raise ExpressionError(f"'{value}' is not a number in '{self.source}'")
        return value

    def truth(self, value: Value) -> bool:
        if isinstance(value, bool):
            return value
        raise ExpressionError(f"'{value}' is neither true nor false in '{self.source}'")


def evaluate(source: str, names: Mapping[str, Value]) -> Value:
    """The value of an expression, given without its ``${`` and ``}``.

    Raises:
        ExpressionError: syntax, an unknown name, a wrong type or a value without result.
    """
    try:
        return _Parser(source, names).whole()
    except OverflowError as error:
        raise ExpressionError(f"a number grows out of range in '{source}'") from error


def resolve(text: str, names: Mapping[str, Value]) -> Value:
    """What an attribute value means: the text itself, a ``$reference``, or an ``${expression}``."""
    if text.startswith("${") and text.endswith("}"):
        return evaluate(text[2:-1], names)
    if text.startswith("$"):
        if text[1:] not in names:
            raise ExpressionError(f"no parameter is called '{text[1:]}'")
        return names[text[1:]]
    return text.replace("\\$", "$")


def joined_words(text: str, names: Mapping[str, Value]) -> str | None:
    """Words and references joined by ``+``, as some editors write names; None where ``text`` is something else."""
    if not (text.startswith("${") and text.endswith("}")):
        return None
    words = [word.strip() for word in text[2:-1].split("+")]
    if not all(re.fullmatch(r"\$?[\w .\-]+", word) and word.removeprefix("$") for word in words):
        return None
    try:
        return "".join(as_text(names[word[1:]]) if word.startswith("$") else word for word in words)
    except KeyError:
        return None


def as_text(value: Value) -> str:
    """A value written as an attribute would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
