/* Parallel coordinates as SVG: a line per run through all its parameters, brushed along the axes.
   Drawn here, since Plotly's own would bring three more megabytes. */

const NS = "http://www.w3.org/2000/svg";
const TOP = 28;
const BOTTOM = 190;

/**
 * An SVG element; texts are text.
 * @param {string} tag  @param {Record<string, any>} attributes  @param {(Node|string)[]} children
 * @returns {any}
 */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * @typedef {{name: string, values: any[], at: (number|null)[], low: string, high: string}} Axis
 *   at: 0 at the bottom, 1 at the top; null without a value
 * @param {Axis[]} axes  the last is the key metric
 * @param {Record<string, [number, number]>} brushes
 * @param {(name: string, range: [number, number]|null) => void} brushed
 * @param {string[]} names  of the runs
 */
export function parallel(axes, brushes, brushed, names) {
  const width = Math.max(320, axes.length * 130);
  const x = (/** @type {number} */ i) => 60 + (i * (width - 120)) / Math.max(1, axes.length - 1);
  const y = (/** @type {number} */ share) => BOTTOM - share * (BOTTOM - TOP);
  const root = svg("svg", { viewBox: `0 0 ${width} ${BOTTOM + 30}`, width, height: BOTTOM + 30, role: "img", "aria-label": axes.map(({ name }) => name).join(", ") });
  const goal = axes[axes.length - 1].at;
  names.forEach((name, run) => {
    const points = axes.flatMap(({ at }, i) => (at[run] === null ? [] : [`${x(i).toFixed(1)},${y(/** @type {number} */ (at[run])).toFixed(1)}`]));
    const isIn = Object.entries(brushes).every(([of, [low, high]]) => {
      const share = axes.find((axis) => axis.name === of)?.at[run];
      return share === undefined || (share !== null && share >= low && share <= high);
    });
    const hue = `hsl(${Math.round(230 - 200 * (goal[run] ?? 0))} 70% 50%)`;
    root.append(svg("polyline", { points: points.join(" "), fill: "none", stroke: hue, "stroke-width": 1.5, opacity: isIn ? 0.85 : 0.08 }, svg("title", {}, name)));
  });
  axes.forEach((axis, i) => {
    const text = (/** @type {string} */ said, /** @type {number} */ at) => svg("text", { x: x(i), y: at, "text-anchor": "middle" }, said.length > 20 ? `${said.slice(0, 19)}…` : said);
    root.append(svg("line", { class: "axis", x1: x(i), x2: x(i), y1: TOP, y2: BOTTOM }), text(axis.name, 10), text(axis.high, 23), text(axis.low, BOTTOM + 14));
    const brush = brushes[axis.name];
    if (brush) root.append(svg("rect", { class: "brush", x: x(i) - 7, width: 14, y: y(brush[1]), height: Math.max(2, y(brush[0]) - y(brush[1])) }));
    const hit = svg("rect", { x: x(i) - 14, width: 28, y: TOP - 6, height: BOTTOM - TOP + 12, fill: "transparent", style: "cursor: ns-resize; touch-action: none" }, svg("title", {}, axis.name));
    drag(root, hit, (from, to) => brushed(axis.name, Math.abs(to - from) < 0.02 ? null : [Math.min(from, to), Math.max(from, to)]));
    root.append(hit);
  });
  return root;
}

/** @param {any} root  @param {any} hit  @param {(from: number, to: number) => void} done  shares of the height */
function drag(root, hit, done) {
  const share = (/** @type {PointerEvent} */ event) => {
    const box = root.getBoundingClientRect();
    const at = ((event.clientY - box.top) / box.height) * (BOTTOM + 30);
    return Math.max(0, Math.min(1, (BOTTOM - at) / (BOTTOM - TOP)));
  };
  let from = 0;
  hit.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    hit.setPointerCapture(event.pointerId);
    from = share(event);
  });
  hit.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => done(from, share(event)));
}
