"""The steps in a notebook: one piece of HTML that plays where scripts run, and is a picture and a table where not."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from scalargrad.language import say
from scalargrad.stepper.markup import printable
from scalargrad.stepper.player import asset, line, page, rows, whole

if TYPE_CHECKING:
    from scalargrad.stepper import Stepper


def block(stepper: Stepper, predict: bool = False) -> str:
    """The HTML: a still picture and a table, and a frame with the player, which hides the two.

    A notebook that is not trusted drops the frame and keeps the rest. Nothing in it has an id, so it may be shown twice
    in one page; the player has a document of its own, so it takes no key that is not pressed in it. There it hides the
    still picture that stands before it, and makes its frame as high as it needs. With ``predict`` the picture is that
    of a worksheet, and the table asks.
    """
    if predict:
        sheet = stepper.worksheet()
        picture, lines = sheet.picture, [blank.question + " = ?" for blank in sheet.blanks]
    else:
        picture, lines = whole(stepper), [line(told) for told in stepper.told]
    source = base64.b64encode(picture.svg.encode()).decode()
    alt = html.escape(say("The computational graph of {0}", printable(stepper.trace.root.name), lang=stepper.lang))
    head = html.escape(say("step", lang=stepper.lang))
    document = page(stepper, predict).replace("</body>", f"<script>{asset('frame.js')}</script>\n</body>")
    return (
        f'<div class="sg-steps-block"><div class="sg-still"><img alt="{alt}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{source}"><table><thead><tr><th>#</th><th>{head}</th></tr></thead>'
        f"<tbody>{rows(lines)}</tbody></table></div>"
        f'<iframe title="{alt}" style="width:100%;height:0;border:0" srcdoc="{html.escape(document, quote=True)}">'
        "</iframe></div>"
    )
