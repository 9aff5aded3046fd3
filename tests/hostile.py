"""Texts that would do harm where they are not shown as text, and a look at every kind of page they stand on."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.dom import minidom

import mistune

from scalargrad import Trace, Value, draw, steps, trace
from scalargrad.latex import is_mathematics

MARK = "window.ran=1"

TEXTS = [
    f"<script>{MARK}</script>",
    f"</script><script>{MARK}</script>",
    f"</title></style></textarea><script>{MARK}</script>",
    f'"><script>{MARK}</script>',
    f"'><img src=x onerror={MARK}>",
    f'"><img src=x onerror="{MARK}">',
    f"<svg onload={MARK}>",
    f"<svg/onload={MARK}//",
    f'" onmouseover="{MARK}" x="',
    f"' onfocus='{MARK}' autofocus='",
    f"<iframe srcdoc='<script>parent.{MARK}</script>'>",
    f"<a href=\"javascript:{MARK}\">click</a>",
    f"javascript:{MARK}",
    f"[click](javascript:{MARK})",
    f"![x](x\" onerror=\"{MARK})",
    f"<javascript:{MARK}>",
    f"[x]: javascript:{MARK}",
    "<https://example.org/x>",
    "https://example.org/x www.example.org a@example.org",
    "[click](https://example.org) ![look](https://example.org/x.png)",
    f"]]><script>{MARK}</script>",
    f"<![CDATA[<script>{MARK}</script>]]>",
    f"<!--<script>{MARK}</script>-->",
    f"--><script>{MARK}</script><!--",
    "<!--<script>",
    f"&lt;script&gt;{MARK}&lt;/script&gt;",
    f"&#60;script&#62;{MARK}&#60;/script&#62;",
    f"&#x3c;script&#x3e;{MARK}",
    f"\\u003cscript\\u003e{MARK}",
    "<style>@import 'https://example.org/x.css'</style>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href=https://example.org>",
    "<math><mtext><script>1</script></mtext></math>",
    f"{{{{js}}}} {{{{data}}}} {{0}} {{0.__class__}} %s %(x)s ${{{MARK}}}",
    f"`; {MARK}; `",
    "``` \n<script>window.ran=1</script>\n```",
    "# heading\n\n* list\n\n<b>bold</b>",
    "| a | b |\n|---|---|",
    "x\" URL=\"javascript:1\" href=\"javascript:1",
    "x\\\"; node [URL=\"javascript:1\"]; \"",
    "</td></tr></table>><table href=\"javascript:1\"><tr><td>",
    "<img src=\"/etc/passwd\"/>",
    "\\N \\G \\E \\T \\l \\r \\n \\H",
    "\\input{/etc/passwd}",
    "\\immediate\\write18{touch ran}",
    "^^5cinput{/etc/passwd}",
    "$\\input{x}$ \\(\\input{x}\\) \\end{align*}\\input{x} % # & ~ _ {",
    "\\begin{filecontents}{ran.tex}x\\end{filecontents}",
    "\x1b[31mred\x1b]0;title\x07\x9b31m",
    "\x00\x01\x7f\x85\x9f",
    "\u202e\u2066\u200f\u061c\ufeff\u200b\u2028\u2029",
    "\ud800 \udfff \ud83d",
    "\U000e0001\U000e0061\ufff9\uffff\U0010ffff",
    "line\r\nline\vline\x0cline\x1cline",
    "e" + "\u0301" * 300,
    "<" * 5000,
    "\\" * 5000,
    "'; DROP TABLE x; --",
    "../../etc/passwd",
    "",
    " ",
]  # fmt: skip


def labelled(text):
    """A graph whose leaves, root and scope are called so: a fork, a product, a nan that is born."""
    from scalargrad import scope

    x, w = Value(-2.0, label=text), Value(3.0, label="w" + text)
    with scope((text or "scope").replace("/", "∕") if "/" in text else text or "scope"):
        y = w * x + x
    y = y + x.log()
    y.label = text
    return trace(y)


FIELDS = ("name", "label", "op", "symbol", "formula", "latex", "scope")


def stored(text):
    """The same from a file, with the text in each place that a file has for one."""
    data = json.loads(labelled("x").to_json())
    for node in data["nodes"]:
        for key in FIELDS:
            if node[key] or key == "scope":
                node[key] = text
    for edge in data["edges"]:
        edge |= {"formula": text, "latex": text, "named": text}
    return Trace.from_json(json.dumps(data))


def documents(t, folder):
    """Everything that is written of a Trace, by name."""
    told, drawing = steps(t), draw(t)
    sheet = told.worksheet()
    found = {"folded.svg": draw(t, depth=0).svg, "rounded.txt": steps(t, rounding=1).text}
    for name, thing in {"drawing": drawing, "steps": told, "sheet": sheet, "key": sheet.key}.items():
        endings = {"drawing": ("svg", "dot", "tex", "json"), "steps": ("txt", "md", "tex", "html")}.get(
            name, ("html", "md", "tex")
        )
        for ending in endings:
            path = thing.save(Path(folder) / f"{name}.{ending}")
            found[path.name] = path.read_text(encoding="utf-8")
        found[f"{name}.repr"] = repr(thing)
    found["predict.html"] = told.player(predict=True)
    found["block.html"] = told._repr_mimebundle_()["text/html"]
    found["predict-block.html"] = told.player(predict=True)._repr_html_()
    found["sheet-block.html"] = sheet._repr_html_()
    found["step.svg"] = told[1].svg
    found["drawing.txt"] = drawing._repr_mimebundle_()["text/plain"]
    found["trace.repr"] = repr(t)
    return found


class Structure(HTMLParser):
    """Which elements a page has, with their attributes; the content of its scripts; the pages within it."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.inner, self.addresses = set(), [], [], set()
        self.script = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.add((tag, *sorted(name for name, _ in attributes)))
        given = dict(attributes)
        self.addresses |= {re.sub(r"base64,.*", "base64,", given[k]) for k in ("href", "src", "action") if k in given}
        if "srcdoc" in given:
            self.inner.append(Structure(given["srcdoc"]))
        self.script = given.get("type", "script") if tag == "script" else None

    def handle_data(self, data):
        if self.script is not None:
            self.scripts.append((self.script, data))
            self.script = None


def same_structure(page, plain):
    """A page has the elements, addresses and scripts of the same page with a plain label, and no other."""
    assert page.elements <= plain.elements, page.elements - plain.elements
    assert page.addresses <= plain.addresses
    assert len(page.inner) == len(plain.inner)
    for (kind, content), (plain_kind, plain_content) in zip(page.scripts, plain.scripts, strict=True):
        assert kind == plain_kind
        if kind == "application/json":
            json.loads(content)
        else:
            assert content == plain_content
    for inner, plain_inner in zip(page.inner, plain.inner, strict=True):
        same_structure(inner, plain_inner)


DRAWN = {
    "svg",
    "g",
    "title",
    "polygon",
    "polyline",
    "path",
    "ellipse",
    "text",
    "a",
    "defs",
    "marker",
    "rect",
    "tspan",
    "style",
}


def harmless_svg(picture):
    document = minidom.parseString(picture.encode("utf-8"))
    for element in document.getElementsByTagName("*"):
        assert element.tagName in DRAWN, element.tagName
        names = set(element.attributes.keys())
        assert not {name for name in names if name.startswith("on") or name in ("href", "xlink:href", "style")}


def harmless_markdown(text):
    page = Structure(mistune.create_markdown(escape=False, plugins=["url", "table", "footnotes"])(text))
    assert {tag for tag, *_ in page.elements} <= {"h1", "h2", "p", "ol", "li", "code", "img"}
    assert page.addresses <= {"sheet.svg", "key.svg"}


def harmless_latex(text, plain):
    """The environments are those of the document, and between them stands mathematics."""
    body, plain_body = (t.partition(r"\begin{document}")[2] or t for t in (text, plain))
    assert "^^" not in text
    assert set(re.findall(r"\\(?:begin|end)\{.*?\}", body)) <= set(re.findall(r"\\(?:begin|end)\{.*?\}", plain_body))
    known = {"subsection", "section", "allowdisplaybreaks", "intertext", "displaystyle", "underline", "hspace", "item"}
    known |= {"includegraphics", "textwidth", "quad", "log"}
    known |= {
        "usetikzlibrary",
        "tikzset",
        "pagestyle",
        "noindent",
        "definecolor",
        "sffamily",
        "path",
        "draw",
        "node",
        "color",
    }
    known |= {"fontsize", "selectfont", "bfseries"}
    rest = re.sub(r"\\(?:begin|end)\{\w+\*?\}(\[.*?\])?", "", body.replace(" \\\\\n", " "))
    rest = re.sub(rf"\\({'|'.join(known)})\b\*?", "", rest)
    rest = re.sub(r"(?<!\\)(\$|&=?)", "", rest)
    assert is_mathematics(rest), rest


def harmless(found, plain):
    """Look at all documents of a text beside those of a plain one."""
    for name, content in found.items():
        ending = name.rpartition(".")[2]
        if ending == "html":
            same_structure(Structure(content), Structure(plain[name]))
        elif ending == "svg":
            harmless_svg(content)
        elif ending == "md":
            harmless_markdown(content)
        elif ending == "tex":
            harmless_latex(content, plain[name])
        elif ending in ("txt", "repr"):
            assert all(line.isprintable() for line in content.split("\n")), ascii(content)
            assert len(content.split("\n")) == len(plain[name].split("\n"))
        elif ending == "json":
            Trace.from_json(content)
        assert content.encode("utf-8").count(b"\0") == 0
