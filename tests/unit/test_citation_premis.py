"""The PREMIS description of a bundle: in the order of the schema, every link leading somewhere."""

from __future__ import annotations

import hashlib
import json

from lxml import etree

from archiver.citation.premis import premis_xml

NAMES = {"p": "http://www.loc.gov/premis/v3", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
RECORD = {"id": "urn:uuid:1", "type": "response", "record_sha256": "sha256:" + "ab" * 32, "length": 7,
          "mime": "application/http;msgtype=response"}  # fmt: skip
STATED = {
    "kind": "capture", "id": "ark:99999/a", "seed": "http://a.example/", "final_url": "http://a.example/?<&>",
    "captured": "2017-11-14T10:00:00.000000Z", "issued": "2017-11-14T10:00:01.000000Z",
    "software": "news-archiver/0.1.0", "operator": "An Archive", "records": [RECORD],
    "originals": [{**RECORD, "id": "urn:uuid:2"}],
}  # fmt: skip
LATER = {
    "kind": "withdrawal",
    "id": "ark:99999/a",
    "issued": "2018-01-01T00:00:00Z",
    "reason": "red \x1b[31m",
}
ORDER = {
    "premis": ("object", "event", "agent"),
    "object": ("objectIdentifier", "objectCharacteristics", "relationship"),
    "objectCharacteristics": ("fixity", "size", "format"),
    "fixity": ("messageDigestAlgorithm", "messageDigest"),
    "format": ("formatDesignation", "formatNote"),
    "relationship": ("relationshipType", "relationshipSubType", "relatedObjectIdentifier"),
    "event": ("eventIdentifier", "eventType", "eventDateTime", "eventDetailInformation",
              "eventOutcomeInformation", "linkingAgentIdentifier", "linkingObjectIdentifier"),
    "agent": ("agentIdentifier", "agentName", "agentType"),
}  # fmt: skip
"""The sequences of the data dictionary, version 3.0, as far as they are used."""


def described() -> etree._Element:
    documents = [(json.dumps(said).encode(), said) for said in (STATED, LATER)]
    return etree.fromstring(premis_xml(documents[:1], documents[1:]))


def texts(root: etree._Element, path: str) -> list[str]:
    return [str(element.text) for element in root.iterfind(path, NAMES)]


def test_elements_stand_in_the_order_of_the_schema():
    for element in described().iter():
        order = ORDER.get(etree.QName(element).localname)
        if order:
            places = [order.index(etree.QName(child).localname) for child in element]
            assert places == sorted(places)


def test_every_record_is_an_object_with_its_fixity():
    root = described()
    assert root.get("version") == "3.0"
    kinds = [each.get(f"{{{NAMES['xsi']}}}type") for each in root.iterfind("p:object", NAMES)]
    assert kinds == ["intellectualEntity", "bitstream", "bitstream"]
    assert texts(root, ".//p:messageDigest") == ["ab" * 32] * 2
    assert texts(root, ".//p:messageDigestAlgorithm") == ["SHA-256"] * 2


def test_every_event_is_dated_and_every_link_leads_to_an_object_or_an_agent_in_it():
    root = described()
    assert texts(root, "p:event/p:eventType") == ["capture", "message digest calculation", "deaccession"]
    assert texts(root, "p:event/p:eventDateTime") == [STATED["captured"], STATED["issued"], LATER["issued"]]
    objects = set(texts(root, ".//p:objectIdentifierValue"))
    assert set(texts(root, ".//p:linkingObjectIdentifierValue")) <= objects
    assert set(texts(root, ".//p:relatedObjectIdentifierValue")) <= objects
    agents = set(texts(root, ".//p:agentIdentifierValue"))
    assert set(texts(root, ".//p:linkingAgentIdentifierValue")) == agents
    names = texts(root, ".//p:eventIdentifierValue")
    assert len(set(names)) == len(names)
    assert names[1] == f"sha256:{hashlib.sha256(json.dumps(STATED).encode()).hexdigest()}"


def test_text_that_xml_cannot_hold_is_replaced_and_markup_stays_text():
    root = described()
    details = texts(root, ".//p:eventDetail")
    assert details[0].startswith("captured http://a.example/?<&>")
    assert details[2] == "red \ufffd[31m"
