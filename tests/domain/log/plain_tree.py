"""A second, slow implementation of the log's format straight from the definitions; it makes the vectors.

``python tests/domain/log/plain_tree.py > tests/domain/log/vectors.json`` writes them again; nothing here
imports the bank, so that an agreement of the two means something.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys

EMPTY = hashlib.sha256(b"").digest()


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def mth(leaves):
    """RFC 9162, 2.1.1: the Merkle tree hash of a list of leaf hashes."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    """RFC 9162, 2.1.3.1: PATH(m, D)."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m, leaves):
    """RFC 9162, 2.1.4.1: PROOF(m, D); empty from the empty tree."""
    return subproof(m, leaves, whole=True) if m else []


def subproof(m, leaves, *, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tile(level, index, leaves):
    """The hashes of one tile by the definition: MTH(D[(256 n + i) 256^l : (256 n + i + 1) 256^l])."""
    step = 256**level
    hashes = []
    for i in range(256):
        start = (index * 256 + i) * step
        if start + step > len(leaves):
            break
        hashes.append(mth(leaves[start : start + step]))
    return b"".join(hashes)


def record(number):
    return {
        "schema": "creditbank.example/1",
        "number": number,
        "text": f'学分 {number}\n"{chr(0x1D11E)}"',
        "nested": {"b": [True, None, -number], "a": {}},
    }


def salt(number):
    return hashlib.sha256(f"salt {number}".encode()).digest()


def jcs(data):
    # Enough for the records above: member names are ASCII and numbers are whole.
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def commitment(number):
    return hmac.new(salt(number), jcs(record(number)), hashlib.sha256).digest()


def b64(data):
    return base64.b64encode(data).decode()


def vectors():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    origin = "log.example/credit"
    seed = bytes(range(32))
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
    vkey = f"{origin}+{key_id.hex()}+{b64(bytes([1]) + public)}"

    def checkpoint(leaves):
        text = f"{origin}\n{len(leaves)}\n{b64(mth(leaves))}\n"
        return f"{text}\n— {origin} {b64(key_id + private.sign(text.encode()))}\n"

    entries = [commitment(number) for number in range(300)]
    leaves = [leaf(entry) for entry in entries]
    index = 255
    signed = checkpoint(leaves)
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *(b64(item) for item in path(index, leaves))]
    return {
        "about": "Record n has the salt SHA-256('salt n'); commitments are hex, tree hashes hex.",
        "leaves": [
            {
                "record": record(number),
                "canonical": jcs(record(number)).decode(),
                "salt": salt(number).hex(),
                "commitment": entries[number].hex(),
                "leaf_hash": leaves[number].hex(),
            }
            for number in range(4)
        ],
        "roots": {str(n): mth(leaves[:n]).hex() for n in (0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 300)},
        "inclusion": [
            {"index": i, "size": n, "path": [item.hex() for item in path(i, leaves[:n])]}
            for i, n in ((0, 1), (0, 2), (2, 3), (6, 7), (0, 256), (256, 257), (255, 300), (299, 300))
        ],
        "consistency": [
            {"old": m, "new": n, "proof": [item.hex() for item in proof(m, leaves[:n])]}
            for m, n in ((0, 5), (1, 1), (1, 2), (3, 7), (4, 8), (6, 8), (255, 257), (256, 300))
        ],
        "tiles": {
            "tile/0/000": hashlib.sha256(tile(0, 0, leaves)).hexdigest(),
            "tile/0/001.p/44": hashlib.sha256(tile(0, 1, leaves)).hexdigest(),
            "tile/1/000.p/1": hashlib.sha256(tile(1, 0, leaves)).hexdigest(),
            "tile/entries/000": hashlib.sha256(b"".join(b"\x00\x20" + e for e in entries[:256])).hexdigest(),
            "tile/entries/001.p/44": hashlib.sha256(b"".join(b"\x00\x20" + e for e in entries[256:])).hexdigest(),
        },
        "key": {"seed": seed.hex(), "origin": origin, "vkey": vkey},
        "checkpoint": signed,
        "proof_file": {
            "schema": "creditbank.proof/1",
            "record": record(index),
            "salt": salt(index).hex(),
            "index": index,
            "proof": "\n".join(lines) + "\n\n" + signed,
            "checkpoint": signed,
            "log_key": vkey,
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n")
