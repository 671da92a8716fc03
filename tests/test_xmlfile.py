"""XML attacks meet a message, not a parser that obeys."""

import pytest

from drivesim.errors import ScenarioError
from drivesim.xmlfile import parse_xml

BOMB = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))


@pytest.mark.parametrize(
    "declared",
    ['<!ENTITY leak SYSTEM "file:///etc/passwd">', f'<!ENTITY e0 "boom">{BOMB}', '<!ENTITY % p "x">'],
    ids=["external", "bomb", "parameter"],
)
@pytest.mark.parametrize("body", ["<a>&e11;&leak;</a>", '<a b="&e11;"/>', "<a/>"])
def test_entities_are_refused(tmp_path, declared, body):
    file = tmp_path / "a.xml"
    file.write_text(f"<!DOCTYPE a [{declared}]>{body}")
    with pytest.raises(ScenarioError, match=r"a\.xml:1"):
        parse_xml(file)


def test_a_document_type_alone_is_not_followed(tmp_path):
    (tmp_path / "a.dtd").write_text('<!ATTLIST a b CDATA "from the dtd">')
    (tmp_path / "a.xml").write_text('<!DOCTYPE a SYSTEM "a.dtd"><a/>')
    assert parse_xml(tmp_path / "a.xml").get("b") is None


@pytest.mark.parametrize(
    "content", [b"", b"<a>", b"\xff\xfe<", b"<a>\x00</a>", b'<?xml version="1.0" encoding="no"?><a/>']
)
def test_what_is_not_xml_names_the_file(tmp_path, content):
    (tmp_path / "a.xml").write_bytes(content)
    with pytest.raises(ScenarioError, match=r"a\.xml"):
        parse_xml(tmp_path / "a.xml")


def test_what_cannot_be_opened_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "none.xml", tmp_path / "a\0b"):
        with pytest.raises(ScenarioError, match="cannot be opened"):
            parse_xml(path)
