"""Orders come as XML, are searched by XPath and transformed; nothing of them is kept."""

import lxml.etree
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


SHEET = lxml.etree.XSLT(
    lxml.etree.XML(
        '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
        '<x:template match="/"><list><x:for-each select="//line[@price &gt; 500]">'
        '<dear><x:value-of select="@name"/></dear></x:for-each></list></x:template>'
        "</x:stylesheet>"
    )
)


@app.get("/order/<int:n>")
def order(n):
    lines = "".join(f'<line name="thing {k}" price="{(n * k) % 997}"/>' for k in range(300))
    document = lxml.etree.fromstring(f"<order>{lines}</order>")
    cheap = document.xpath("//line[@price < 100]/@name")
    return str(len(cheap) + len(str(SHEET(document))))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
