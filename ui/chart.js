// @ts-check
// Gaps as a line and syncs as bars over the last weeks, as a small SVG.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, text } = s2p;

  const MARGIN = 6;

  /**
   * Where the line and the bars go. Both scales begin at zero; the time runs from the first point
   * to the last.
   * @param {import("./types").Point[]} points in order of time
   * @param {number} width
   * @param {number} height
   */
  function layout(points, width, height) {
    const from = points[0].at;
    const span = points[points.length - 1].at - from || 1;
    const mostGaps = Math.max(1, ...points.map((point) => point.gaps));
    const mostSynced = Math.max(1, ...points.map((point) => point.synced));
    const inner = width - 2 * MARGIN;
    const tall = height - 2 * MARGIN;
    const x = (/** @type {number} */ at) => MARGIN + ((at - from) / span) * inner;
    const y = (/** @type {number} */ share) => MARGIN + (1 - share) * tall;
    const bar = Math.max(2, Math.min(12, inner / points.length / 2));
    return {
      mostGaps,
      mostSynced,
      line: points
        .map((point) => `${x(point.at).toFixed(1)},${y(point.gaps / mostGaps).toFixed(1)}`)
        .join(" "),
      bars: points
        .filter((point) => point.synced > 0)
        .map((point) => ({
          x: Math.max(0, Math.min(width - bar, x(point.at) - bar / 2)),
          y: y(point.synced / mostSynced),
          width: bar,
          height: (point.synced / mostSynced) * tall,
        })),
    };
  }

  const WIDTH = 600;
  const HEIGHT = 120;

  /** @param {{points: import("./types").Point[]}} props */
  function Chart({ points }) {
    if (!points || points.length < 2) return null; // nothing has changed yet
    const first = points[0];
    const last = points[points.length - 1];
    const drawn = layout(points, WIDTH, HEIGHT);
    const synced = points.reduce((sum, point) => sum + point.synced, 0);
    const began = text.ago(first.at);
    const said =
      `${text.plural(first.gaps, "gap")} ${began === "just now" ? "at first" : began}, ` +
      `${text.count(last.gaps)} now; ${text.plural(synced, "scene")} synced since.`;
    return h(
      "figure",
      { className: "card s2p-panel s2p-chart" },
      h("h3", { className: "h6" }, "Gaps over time"),
      h(
        "svg",
        {
          viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": said,
        },
        drawn.bars.map((bar, place) =>
          h("rect", Object.assign({ key: place, className: "s2p-bar" }, bar))
        ),
        h("polyline", { className: "s2p-line", points: drawn.line })
      ),
      h(
        "figcaption",
        null,
        h("span", { className: "s2p-key s2p-key-line" }, `Gaps (at most ${text.count(drawn.mostGaps)})`),
        h(
          "span",
          { className: "s2p-key s2p-key-bar" },
          `Synced in a run (at most ${text.count(drawn.mostSynced)})`
        ),
        h("span", { className: "text-muted" }, said)
      )
    );
  }

  Object.assign(s2p, { chart: { layout, Chart } });
})();
