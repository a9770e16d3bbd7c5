"""Takes the picture of the README from a demonstration bank that is being served: python -m tests.e2e.pictures."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
MOST_BYTES = 200_000


def main() -> int:
    """Sign in as Lin and take the passbook, in the language and theme that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bank", type=Path, help="the folder of the demonstration bank")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--language", default="zh-CN")
    parser.add_argument("--theme", default="light", choices=["light", "dark"])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "passbook.png")
    arguments = parser.parse_args()
    people = json.loads((arguments.bank / "keys" / "demo.json").read_text(encoding="utf-8"))["people"]
    password = next(person["password"] for person in people if person["sign_in"] == "lin")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(
            base_url=arguments.url,
            locale=arguments.language,
            color_scheme=arguments.theme,
            viewport={"width": 1200, "height": 856},
        )
        page.goto("/account/sign-in/")
        page.fill("input[name=sign_in]", "lin")
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/learner/")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=arguments.out)
        browser.close()
    size = arguments.out.stat().st_size
    print(f"{arguments.out}: {size} bytes")
    return 0 if size < MOST_BYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
