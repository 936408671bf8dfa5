/* A chart's figure from its specification, the columns and the view. Pure: the same input gives
   the same figure, so drawing it again changes nothing. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { lowerBound } = core.columns;
  const { smooth, forLogAxis, thin, gaps } = core.lines;
  const { valueText, fill } = core.ticks;
  const { xAxis, yRange, yTicks } = core.axes;

  const THIN_ABOVE = 6000; // points of one line; SVG draws fewer than that in about 16 ms
  const MOST_MARKS = 40; // gaps, and notes, that are drawn on one chart
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];

  /**
   * @typedef {Object} View
   * @property {"log"|"linear"} scale
   * @property {number} smoothing   0 ≤ weight < 1
   * @property {"epoch"|"relative"|"wall"} x
   * @property {{x: [number, number], y: [number, number]}|null} zoom  in axis units (log10 on log)
   *
   * @typedef {Object} Figure
   * @property {Object[]} data  @property {Object} layout
   * @property {string[]} notes   what the reader must know about what is not shown
   * @property {boolean} isEmpty  no line has a point yet
   * @property {string} summary   the newest values in words
   */

  /**
   * @param {Object} spec      one entry of the page's chart list
   * @param {Object} source    {columns, job, facts, notes} of one job
   * @param {View} view
   * @param {Object} look      {colors, texts, width, height, offsetMs}
   * @returns {Figure}
   */
  function lineFigure(spec, source, view, look) {
    const onLog = view.scale === "log";
    const axis = xAxis(source.columns, view.x, look);
    const [from, to] = visibleRange(axis.values, view.zoom);
    const notes = [];
    const drawn = spec.lines
      .map((line, i) => ({ line, color: look.colors.lines[i % look.colors.lines.length] }))
      .filter(({ line }) => isScalar(source.columns[line.metric]));
    let hidden = 0;
    let gapCount = 0;
    const shapes = [];
    const main = [];
    const faint = [];
    const heights = [];
    for (const { line, color } of drawn) {
      const column = source.columns[line.metric];
      const lineOnLog = onLog && line.axis !== 2;
      const forAxis = lineOnLog ? forLogAxis(column) : { shown: column, hidden: 0 };
      hidden += forAxis.hidden;
      const found = gaps(column);
      gapCount += found.runs.length;
      const smoothed = smooth(forAxis.shown, view.smoothing, lineOnLog);
      const isSmoothed = smoothed !== forAxis.shown;
      const unit = line.unit ?? spec.unit;
      const picked = pick(forAxis.shown, from, to, look.width);
      main.push(trace(spec, line, color, axis, picked, smoothed, {
        unit, isSparse: found.isSparse, column, isSmoothed, rawWord: look.texts.raw,
      }));
      if (isSmoothed) faint.push(rawTrace(line, color, axis, picked, forAxis.shown, found.isSparse, look.texts.raw));
      if (line.axis !== 2) heights.push(forAxis.shown);
      for (const run of found.runs.slice(-MOST_MARKS)) {
        shapes.push(gapShape(axis.values, run, look.colors));
      }
    }
    if (hidden > 0) notes.push(fill(look.texts.not_on_log, { n: withPlural(hidden, look.texts) }));
    if (gapCount > 0) notes.push(fill(gapCount === 1 ? look.texts.gap : look.texts.gaps, { n: gapCount }));
    const references = referenceLines(spec, source.facts || {}, onLog);
    const range = yRange(heights, references, onLog, view.zoom);
    const marks = markers(source, axis, look);
    const layout = baseLayout(spec, view, look);
    layout.shapes = [...shapes, ...references.map((reference) => referenceShape(reference, look)), ...marks.shapes];
    layout.annotations = marks.annotations;
    Object.assign(layout.xaxis, axis.layout, { range: view.zoom ? view.zoom.x : axis.range });
    Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
    if (spec.y2_label) layout.yaxis2 = secondAxis(spec, look);
    const isEmpty = !drawn.some(({ line }) =>
      source.columns[line.metric].some((value) => typeof value === "number"));
    return {
      data: [...main, ...faint], layout, notes, isEmpty,
      summary: summary(spec, drawn.map(({ line }) => line), source.columns, look.texts),
    };
  }

  function isScalar(column) {
    return Array.isArray(column) && !column.some((value) => Array.isArray(value));
  }

  function withPlural(n, texts) {
    return `${n} ${n === 1 ? texts.point : texts.points}`;
  }

  /** Indexes to draw: the visible ones and one neighbour on either side. */
  function visibleRange(values, zoom) {
    if (!zoom) return [0, values.length];
    const from = Math.max(0, lowerBound(values, zoom.x[0]) - 1);
    return [from, Math.min(values.length, lowerBound(values, zoom.x[1]) + 2)];
  }

  function pick(values, from, to, width) {
    const buckets = to - from > THIN_ABOVE ? Math.max(200, Math.round(width)) : to - from;
    return thin(values, from, to, buckets);
  }

  /* ---------------------------------------------------------------- lines */

  function trace(spec, line, color, axis, picked, values, { unit, isSparse, column, isSmoothed, rawWord }) {
    const isShort = picked.length < 2;
    return {
      type: "scatter",
      mode: isSparse || isShort ? "lines+markers" : "lines",
      name: line.name,
      meta: line.metric,
      x: picked.map((i) => axis.values[i]),
      y: picked.map((i) => values[i] ?? null),
      text: isSmoothed
        ? picked.map((i) => `${valueText(values[i], unit)} (${rawWord} ${valueText(column[i], unit)})`)
        : texts(column, unit, picked),
      hovertemplate: "%{text}",
      connectgaps: isSparse,
      line: { color, width: 2, dash: line.dash },
      marker: { color, size: 5 },
      ...(line.axis === 2 ? { yaxis: "y2" } : {}),
    };
  }

  function rawTrace(line, color, axis, picked, values, isSparse, rawWord) {
    return {
      type: "scatter", mode: "lines", name: `${line.name}, ${rawWord}`, meta: line.metric,
      x: picked.map((i) => axis.values[i]), y: picked.map((i) => values[i] ?? null),
      hoverinfo: "skip", showlegend: false, opacity: 0.28, connectgaps: isSparse,
      line: { color, width: 1.2 },
      ...(line.axis === 2 ? { yaxis: "y2" } : {}),
    };
  }

  const knownTexts = new WeakMap();

  /** Hover texts of the picked values; columns only grow, so each text is made once. */
  function texts(values, unit, picked) {
    let byUnit = knownTexts.get(values);
    if (!byUnit) knownTexts.set(values, (byUnit = {}));
    const known = (byUnit[unit] = byUnit[unit] || []);
    return picked.map((i) => (known[i] ??= valueText(values[i], unit)));
  }

  function gapShape(x, [first, last], colors) {
    const left = x[Math.max(0, first - 1)];
    const right = x[Math.min(x.length - 1, last + 1)];
    return {
      type: "rect", xref: "x", yref: "paper", x0: left, x1: right, y0: 0, y1: 1,
      fillcolor: colors.gap, line: { width: 0 }, layer: "below",
    };
  }

  /* ---------------------------------------------------------------- the vertical axis */

  function referenceLines(spec, facts, onLog) {
    return (spec.references || [])
      .map((r) => ({ name: r.name, value: r.fact ? facts[r.fact] : r.value, isBound: Boolean(r.fact) }))
      .filter((r) => typeof r.value === "number" && (!onLog || r.value > 0));
  }

  /** A bound lies under the lines and has its name below it; a target above it, at the other end. */
  function referenceShape(reference, look) {
    return {
      type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: reference.value, y1: reference.value,
      line: { color: look.colors.reference, width: 1.3, dash: reference.isBound ? "dot" : "longdash" },
      label: {
        text: reference.name, textposition: reference.isBound ? "start" : "end",
        yanchor: reference.isBound ? "top" : "bottom", font: { size: 11, color: look.colors.muted },
      },
    };
  }

  function secondAxis(spec, look) {
    return {
      title: { text: spec.y2_label, standoff: 6, font: { size: 12 } }, overlaying: "y", side: "right",
      range: spec.y2_range || undefined, nticks: 5, tickmode: "auto", tickfont: { size: 11 }, showgrid: false, zeroline: false, fixedrange: true,
      color: look.colors.muted, automargin: true,
    };
  }

  /* ---------------------------------------------------------------- marks and words */

  /** Vertical marks: the best epoch, resumptions, warnings. */
  function markers(source, axis, look) {
    const marks = [];
    const best = source.job && source.job.best_epoch;
    if (typeof best === "number") {
      marks.push({ epoch: best, sign: "★", text: fill(look.texts.mark_best, { epoch: best }) });
    }
    for (const note of (source.notes || []).slice(-MOST_MARKS)) {
      if (typeof note.epoch !== "number") continue;
      marks.push({
        epoch: note.epoch, sign: note.kind === "resumed" ? "↻" : "⚠", text: note.message || note.kind,
      });
    }
    const epochs = source.columns.epoch;
    const placed = marks.flatMap((mark) => {
      const i = lowerBound(epochs, mark.epoch);
      return i < epochs.length ? [{ ...mark, x: axis.values[i] }] : [];
    });
    return {
      shapes: placed.map((mark) => ({
        type: "line", xref: "x", yref: "paper", x0: mark.x, x1: mark.x, y0: 0, y1: 1, layer: "below",
        line: { color: look.colors.muted, width: 1, dash: "dot" },
      })),
      annotations: placed.map((mark) => ({
        x: mark.x, y: 1, xref: "x", yref: "paper", yanchor: "bottom", showarrow: false, text: mark.sign,
        hovertext: mark.text, font: { size: 13, color: look.colors.muted },
      })),
    };
  }

  function baseLayout(spec, view, look) {
    const onLog = view.scale === "log";
    return {
      width: look.width, height: look.height, autosize: false,
      title: {
        text: titleText(spec, view.scale, look.texts), x: 0.02, xanchor: "left", y: 0.97,
        yanchor: "top", font: { size: 15, weight: 600 },
      },
      font: { family: look.font, size: 12, color: look.colors.text },
      paper_bgcolor: look.colors.paper, plot_bgcolor: look.colors.paper,
      margin: { l: 62, r: 18, t: 46, b: 40 },
      hovermode: "x unified", hoverdistance: 40,
      hoverlabel: { bgcolor: look.colors.hover, bordercolor: look.colors.axis, font: { color: look.colors.text } },
      legend: { orientation: "h", x: 0, y: -0.19, yanchor: "top", font: { size: 12 } },
      showlegend: true, dragmode: "zoom",
      xaxis: {
        gridcolor: look.colors.grid, linecolor: look.colors.axis, zeroline: false, showline: true,
        ticks: "outside", ticklen: 4, tickcolor: look.colors.axis, autorange: false,
      },
      yaxis: {
        type: onLog ? "log" : "linear", gridcolor: look.colors.grid, linecolor: look.colors.axis,
        zeroline: false, autorange: false, tickfont: { size: 11 },
        title: { text: labelText(spec, view.scale, look.texts), standoff: 10, font: { size: 12 } },
      },
    };
  }

  /** "… (Log Scale)"; "(Linear Scale)" only where the chart's own default is log. */
  function titleText(spec, scale, texts) {
    if (scale === "log") return `${spec.title} (${texts.log_scale})`;
    return spec.scale === "log" ? `${spec.title} (${texts.linear_scale})` : spec.title;
  }

  function labelText(spec, scale, texts) {
    if (scale === "log") return `${spec.y_label} - ${texts.log_scale}`;
    return spec.scale === "log" ? `${spec.y_label} - ${texts.linear_scale}` : spec.y_label;
  }

  function summary(spec, lines, columns, texts) {
    const epochs = columns.epoch;
    if (epochs.length === 0) return spec.title;
    const last = lines.map((line) =>
      `${line.name} ${valueText(lastNumber(columns[line.metric]), line.unit ?? spec.unit)}`);
    return `${spec.title}. ${texts.axis_epoch} ${epochs[epochs.length - 1]}: ${last.join(", ")}`;
  }

  function lastNumber(values) {
    for (let i = values.length - 1; i >= 0; i -= 1) if (typeof values[i] === "number") return values[i];
    return null;
  }

  core.figure = { lineFigure, baseLayout, titleText, labelText, pick, lastNumber, DASHES, THIN_ABOVE };
})(typeof window === "undefined" ? globalThis : window);
