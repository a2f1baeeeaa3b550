"""The two texts of a bundle for people: the record page, and how to verify everything by hand."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from archiver.citation.reference import Citation
from archiver.model.moment import to_warc_date
from archiver.model.picture import SnapshotPicture
from archiver.model.snapshot import Snapshot

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
dt {{ font-weight: bold; }} dd {{ margin: 0 0 .5rem; overflow-wrap: anywhere; }}
td, th {{ text-align: left; vertical-align: top; padding: .25rem .5rem; border-top: 1px solid #999;
overflow-wrap: anywhere; }}
</style></head><body>
{body}
<p>What is proven, and how to check it without any of our software: trust/VERIFY.md.</p>
</body></html>
"""


def record_page(snapshots: Sequence[Snapshot], citations: Sequence[Citation]) -> str:
    """A page about the snapshots of a bundle; no script, no link that a page could have smuggled in."""
    body = "".join(_section(s, c) for s, c in zip(snapshots, citations, strict=True))
    title = citations[0].title if len(citations) == 1 else None
    return _PAGE.format(title=html.escape(title or "Archived pages"), body=body)


def _section(snapshot: Snapshot, citation: Citation) -> str:
    facts = [
        ("Identifier", snapshot.id),
        ("Page", snapshot.page.target_uri),
        ("Asked for", snapshot.seed),
        ("Captured, as the archive says", to_warc_date(snapshot.captured_at)),
        ("SHA-256 of the page", str(snapshot.page.payload_digest or "none")),
        ("Site", citation.site or citation.host),
        ("Authors, as the page says", "; ".join(author.name for author in citation.authors) or "not stated"),
        ("Published, as the page says", str(citation.published or "not stated")),
        ("Captured by", snapshot.provenance.software),
        ("Operator", snapshot.provenance.operator or "not stated"),
    ]
    listed = "".join(f"<dt>{name}</dt><dd><bdi>{html.escape(text)}</bdi></dd>" for name, text in facts)
    rows = "".join(_row(picture) for picture in snapshot.pictures)
    table = (
        "<table><tr><th>Picture</th><th>State</th><th>Words on the page</th><th>SHA-256</th></tr>"
        f"{rows}</table>"
    )
    heading = html.escape(citation.title or f"Untitled page at {citation.host}")
    return f"<h1><bdi>{heading}</bdi></h1><dl>{listed}</dl>{table if rows else ''}"


def _row(picture: SnapshotPicture) -> str:
    found = picture.found
    words = "; ".join(word for word in (found.alt, found.caption, found.credit) if word)
    digests = ", ".join(str(r.payload_digest) for r in picture.fetched if r.payload_digest)
    state = f"{picture.status}: {picture.reason}" if picture.reason else str(picture.status)
    cells = (picture.url[:500], state, words, digests)
    return f"<tr>{''.join(f'<td><bdi>{html.escape(cell)}</bdi></td>' for cell in cells)}</tr>"


VERIFY: Final = """# How to verify this bundle by hand

Nothing but common tools is needed: unzip, gunzip, sha256sum, openssl, Python 3 without further packages.

What can be shown: the stored bytes existed no later than the time T of a timestamp, and were not altered
since. What cannot: that the site sent them, and that what they say is true. The keys and certificates that
you trust must not come from this bundle: ask the archive, its witnesses and the timestamp authorities.

## 1. The files are those that are listed

    unzip -d bundle FILE.wacz && cd bundle
    sha256sum datapackage.json      # must be the hash in datapackage-digest.json

datapackage.json lists every other file with its SHA-256.

## 2. The records are those of the statement

trust/statement.json lists the SHA-256 of every whole record. archive/data.warc.gz holds each record as one
gzip member. This prints every record's SHA-256 with yes or NO:

    cat > records.py <<'END'
    import glob, hashlib, json, zlib
    stated = {}
    for path in glob.glob("trust/statement*.json"):
        statement = json.load(open(path))
        for record in statement["records"] + statement["originals"]:
            stated["sha256:" + record["record_sha256"].removeprefix("sha256:")] = record["id"]
    rest = open("archive/data.warc.gz", "rb").read()
    while rest:
        member = zlib.decompressobj(31)
        content = member.decompress(rest)
        rest = member.unused_data
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        print("yes" if stated.pop(digest, None) else "NO ", digest)
    print("missing:", list(stated.values()) or "none")
    END
    python3 records.py

## 3. The statement is in the log

The entry of the log is the byte 01 and the SHA-256 of statement.json. This computes the root of the log from
the proof; it must be the third line of the checkpoint, which stands in the proof behind the empty line:

    cat > proof.py <<'END'
    import base64, hashlib, sys
    sha = lambda content: hashlib.sha256(content).digest()
    statement = open(sys.argv[1], "rb").read()
    head, checkpoint = open(sys.argv[2]).read().split("\\n\\n", 1)
    lines = head.split("\\n")
    place, path = int(lines[1].split()[1]), [base64.b64decode(line) for line in lines[2:]]
    last = int(checkpoint.split("\\n")[1]) - 1
    node = sha(b"\\x00\\x01" + sha(statement))
    for sibling in path:
        if place % 2 or place == last:
            node = sha(b"\\x01" + sibling + node)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            node = sha(b"\\x01" + node + sibling)
        place, last = place // 2, last // 2
    said = checkpoint.split("\\n")[2]
    print("in the log" if base64.b64encode(node).decode() == said and last == 0 else "NOT IN THE LOG")
    text, signatures = checkpoint.split("\\n\\n", 1)
    first = signatures.split("\\n")[0]
    open("checkpoint.text", "w").write(text + "\\n")
    open("checkpoint.signed", "w").write(text + "\\n\\n" + first + "\\n")
    open("checkpoint.sig", "wb").write(base64.b64decode(first.split()[2])[4:])
    END
    python3 proof.py trust/statement.json trust/capture.tlog-proof

## 4. The log signed the checkpoint

KEY is the log's public key as you got it from the archive, NAME+ID+BASE64:

    python3 -c 'import base64,sys; key=base64.b64decode(sys.argv[1].split("+",2)[2])[1:]
    open("log.der","wb").write(bytes.fromhex("302a300506032b6570032100")+key)' 'KEY'
    openssl pkeyutl -verify -pubin -inkey log.der -keyform DER -rawin -in checkpoint.text \\
        -sigfile checkpoint.sig

## 5. Witnesses

Behind the first signature line of the proof stand those of witnesses, if there are any. For one whose key is
WITNESS, as you got it from there, this prints when it signed:

    cat > witness.py <<'END'
    import base64, datetime, sys
    name, _, encoded = sys.argv[1].split("+", 2)
    lines = open(sys.argv[2]).read().split("\\n")
    found = [line.split(" ")[2] for line in lines if line.startswith("\\u2014 " + name + " ")]
    signed = base64.b64decode(found[-1])[4:] if found else sys.exit("did not sign")
    time, text = int.from_bytes(signed[:8], "big"), open("checkpoint.text").read()
    open("witness.text", "w").write(f"cosignature/v1\\ntime {time}\\n{text}")
    open("witness.sig", "wb").write(signed[8:])
    der = bytes.fromhex("302a300506032b6570032100") + base64.b64decode(encoded)[1:]
    open("witness.der", "wb").write(der)
    print(datetime.datetime.fromtimestamp(time, datetime.timezone.utc))
    END
    python3 witness.py 'WITNESS' trust/capture.tlog-proof
    openssl pkeyutl -verify -pubin -inkey witness.der -keyform DER -rawin -in witness.text \\
        -sigfile witness.sig

## 6. The time

For each trust/checkpoint.NAME.tsr, with the root certificate of the authority as you got it from there:

    openssl ts -verify -data checkpoint.signed -in trust/checkpoint.NAME.tsr -CAfile ROOT.pem \\
        -untrusted trust/NAME.pem
    openssl ts -reply -in trust/checkpoint.NAME.tsr -text | grep 'Time stamp'

That time is T. The `captured` of the statement is only what the archive said; if T is much later, the archive
could have made the capture up in between.
"""
