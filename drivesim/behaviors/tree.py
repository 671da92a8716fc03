"""Behaviour trees as files: BehaviorTree.CPP 4 XML to a checked model.

The format is that of BehaviorTree.CPP 4.x and its editor Groot2. Every node and port is checked against
:data:`~drivesim.behaviors.nodes.NODES`; what is unknown is refused with its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lxml import etree

from drivesim.behaviors.board import Ports
from drivesim.behaviors.nodes import AFTER, BEFORE, BRANCHING, CONTROL, DECORATORS, NODES, SWITCHES
from drivesim.behaviors.script import compile_script
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.xmlfile import parse_xml

_SCRIPTED = ("Script", "ScriptCondition", "Precondition")
_EVERYWHERE = {"name", "ID", "_description", "_uid", "_fullpath"}


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a tree; ``ports`` are texts, ``{key}`` refers to the blackboard; ``scripts`` by attribute."""

    kind: str
    name: str
    ports: Mapping[str, str]
    children: tuple[Node, ...]
    file: Path
    line: int
    scripts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tree:
    """A file's trees by id, and the one to run.

    Attributes:
        fixed: checked ports of nodes that read no blackboard, by the node's ``id()``; filled as trees are built.
        built: names of the inputs that the whole tree has been built and checked with.
    """

    file: Path
    main: str
    trees: Mapping[str, Node]
    fixed: dict[int, Ports] = field(default_factory=dict, compare=False, repr=False)
    built: set[frozenset[str]] = field(default_factory=set, compare=False, repr=False)


def read_tree(path: Path) -> Tree:
    """Read and check a behaviour-tree file.

    Raises:
        ScenarioError: malformed XML, another format, unknown nodes, ports or subtrees, wrong numbers of children.
    """
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> Tree:
    """The tree of a file as it was when it last ``changed``."""
    root = parse_xml(path)
    if root.tag != "root" or root.get("BTCPP_format") != "4":
        raise ScenarioError(
            "not a BehaviorTree.CPP 4 file", file=path, line=root.sourceline, element=str(root.tag),
            remedy='the root element is <root BTCPP_format="4">',
        )  # fmt: skip
    elements = {e.get("ID", ""): e for e in root.iterfind("BehaviorTree")}
    if not elements:
        raise ScenarioError("holds no BehaviorTree", file=path, remedy="add a <BehaviorTree ID=...>")
    main = root.get("main_tree_to_execute") or next(iter(elements))
    if main not in elements:
        raise ScenarioError(
            f"main tree '{main}' is not in the file", file=path, line=root.sourceline, element="root",
            remedy=did_you_mean(main, elements),
        )  # fmt: skip
    trees = {name: _only_child(element, path, elements) for name, element in elements.items()}
    _refuse_recursion(trees, path)
    return Tree(path, main, trees)


def _only_child(element: etree._Element, path: Path, trees: Mapping[str, object]) -> Node:
    children = [child for child in element if isinstance(child.tag, str)]
    if len(children) != 1:
        raise ScenarioError(
            f"has {len(children)} root nodes", file=path, line=element.sourceline, element="BehaviorTree",
            remedy="put exactly one node inside",
        )  # fmt: skip
    return _node(children[0], path, trees)


def _node(element: etree._Element, path: Path, trees: Mapping[str, object]) -> Node:
    kind = str(element.tag)
    line = element.sourceline or 0
    if kind in ("Action", "Condition", "Control", "Decorator"):
        kind = element.get("ID", "")
    ports = {str(k): str(v) for k, v in element.attrib.items() if str(k) not in _EVERYWHERE}
    scripts = {name: ports.pop(name) for name in (*BEFORE, *AFTER) if name in ports}
    codes = [*scripts.values(), *(ports[p] for p in ("code", "if") if p in ports and kind in _SCRIPTED)]
    for code in codes:
        try:
            compile_script(code)
        except ScenarioError as error:
            raise ScenarioError(error.problem, file=path, line=line, element=kind, remedy=error.remedy) from None
    if kind == "SubTree":
        target = element.get("ID", "")
        if target not in trees:
            raise ScenarioError(
                f"no tree '{target}' in the file", file=path, line=line, element="SubTree",
                remedy=did_you_mean(target, trees),
            )  # fmt: skip
        return Node("SubTree", target, ports, (), path, line, scripts)
    if kind not in NODES:
        raise ScenarioError("unknown node", file=path, line=line, element=kind, remedy=did_you_mean(kind, NODES))
    known = NODES[kind].ports
    for port in ports:
        if port not in known:
            raise ScenarioError(
                f"unknown port '{port}'", file=path, line=line, element=kind,
                remedy=did_you_mean(port, known) if known else "this node has no ports",
            )  # fmt: skip
    children = tuple(_node(child, path, trees) for child in element if isinstance(child.tag, str))
    if kind in BRANCHING:
        fits, wanted = len(children) in (2, 3), "two or three children"
    elif kind in SWITCHES:
        fits, wanted = len(children) == SWITCHES[kind] + 1, "a child for each case and one for all else"
    elif kind in CONTROL:
        fits, wanted = bool(children), "at least one child"
    elif kind in DECORATORS:
        fits, wanted = len(children) == 1, "one child"
    else:
        fits, wanted = not children, "no children"
    if not fits:
        raise ScenarioError(
            f"has {len(children)} children", file=path, line=line, element=kind, remedy=f"give it {wanted}"
        )
    return Node(kind, element.get("name") or kind, ports, children, path, line, scripts)


def write_tree(tree: Tree) -> str:
    """The tree as BehaviorTree.CPP 4 XML; read again, it is the same tree."""
    root = etree.Element("root", BTCPP_format="4", main_tree_to_execute=tree.main)
    for name, node in tree.trees.items():
        _write(node, etree.SubElement(root, "BehaviorTree", ID=name))
    etree.indent(root)
    return etree.tostring(root).decode("ascii") + "\n"


def _write(node: Node, parent: etree._Element) -> None:
    element = etree.SubElement(parent, node.kind)
    if node.name != node.kind:
        element.set("ID" if node.kind == "SubTree" else "name", node.name)
    for name, text in (*node.ports.items(), *node.scripts.items()):
        element.set(name, text)
    for child in node.children:
        _write(child, element)


def _refuse_recursion(trees: Mapping[str, Node], path: Path) -> None:
    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ScenarioError(
                f"tree '{name}' contains itself", file=path, line=trees[name].line, element="SubTree",
                remedy="break the circle",
            )  # fmt: skip
        pending = [trees[name]]
        while pending:
            node = pending.pop()
            pending += node.children
            if node.kind == "SubTree":
                visit(node.name, (*above, name))

    for name in trees:
        visit(name, ())
