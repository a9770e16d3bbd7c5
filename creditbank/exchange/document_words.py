"""What is said of a document that cannot be read, with the words of the two parsers in both languages."""

from __future__ import annotations

from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "document.bytes": "the document has {bytes} bytes; at most {most} are read",
    "document.object": "a document is an object: names with values",
    "document.schema_missing": "the first line must say `schema: {wanted}`",
    "document.schema_other": "expected `{wanted}`, found `{found}`",
    "document.not_utf8": "byte {byte} is not UTF-8; save the file as UTF-8",
    "document.control": "the control character {code} is not allowed",
    "document.inexact": "{word} is not a number that can be kept exactly",
    "document.not_json": "not JSON: {problem}",
    "document.not_yaml": "not YAML: {problem}",
    "document.values": "it has more than {most} values; a document of rules has fewer",
    "document.depth": "nested deeper than {most} levels",
    "document.name_twice": "the name {name} is given twice",
    "document.name_twice_at": "the name {name} is given twice, first for line {line}",
    "document.name_no_text": "a name must be text",
    "document.digits": "{word} has more than {most} digits; if it is a code, write it in quotes",
    "document.ambiguous": "{word} could be read in more than one way; write it in quotes",
    "document.second": "a file holds one document; a second one begins here",
    "document.directives": "directives (lines that begin with %) are not read",
    "document.aliases": "aliases (*name) are not read; write the value out",
    "document.anchors": "anchors (&name) are not read; write the value out where it is needed",
    "document.tags": "tags ({tag}) are not read; write plain text, numbers or lists",
    "document.merge_keys": "merge keys (<<) are not read; write the values out",
    "document.empty": "the document is empty",
}
"""Sentences by code; the parsers' own words are a fact of two of them."""

_SOMETHING_ELSE = "此处的写法不合格式"

_JSON = (
    ("Expecting value", "此处缺少一个值"),
    ("Expecting ',' delimiter", "此处缺少逗号"),
    ("Expecting ':' delimiter", "名称之后缺少冒号"),
    ("Expecting property name", "此处应为双引号中的名称"),
    ("Unterminated string", "文本的引号没有结束"),
    ("Invalid control character", "文本中有不允许的控制字符"),
    ("Invalid \\", "反斜线后的写法不正确"),
    ("Extra data", "文档结束之后还有内容"),
    ("Illegal trailing comma", "最后一项之后多了一个逗号"),
)
"""How a sentence of the JSON parser begins, and what it means."""

_YAML = (
    ("mapping values are not allowed", "此处不能再有冒号；文本中有冒号时请加引号"),
    ("block sequence entries are not allowed", "此处不能开始列表项"),
    ("could not find expected ':'", "名称之后缺少冒号"),
    ("did not find expected ',' or '}'", "缺少逗号或右花括号"),
    ("did not find expected ',' or ']'", "缺少逗号或右方括号"),
    ("did not find expected '-' indicator", "此处应为以短横线开头的列表项；请检查缩进"),
    ("did not find expected key", "此处应为名称；请检查缩进和引号"),
    ("did not find expected node content", "此处缺少一个值"),
    ("found character that cannot start any token", "此处的字符不能开头；文本请加引号，缩进请用空格"),
    ("found unexpected end of stream", "文本的引号到文件末尾也没有结束"),
    ("found unexpected document indicator", "引号没有结束之前出现了文档分隔线"),
    ("found a tab character", "缩进请用空格，不要用制表符"),
    ("found unknown escape character", "反斜线后的写法不正确"),
    ("did not find expected hexdecimal number", "反斜线后应为十六进制数"),
    ("found invalid Unicode character escape code", "反斜线后的字符编码不正确"),
    ("did not find expected <document start>", "此处应为文档的开始；请检查缩进"),
    ("control characters are not allowed", "有不允许的控制字符"),
    ("invalid leading UTF-8 octet", "文件不是 UTF-8 编码"),
)
"""What a sentence of the YAML parser holds, and what it means."""


def json_problem(said: str) -> Text:
    """What the JSON parser says."""
    return Text(next((zh for begins, zh in _JSON if said.startswith(begins)), _SOMETHING_ELSE), said)


def yaml_problem(context: str, problem: str) -> Text:
    """What the YAML parser says: in which context, and what is wrong."""
    said = " ".join(part for part in (context, problem) if part)
    return Text(next((zh for holds, zh in _YAML if holds in problem), _SOMETHING_ELSE), said)
