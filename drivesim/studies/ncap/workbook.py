"""Run by the official calculator's own Python, never imported: fills its workbook, asks it for colours and scores.

The calculator needs pandas below 3 and openpyxl, which drivesim does not; so this file imports nothing of drivesim.
``python workbook.py FOLDER``: reads ``cells.json`` there, leaves ``scored.json``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
from euroncap_rating_2026 import common
from euroncap_rating_2026.crash_avoidance import matrix_processing

SHEETS = dict.fromkeys(
    ("CCRs", "CCRm", "CCRb", "CCFhos", "CCFhol", "CCFtap", "CCCscp", "CMRs", "CMRb", "CMFtap", "CMCscp"),
    "FC - Car & PTW",
)
PEOPLE = "FC - Ped & Cyc"
TURNS = {
    f"{who}{side[0].lower()}{way}": (f"{who}f{way} & {who}n{way}", side)
    for who in ("CPTA", "CBTA")
    for way in ("s", "o")
    for side in ("Farside", "Nearside")
}
"""Matrix of a test, and what its rows say, where two tests share one."""


def calculator(folder: Path, *words: str) -> None:
    """Run one step of the calculator."""
    command = [sys.executable, "-m", "euroncap_rating_2026", "crash_avoidance", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0 or "Error" in done.stdout:
        raise SystemExit(f"the calculator refused at {words[0]}: {(done.stdout + done.stderr)[-800:]}")


def heading(cell: dict[str, Any]) -> str:
    """Of the cell's column where verified points are listed: impact location, or speed of who is turned across."""
    place = cell["impact_location"]
    return f"{cell['target_speed']} km/h" if place is None else f"{round(100 * place)}%"


def loadcases(given: dict[str, Any]) -> set[str]:
    """The scenarios of which there are cells, as inputs and layers name them."""
    return {
        cell["test"].split()[0][:4] if cell["test"] in TURNS else cell["test"].split()[0] for cell in given["cells"]
    }


def loadcase(matrix: str) -> str:
    """Of a matrix."""
    return matrix[:4] if "&" in matrix else matrix.split()[0]


def presume_red(sheet: Any, claimed: set[str]) -> None:
    """Every cell of claimed tests red: a cell that is left empty would be scored as if it were good."""
    rows, matrix = set(), ""
    for row in range(1, sheet.max_row + 1):
        name = str(sheet.cell(row, 1).value or "")
        if name and not name.endswith("km/h"):
            matrix = name
        elif name and loadcase(matrix) in claimed:
            rows.add(row)
    for rule in sheet.data_validations.dataValidation:
        if "Green" in str(rule.formula1):
            for box in rule.sqref.ranges:
                for row, column in box.cells:
                    if row in rows:
                        sheet.cell(row, column).value = "Red"


def declare_warnings(sheet: Any, claimed: set[str]) -> None:
    """Rows of CPLA and CBLA in which a warning may be claimed instead of braking: claimed as such, and red."""
    matrix = ""
    for row in range(1, sheet.max_row + 1):
        name = str(sheet.cell(row, 1).value or "")
        matrix = name if name and not name.endswith("km/h") else matrix
        if name.endswith("km/h") and loadcase(matrix) in claimed & {"CPLA", "CBLA"} and not sheet.cell(row, 3).value:
            sheet.cell(row, 3).value = "FCW"


def fill_predictions(book: Any, given: dict[str, Any]) -> None:
    """Colours of all cells, self-claimed; robustness layers YES or NO where the sheet asks."""
    claimed = loadcases(given)
    for prefix in (*dict.fromkeys(SHEETS.values()), PEOPLE):
        presume_red(book[f"{prefix} pred."], claimed)
    declare_warnings(book[f"{PEOPLE} pred."], claimed)
    sheet = book["Input parameters"]
    for row in range(1, sheet.max_row + 1):
        if sheet.cell(row, 5).value in claimed:
            for part in (row, row + 1):
                sheet.cell(part, 7).value = "Self claimed"
    for cell in given["cells"]:
        sheet = book[f"{SHEETS.get(cell['test'], PEOPLE)} pred."]
        matrix, side = TURNS.get(cell["test"], (cell["test"], None))
        top = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == matrix)
        wanted = heading(cell) if cell["impact_location"] is None else cell["impact_location"]
        column = next(c for c in range(4, 12) if sheet.cell(top + 1, c).value == wanted)
        row = next(
            r
            for r in range(top + 2, top + 14)
            if sheet.cell(r, 1).value == f"{cell['speed']} km/h" and side in (None, sheet.cell(r, 2).value)
        )
        sheet.cell(row, column).value = cell["colour"].capitalize()
        if cell["test"] in ("CCRs", "CMRs"):
            sheet.cell(row, 3).value = "AEB"
    for sheet in (book[name] for name in book.sheetnames if name.endswith("robust. pred.")):
        columns = {sheet.cell(1, c).value: c for c in range(1, sheet.max_column + 1)}
        for rule in sheet.data_validations.dataValidation:
            if "YES" not in str(rule.formula1):
                continue
            for box in rule.sqref.ranges:
                for row, column in box.cells:
                    sheet.cell(row, column).value = "NO"
        for row in range(2, sheet.max_row + 1):
            for test in given["robust"].get(sheet.cell(row, 2).value, []):
                if test in columns and sheet.cell(row, columns[test]).value == "NO":
                    sheet.cell(row, columns[test]).value = "YES"


def fill_measurements(book: Any, given: dict[str, Any]) -> int:
    """What was measured at the points chosen to be verified, the worst where none was played, no time to collision
    where a warning was; their count."""
    claimed = loadcases(given)
    speeds = {(*TURNS.get(c["test"], (c["test"], None)), c["speed"], heading(c)): c["measured"] for c in given["cells"]}
    count = 0
    for prefix in (*dict.fromkeys(SHEETS.values()), PEOPLE):
        sheet, heads = book[f"{prefix} verif."], dict[str, int]()
        for row in range(1, sheet.max_row + 1):
            words = [sheet.cell(row, column).value for column in range(1, sheet.max_column + 1)]
            if words[0] == "Scenario":
                heads = {word: column for column, word in enumerate(words, start=1) if word}
            elif words[0] == "General requirements":
                sheet.cell(row, heads["Value"]).value = "PASS"
            elif loadcase(str(words[0])) in claimed and "VUT speed" in heads:
                speed = int(str(sheet.cell(row, heads["VUT speed"]).value).split()[0])
                place = next(
                    value
                    for head in ("Impact location", "Target speed")
                    if head in heads and (value := sheet.cell(row, heads[head]).value) not in (None, "Not Applicable")
                )
                side = sheet.cell(row, heads["Turn"]).value if "&" in words[0] else None
                worst = 0.0 if words[0] in ("CCFhos", "CCFhol") else float(speed)
                played = speeds.get((words[0], side, speed, place), worst)
                sheet.cell(row, heads["Value"]).value = 0.0 if "FCW" in words else played
                count += 1
    return count


def colours(given: dict[str, Any]) -> list[str]:
    """The calculator's own colour of every cell, from the impact speed alone."""
    found = []
    for cell in given["cells"]:
        point = matrix_processing.TestPoint(row=0, col=0, color=common.PredictionColor.RED)
        ahead = f"{round(cell['target_speed'])} km/h"
        point.attributes = {"VUT speed": f"{cell['speed']} km/h", "Target speed": ahead, "Function": "AEB"}
        matrix = TURNS.get(cell["test"], (cell["test"], None))[0]
        measured = matrix_processing.ComputedTestPoint(point, matrix, cell["measured"])
        found.append(measured.measured_color.value.lower())
    return found


def scores(book: Any) -> dict[str, dict[str, list[float]]]:
    """Score and most that can be had, by scenario and layer."""
    sheet, scenario = book["Scenario Scores"], ""
    found: dict[str, dict[str, list[float]]] = {}
    for row in range(2, sheet.max_row + 1):
        scenario = sheet.cell(row, 5).value or scenario
        score, most = sheet.cell(row, 7).value, sheet.cell(row, 8).value
        if isinstance(score, (int, float)):
            found.setdefault(scenario, {})[sheet.cell(row, 6).value] = [score, most]
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    given = json.loads((folder / "cells.json").read_text())
    calculator(folder, "generate-template")
    book = openpyxl.load_workbook(folder / "ca_template.xlsx")
    fill_predictions(book, given)
    book.save(folder / "predicted.xlsx")
    (folder / "selected").mkdir(exist_ok=True)
    calculator(folder, "preprocess", "-i", "predicted.xlsx", "-o", "selected")
    book = openpyxl.load_workbook(folder / "selected" / "ca_preprocessed_template.xlsx")
    verified = fill_measurements(book, given)
    book.save(folder / "measured.xlsx")
    (folder / "scored").mkdir(exist_ok=True)
    calculator(folder, "compute-score", "-i", "measured.xlsx", "-o", "scored")
    report = next((folder / "scored").glob("*.xlsx"))
    result = {
        "colours": colours(given), "verified": verified, "scores": scores(openpyxl.load_workbook(report)),
        "report": str(report.relative_to(folder)),
    }  # fmt: skip
    (folder / "scored.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
