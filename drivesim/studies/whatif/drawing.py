"""Figures inside a page that needs nothing else: plotly's script is in it compressed, a third of its size, and is
unpacked by the browser (``DecompressionStream``, in all of them since 2023)."""

from __future__ import annotations

import base64
import gzip

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

_SHOW = """
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), c => c.charCodeAt(0));
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(plain).text();
  document.head.append(script);
  for (const place of document.querySelectorAll(".plot")) {
    const {data, layout} = JSON.parse(place.nextElementSibling.textContent);
    await Plotly.newPlot(place, data, layout, {displayModeBar: false, responsive: true});
  }
})().catch(error => {
  for (const place of document.querySelectorAll(".plot"))
    place.textContent = "This browser cannot draw the figure: " + error;
});
"""


def drawn(figure: go.Figure) -> str:
    """Where a figure will be, and what it shows; :func:`draws` has to follow."""
    shown = figure.to_json().replace("</", "<\\/")
    height = figure.layout.height or 340
    return f'<div class="plot" style="height:{height}px"></div><script type="application/json">{shown}</script>'


def draws() -> str:
    """What draws the figures of a page, once, after them."""
    packed = base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()
    return f'<script type="text/plain" id="plotly">{packed}</script><script>{_SHOW}</script>'
