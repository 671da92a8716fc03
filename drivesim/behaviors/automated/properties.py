"""Properties of a scenario's Controller as values."""

from __future__ import annotations

from collections.abc import Mapping

from drivesim.errors import ScenarioError


def number(properties: Mapping[str, str], name: str, default: float) -> float:
    """A property as a number.

    Raises:
        ScenarioError: it is none.
    """
    text = properties.get(name)
    if text is None:
        return default
    try:
        return float(text)
    except ValueError:
        raise ScenarioError(
            f"'{text}' is no number", element=f"Property {name}", remedy=f"give it a number, as {default:g}"
        ) from None


def truth(properties: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A property as true or false.

    Raises:
        ScenarioError: it is neither.
    """
    text = properties.get(name)
    if text is None:
        return default
    if text.lower() not in ("true", "false"):
        raise ScenarioError(f"'{text}' is neither", element=f"Property {name}", remedy="write true or false")
    return text.lower() == "true"
