"""PDF from a template and data by typst, with a Chinese font found by configuration and embedded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from creditbank.gateways.problem import Problem

_TEMPLATES = Path(__file__).parent
FOLDERS = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto-cjk",
    "/usr/share/fonts/truetype/noto",
    "/Library/Fonts",
)
"""Where a font for Chinese is looked for, where no folder is set."""
FAMILIES = ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "Noto Sans CJK SC", "Noto Sans SC")
"""The families that letters are set in, the best first."""


class FontProblem(Problem):
    """No font with Chinese letters was found."""


def typeset(template: str, data: Mapping[str, Any], *, fonts: str, at: datetime) -> bytes:
    """The PDF of a template for data, the same bytes for the same data and moment.

    Args:
        template: the name of a template beside this module, without its ending.
        data: JSON data that the template reads.
        fonts: the folder of the font; empty to look where systems keep it.
        at: the moment that the file says it was made.

    Raises:
        FontProblem: the folder holds no font with Chinese letters.
    """
    import typst

    folder, family = _font(fonts)
    made: bytes = typst.compile(
        _TEMPLATES / f"{template}.typ",
        format="pdf",
        font_paths=[Path(folder)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False), "family": family},
        timestamp=int(at.timestamp()),
    )
    return made


@cache
def _font(fonts: str) -> tuple[str, str]:
    """The folder that has one of the families, and which."""
    import typst

    for folder in (fonts,) if fonts else FOLDERS:
        if Path(folder).is_dir():
            known = set(typst.Fonts(False, False, [folder]).families())
            for family in FAMILIES:
                if family in known:
                    return folder, family
    looked = fonts or ", ".join(FOLDERS)
    raise FontProblem(
        en=f"No font with Chinese letters was found in {looked}, so no PDF can be made. The letter itself is kept;"
        " install fonts-noto-cjk or set CREDITBANK_FONTS to the folder of such a font.",
        zh=f"在 {looked} 中没有找到中文字体，无法生成 PDF。决定书本身已保存；"
        "请安装 fonts-noto-cjk，或将 CREDITBANK_FONTS 设为字体所在的文件夹。",
    )
