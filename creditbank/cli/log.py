"""Read the transparency log: its checkpoint, proofs of leaves and of growth, and a copy to publish."""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

from creditbank.domain.log.tiles import TileDamagedError
from creditbank.gateways import bank as banks
from creditbank.gateways.log_files import TileStore, read_small_text
from creditbank.gateways.problem import Problem
from creditbank.gateways.signing import read_log_key
from creditbank.queries.log import prove_growth, prove_leaf, read_state
from creditbank.services.log import export_log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three actions, none of which needs the database."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checkpoint = actions.add_parser("checkpoint", help="print the signed checkpoint")
    proof = actions.add_parser("proof", help="prove that a leaf is in the log, or that the log only grew")
    wanted = proof.add_mutually_exclusive_group(required=True)
    wanted.add_argument("index", metavar="INDEX", type=int, nargs="?", help="the number of a leaf")
    wanted.add_argument("--since", metavar="SIZE", type=int, help="prove the growth since this size")
    export = actions.add_parser("export", help="copy the log into a new folder, ready to be served")
    export.add_argument("folder", metavar="FOLDER", help="an empty folder, or one that does not exist yet")
    for action in (checkpoint, proof, export):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 0: done; 2: the log or the disk refuses, and the message says why."""
    bank = banks.locate(args.bank)
    store = TileStore(bank.log)
    vkey = read_log_key(read_small_text(bank.log / "vkey", 10_000))
    try:
        if args.action == "checkpoint":
            state, text = read_state(store, vkey)
            data = {
                "origin": state.origin,
                "size": state.size,
                "root": state.root.hex(),
                "log_key": str(vkey),
            }
            answer = json.dumps({**data, "checkpoint": text}, ensure_ascii=False, indent=2) if args.json else text
        elif args.action == "export":
            state = export_log(store, vkey, Path(args.folder))
            data = {"folder": args.folder, "size": state.size, "root": state.root.hex()}
            answer = json.dumps(data, ensure_ascii=False, indent=2) if args.json else f"{args.folder}: {state.size}"
        elif args.since is not None:
            state, hashes = prove_growth(store, vkey, args.since)
            lines = [base64.b64encode(item).decode() for item in hashes]
            data = {"old_size": args.since, "size": state.size, "root": state.root.hex()}
            answer = json.dumps({**data, "proof": lines}, indent=2) if args.json else "\n".join(lines)
        else:
            proof = prove_leaf(store, vkey, args.index)
            answer = json.dumps({"index": proof.index, "proof": str(proof)}, indent=2) if args.json else str(proof)
    except TileDamagedError as error:
        raise Problem(
            en=f"The log is damaged: {error}. Nothing was changed. Restore the file from a backup or a public copy.",
            zh=f"日志已损坏：{error}。没有任何改动。请从备份或公开副本恢复该文件。",
        ) from error
    except ValueError as error:
        raise Problem(
            en=f"That cannot be proved: {error}.",
            zh=f"无法证明：{error}。",
        ) from error
    print(answer.rstrip("\n"))
    return 0
