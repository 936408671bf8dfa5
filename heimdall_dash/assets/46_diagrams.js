/* The reliability diagram and the comparison of jobs: figures that are not one job's lines. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { lowerBound } = core.columns;
  const { smooth, forLogAxis, gaps, extent } = core.lines;
  const { valueText, fill } = core.ticks;
  const { xAxis, yTicks, padded } = core.axes;
  const { baseLayout, pick, DASHES } = core.figure;

  /**
   * Observed against expected coverage, of the newest epoch and of a chosen one.
   * @param {number|null} epoch  the chosen one; null: only the newest
   */
  function reliabilityFigure(spec, source, view, look, epoch) {
    const metric = spec.lines[0].metric;
    const rows = source.columns[metric] || [];
    const newest = lastIndex(rows);
    const layout = baseLayout(spec, view, look);
    const onLog = view.scale === "log";
    const ends = onLog ? [0.04, 1] : [0, 1];
    const range = view.zoom ? view.zoom.y : onLog ? ends.map(Math.log10) : [0, 1.02];
    Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
    Object.assign(layout.xaxis, {
      type: onLog ? "log" : "linear", title: { text: look.texts.axis_expected, standoff: 6, font: { size: 12 } },
      range: view.zoom ? view.zoom.x : range, tickvals: layout.yaxis.tickvals,
      ticktext: layout.yaxis.ticktext, unifiedhovertitle: { text: `${look.texts.expected} %{x:.2f}` },
    });
    const data = [];
    const notes = [];
    if (newest >= 0) {
      const [first, second] = look.colors.lines;
      data.push(curve(rows[newest], source, `${look.texts.axis_epoch} ${source.columns.epoch[newest]}`, first, "solid", "circle", onLog));
      const chosen = epoch === null ? -1 : nearest(rows, source.columns.epoch, epoch);
      if (chosen >= 0 && chosen !== newest) {
        data.push(curve(rows[chosen], source, `${look.texts.axis_epoch} ${source.columns.epoch[chosen]}`, second, "dash", "square", onLog));
      }
      data.push({
        type: "scatter", mode: "lines", name: look.texts.diagonal, x: ends, y: ends, hoverinfo: "skip",
        line: { color: look.colors.reference, width: 1.2, dash: "longdash" },
      });
    }
    return {
      data, layout, notes, isEmpty: newest < 0,
      summary: newest < 0 ? spec.title : `${spec.title}. ${look.texts.axis_epoch} ${source.columns.epoch[newest]}`,
    };
  }

  function curve(observed, source, name, color, dash, symbol, onLog) {
    const given = (source.facts || {}).reliability_expected;
    const expected = Array.isArray(given) && given.length === observed.length
      ? given
      : observed.map((_, i) => (i + 1) / (observed.length + 1));
    return {
      type: "scatter", mode: "lines+markers", name, x: expected,
      y: onLog ? forLogAxis(observed).shown : observed, text: observed.map((value) => valueText(value)),
      hovertemplate: "%{text}", line: { color, width: 2, dash }, marker: { size: 6, symbol },
    };
  }

  function lastIndex(rows) {
    for (let i = rows.length - 1; i >= 0; i -= 1) if (Array.isArray(rows[i])) return i;
    return -1;
  }

  /** The row of the chosen epoch, or the nearest before it that has a curve. */
  function nearest(rows, epochs, epoch) {
    let i = Math.min(lowerBound(epochs, epoch), rows.length - 1);
    while (i >= 0 && (!Array.isArray(rows[i]) || epochs[i] > epoch)) i -= 1;
    return i;
  }

  /**
   * One metric of several jobs.
   * @param {{job: Object, columns: Object, color: string, order: number}[]} jobs
   */
  function compareFigure(spec, jobs, metric, view, look) {
    const onLog = view.scale === "log";
    const layout = baseLayout(spec, view, look);
    const data = [];
    const heights = [];
    const notes = [];
    let hidden = 0;
    let ends = null;
    for (const { job, columns, color, order, name } of jobs) {
      const column = columns[metric];
      if (!column || column.some(Array.isArray)) continue;
      const axis = xAxis(columns, view.x, look);
      const forAxis = onLog ? forLogAxis(column) : { shown: column, hidden: 0 };
      hidden += forAxis.hidden;
      const smoothed = smooth(forAxis.shown, view.smoothing, onLog);
      const picked = pick(forAxis.shown, 0, column.length, look.width);
      const { isSparse } = gaps(column);
      const scale = view.x === "relative" ? secondsPer(axis, columns) : 1;
      const x = picked.map((i) => axis.values[i] * scale);
      const dash = DASHES[order % DASHES.length];
      const common = { type: "scatter", mode: isSparse ? "lines+markers" : "lines", x, connectgaps: isSparse };
      data.push({
        ...common, name, meta: job.id, y: picked.map((i) => smoothed[i] ?? null),
        text: picked.map((i) => valueText(smoothed[i], spec.unit)), hovertemplate: "%{text}",
        line: { color, width: 2, dash }, marker: { color, size: 5 },
      });
      if (smoothed !== forAxis.shown) {
        data.push({
          ...common, name: `${name}, ${look.texts.raw}`, y: picked.map((i) => forAxis.shown[i] ?? null),
          hoverinfo: "skip", showlegend: false, opacity: 0.28, line: { color, width: 1.2 },
        });
      }
      heights.push(forAxis.shown);
      if (x.length) ends = ends ? [Math.min(ends[0], x[0]), Math.max(ends[1], x[x.length - 1])] : [x[0], x[x.length - 1]];
      layout.xaxis = { ...axis.layout, ...layout.xaxis };
    }
    if (view.x === "relative") {
      layout.xaxis.title = { text: fill(look.texts.axis_relative, { unit: "s" }), standoff: 6, font: { size: 12 } };
      layout.xaxis.unifiedhovertitle = { text: "%{x:.4~g} s" };
    }
    const found = extent(heights, onLog);
    let range = onLog ? [-1, 4] : [0, 1];
    if (found) {
      const [low, high] = onLog ? found.map(Math.log10) : found;
      const pad = (high - low) * 0.06 || Math.abs(high) * 0.1 || 0.5;
      range = [low - pad, high + pad];
    }
    if (view.zoom) range = view.zoom.y;
    Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
    layout.xaxis.range = view.zoom ? view.zoom.x : padded(...(ends && ends[1] > ends[0] ? ends : [0, 10]));
    if (hidden > 0) notes.push(fill(look.texts.not_on_log, { n: `${hidden} ${look.texts.points}` }));
    return { data, layout, notes, isEmpty: !found, summary: `${spec.title}: ${data.map((d) => d.name).join(", ")}` };
  }

  /** The relative axis picks its own unit per job; several jobs need one: seconds. */
  function secondsPer(axis, columns) {
    const last = axis.values[axis.values.length - 1];
    const span = Date.parse(columns.timestamp[columns.timestamp.length - 1]) - Date.parse(columns.timestamp[0]);
    return last > 0 ? span / 1000 / last : 1;
  }

  core.diagrams = { reliabilityFigure, compareFigure };
})(typeof window === "undefined" ? globalThis : window);
