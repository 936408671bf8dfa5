/* The axes of a chart: positions and range in time, range and ticks in height. Pure. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { extent } = core.lines;
  const { tickTexts, logTicks, linearTicks, fill } = core.ticks;

  function xAxis(columns, mode, look) {
    const epochs = columns.epoch;
    if (mode === "epoch" || !columns.timestamp) return epochAxis(epochs, look);
    const times = timesMs(columns.timestamp);
    return mode === "wall" ? wallAxis(times, look) : relativeAxis(times, look);
  }

  function epochAxis(epochs, look) {
    const first = epochs.length ? epochs[0] : 0;
    const last = epochs.length ? epochs[epochs.length - 1] : 10;
    return {
      values: epochs,
      range: padded(first, Math.max(last, first + 10)),
      layout: {
        title: { text: look.texts.axis_epoch, standoff: 6, font: { size: 12 } }, separatethousands: true,
        unifiedhovertitle: { text: `${look.texts.axis_epoch} %{x}` },
      },
    };
  }

  function relativeAxis(times, look) {
    const start = times.length ? times[0] : 0;
    const span = times.length ? times[times.length - 1] - start : 0;
    const [unit, name] = span > 2 * 3600e3 ? [3600e3, "h"] : span > 120e3 ? [60e3, "min"] : [1e3, "s"];
    const values = times.map((time) => (time - start) / unit);
    return {
      values,
      range: padded(0, Math.max(span / unit, 1)),
      layout: {
        title: { text: fill(look.texts.axis_relative, { unit: name }), standoff: 6, font: { size: 12 } },
        unifiedhovertitle: { text: `%{x:.4~g} ${name}` },
      },
    };
  }

  function wallAxis(times, look) {
    const values = times.map((time) => time + look.offsetMs);
    const last = values.length ? values[values.length - 1] : 0;
    const first = values.length ? values[0] : last;
    return {
      values,
      range: padded(first, Math.max(last, first + 10e3)),
      layout: {
        type: "date", title: { text: look.texts.axis_wall, standoff: 6, font: { size: 12 } }, hoverformat: "%Y-%m-%d %H:%M:%S",
      },
    };
  }

  const parsedTimes = new WeakMap();

  /** ISO 8601 column as milliseconds; what was parsed before is not parsed again. */
  function timesMs(timestamps) {
    let known = parsedTimes.get(timestamps);
    if (!known) parsedTimes.set(timestamps, (known = []));
    for (let i = known.length; i < timestamps.length; i += 1) {
      const time = Date.parse(timestamps[i]);
      known.push(Number.isFinite(time) ? time : (known[i - 1] ?? 0));
    }
    return known;
  }

  function padded(low, high) {
    const pad = (high - low) * 0.015;
    return [low - pad, high + pad];
  }

  /** In axis units: log10 of the value on a log axis. */
  function yRange(columns, references, onLog, zoom) {
    if (zoom) return zoom.y;
    const found = extent([...columns, references.map((r) => r.value)], onLog);
    if (!found) return onLog ? [-1, 4] : [0, 1];
    let [low, high] = onLog ? found.map(Math.log10) : found;
    if (high - low < 1e-9 * Math.max(1, Math.abs(high))) {
      const pad = onLog ? 0.5 : Math.abs(high) * 0.1 || 1;
      [low, high] = [low - pad, high + pad];
    }
    const pad = (high - low) * 0.06;
    // room for the names of reference lines at the edges
    const under = references.some((r) => r.isBound) ? 2 : 1;
    return [low - pad * under, high + pad * (references.length ? 1.8 : 1)];
  }

  function yTicks(range, onLog, spec, look) {
    const room = Math.max(3, Math.floor((look.height - 130) / 22));
    const values = onLog
      ? logTicks(10 ** range[0], 10 ** range[1], spec.ticks, room)
      : linearTicks(range[0], range[1], Math.min(room, 6));
    return { tickmode: "array", tickvals: values, ticktext: tickTexts(values) };
  }

  core.axes = { xAxis, yRange, yTicks, padded };
})(typeof window === "undefined" ? globalThis : window);
