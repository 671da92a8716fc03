"""The scripts of BehaviorTree.CPP 4: assignments and conditions on the blackboard.

``a := 1; b += a * 2``, ``!(speed > 2.5) && mood == 'shy'``, ``x = ready ? 1 : 2``. Values are numbers and texts; on the
blackboard, what reads as a number is one. ``:=`` makes a key, the other assignments need it to be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import add, ge, gt, le, lt, mul, sub, truediv

from drivesim.behaviors.board import Board
from drivesim.errors import ScenarioError, did_you_mean

Value = float | str
Step = Callable[[Board], Value]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<text>'[^']*')|(?P<name>[A-Za-z_@]\w*)"
    r"|(?P<sign>:=|\+=|-=|\*=|/=|==|!=|<=|>=|&&|\|\||\.\.|[-+*/<>=!?:;()]))"
)
_LEVELS: tuple[tuple[str, ...], ...] = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">="), ("..",), ("+", "-"),
                                        ("*", "/"))  # fmt: skip
"""Operators of two sides, the loosest first."""
_ARITHMETIC = {"+": add, "-": sub, "*": mul, "/": truediv}
_ORDER = {"<": lt, "<=": le, ">": gt, ">=": ge}
_WORDS = {"true": 1.0, "false": 0.0}


def text_of(value: Value) -> str:
    """As the blackboard holds it."""
    return value if isinstance(value, str) else f"{value:g}" if value == round(value, 4) else repr(value)


def value_of(text: str) -> Value:
    """What a text of the blackboard means in a script."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        return float(text)
    except ValueError:
        return text


def is_true(value: Value) -> bool:
    return value not in (0.0, "", "false")


@lru_cache(maxsize=1024)
def compile_script(code: str) -> Callable[[Board], Value]:
    """The script as something to run; it answers what its last statement does.

    Raises:
        ScenarioError: the script cannot be read.
    """
    return _Parser(code).script()


def names_assigned(code: str) -> set[str]:
    """Keys that a script may make."""
    return set(re.findall(r"([A-Za-z_@]\w*)\s*:=", code))


class _Parser:
    """Recursive descent over the tokens of one script."""

    def __init__(self, code: str) -> None:
        self._code, self._tokens, self._at = code, [], 0
        position = 0
        while code[position:].strip():
            found = _TOKEN.match(code, position)
            if found is None:
                raise self._error(f"cannot be read at '{code[position:].strip()[:12]}'")
            kind = str(found.lastgroup)
            self._tokens.append((kind, found.group(kind)))
            position = found.end()

    def _error(self, problem: str) -> ScenarioError:
        return ScenarioError(
            f"script '{self._code}' {problem}", remedy="see docs/behaviors.md for what scripts can say"
        )

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        kind, text = self._tokens[place] if place < len(self._tokens) else ("end", "")
        return text if kind in ("sign", "name", "number") else f" {kind}"

    def _take(self, wanted: str | None = None) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._error("ends too early")
        kind, text = self._tokens[self._at]
        if wanted is not None and (kind != "sign" or text != wanted):
            raise self._error(f"has '{text}' where '{wanted}' is wanted")
        self._at += 1
        return kind, text

    def script(self) -> Step:
        steps: list[Step] = []
        while self._at < len(self._tokens):
            if self._peek() == ";":
                self._take()
                continue
            steps.append(self._statement())
            if self._at < len(self._tokens):
                self._take(";")
        if not steps:
            raise self._error("says nothing")

        def run(board: Board) -> Value:
            return [step(board) for step in steps][-1]

        return run

    def _statement(self) -> Step:
        sign = self._peek(1)
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "name" and sign in (
            ":=", "=", "+=", "-=", "*=", "/=",
        ):  # fmt: skip
            name = self._take()[1]
            self._take()
            value = self._choice()
            return self._assign(name, sign, value)
        return self._choice()

    def _assign(self, name: str, sign: str, value: Step) -> Step:
        def run(board: Board) -> Value:
            new = value(board)
            if sign != ":=":
                old = _read(board, name)
                new = new if sign == "=" else _calculate(sign[0], old, new)
            board[name] = text_of(new)
            return new

        return run

    def _choice(self) -> Step:
        condition = self._binary(0)
        if self._peek() != "?":
            return condition
        self._take()
        then = self._choice()
        self._take(":")
        other = self._choice()
        return lambda board: then(board) if is_true(condition(board)) else other(board)

    def _binary(self, level: int) -> Step:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in _LEVELS[level] and self._tokens[self._at][0] == "sign":
            left = _joined(self._take()[1], left, self._binary(level + 1))
        return left

    def _unary(self) -> Step:
        kind, text = self._take()
        if kind == "number":
            number = float(text)
            return lambda _: number
        if kind == "text":
            return lambda _: text[1:-1]
        if kind == "name":
            return (lambda _: _WORDS[text]) if text in _WORDS else (lambda board: _read(board, text))
        if text == "(":
            inner = self._choice()
            self._take(")")
            return inner
        if text == "!":
            inner = self._unary()
            return lambda board: float(not is_true(inner(board)))
        if text == "-":
            inner = self._unary()
            return lambda board: _calculate("*", -1.0, inner(board))
        raise self._error(f"has '{text}' where a value is wanted")


def _joined(sign: str, left: Step, right: Step) -> Step:
    if sign == "&&":
        return lambda board: float(is_true(left(board)) and is_true(right(board)))
    if sign == "||":
        return lambda board: float(is_true(left(board)) or is_true(right(board)))
    if sign == "==":
        return lambda board: float(left(board) == right(board))
    if sign == "!=":
        return lambda board: float(left(board) != right(board))
    return lambda board: _calculate(sign, left(board), right(board))


def _calculate(sign: str, left: Value, right: Value) -> Value:
    if sign == ".." or (sign == "+" and isinstance(left, str) and isinstance(right, str)):
        return text_of(left) + text_of(right)
    if isinstance(left, str) or isinstance(right, str):
        if sign in _ORDER and isinstance(left, str) and isinstance(right, str):
            return float(_ORDER[sign](left, right))
        raise ScenarioError(f"'{left}' {sign} '{right}' cannot be calculated", element="script",
                            remedy="compare texts with == or !=, join them with ..")  # fmt: skip
    if sign == "/" and right == 0.0:
        raise ScenarioError("a script divides by zero", element="script", remedy="check for it with ? :")
    return float(_ORDER[sign](left, right)) if sign in _ORDER else float(_ARITHMETIC[sign](left, right))


def _read(board: Board, name: str) -> Value:
    text = board.get(name)
    if text is None:
        raise ScenarioError(f"a script reads '{name}', which nothing has set", element="script",
                            remedy=did_you_mean(name, board.keys()) or "set it with :=")  # fmt: skip
    return value_of(text)
