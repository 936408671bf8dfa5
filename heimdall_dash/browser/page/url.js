/* The view in the address bar: only what differs from the defaults, so that links stay short. */

const TABS = ["jobs", "metrics"];
const X_MODES = ["epoch", "relative", "wall"];
const RATES = ["live", "1s", "5s", "paused"];
/** @type {Scale[]} */
const SCALES = ["log", "linear"];
const BANDS = ["range", "sd"];

/** @returns {ViewFields} the view of a page that was opened without a query */
export function defaultView() {
  return {
    tab: "metrics", job: null, smoothing: 0, x: "epoch", rate: "live", linked: false, scales: {},
    zooms: {}, reliability: null, predicted: null, embed: null, search: "", statuses: [], order: "status", runs: [],
    eyes: [], group: "none", band: "range", off: {}, readout: "chart", wide: null, find: "", folded: [],
    saved: null,
    tableSort: "", tableColumns: null, tableDiffers: true, tableHidden: false, tablePicked: [],
  };
}

/** @param {ViewFields} view  @returns {string} `?tab=…`, or an empty string for the defaults */
export function toQuery(view) {
  const query = new URLSearchParams();
  const standard = defaultView();
  const put = (/** @type {string} */ name, /** @type {any} */ value, /** @type {any} */ usual) => {
    if (value !== usual && value !== null && value !== "") query.set(name, String(value));
  };
  put("tab", view.tab, standard.tab);
  put("job", view.job, null);
  put("smooth", view.smoothing, 0);
  put("x", view.x, "epoch");
  put("rate", view.rate, "live");
  put("linked", view.linked ? 1 : "", "");
  for (const scale of SCALES) {
    put(scale, joined(Object.keys(view.scales).filter((id) => view.scales[id] === scale).sort()), "");
  }
  for (const [id, zoom] of Object.entries(view.zooms)) {
    if (zoom) query.set(`zoom.${id}`, zoomText(zoom));
  }
  put("reliability", view.reliability, null);
  put("predicted", view.predicted, null);
  put("embed", view.embed, null);
  put("search", view.search, "");
  put("status", view.statuses.join(","), "");
  put("order", view.order, "status");
  put("runs", view.runs.join(","), "");
  put("hide", view.eyes.join(","), "");
  put("group", view.group, standard.group);
  put("band", view.band, standard.band);
  put("readout", view.readout, standard.readout);
  for (const [id, metrics] of Object.entries(view.off)) for (const metric of metrics) query.append(`off.${id}`, metric);
  put("wide", view.wide, null);
  put("sort", view.tableSort, "");
  if (view.tableColumns) query.set("columns", joined(view.tableColumns));
  put("differ", view.tableDiffers ? "" : 0, "");
  put("hidden", view.tableHidden ? 1 : "", "");
  put("picked", view.tablePicked.join(","), "");
  put("find", view.find, "");
  put("view", view.saved, null);
  for (const group of view.folded) query.append("fold", group); // one of them has no name
  const text = query.toString().replace(/%2C/g, ",");
  return text ? `?${text}` : "";
}

/**
 * What a query says; anything unknown or impossible falls back to its default.
 * @param {string} text
 * @returns {ViewFields}
 */
export function fromQuery(text) {
  const query = new URLSearchParams(text);
  const view = defaultView();
  /** @type {(name: string, allowed: string[], usual: string) => any} */
  const among = (name, allowed, usual) => (allowed.includes(query.get(name) ?? "") ? query.get(name) : usual);
  view.tab = among("tab", TABS, view.tab);
  Object.assign(view, runsOf(query));
  const smoothing = Number(query.get("smooth"));
  if (smoothing > 0 && smoothing < 1) view.smoothing = smoothing;
  view.x = among("x", X_MODES, view.x);
  view.rate = among("rate", RATES, view.rate);
  view.linked = query.get("linked") === "1";
  for (const scale of SCALES) for (const id of separated(query.get(scale))) view.scales[id] = scale;
  for (const [name, value] of query) {
    if (!name.startsWith("zoom.")) continue;
    const zoom = zoomOf(value);
    if (zoom) view.zooms[name.slice(5)] = zoom;
  }
  delete view.zooms["compare-chart"]; // of a page that was
  for (const [name, metric] of query) if (name.startsWith("off.")) (view.off[name.slice(4)] ??= []).push(metric);
  const epochOf = (/** @type {string} */ name) => (/^\d+$/.test(query.get(name) ?? "") ? Number(query.get(name)) : null);
  view.reliability = epochOf("reliability");
  view.predicted = epochOf("predicted");
  view.embed = query.get("embed") || null;
  if (view.embed !== null) view.tab = "metrics";
  view.search = query.get("search") || "";
  view.statuses = list(query.get("status"));
  view.order = query.get("order") || view.order;
  view.eyes = list(query.get("hide"));
  view.group = query.get("group") || view.group;
  view.band = among("band", BANDS, view.band);
  view.readout = among("readout", ["chart", "value"], view.readout);
  view.wide = query.get("wide") || null;
  view.tableSort = query.get("sort") || "";
  if (query.has("columns")) view.tableColumns = separated(query.get("columns"));
  view.tableDiffers = query.get("differ") !== "0";
  view.tableHidden = query.get("hidden") === "1";
  view.tablePicked = list(query.get("picked"));
  view.find = query.get("find") || "";
  view.saved = query.get("view") || null;
  view.folded = [...new Set(query.getAll("fold"))];
  return view;
}

/**
 * Which runs stand on the charts, the chosen one first: `job`, or with several also `runs`, whose order
 * gives the colours. Links to the comparison that was a page of its own name them in `compare`.
 * @param {URLSearchParams} query
 * @returns {{job: string|null, runs: string[]}}
 */
function runsOf(query) {
  const compared = list(query.get("compare"));
  const named = compared.length ? compared : (query.get("runs") || "").split(",");
  const seen = new Set();
  const slots = named.map((id) => (!id || seen.has(id) ? "" : seen.add(id) && id));
  const first = slots.find(Boolean) ?? null;
  const job = (compared.length ? null : query.get("job")) || first;
  if (job && first && !slots.includes(job)) slots.unshift(job);
  while (slots.length && !slots[slots.length - 1]) slots.pop();
  return { job, runs: slots.filter(Boolean).length > 1 ? slots : [] };
}

/**
 * `x0,x1`, with `y0,y1` where the heights were zoomed too, and the scale that the heights belong to where the chart's default may change.
 * @param {Zoom} zoom
 * @returns {string}
 */
function zoomText({ x, y, scale }) {
  return [...[...x, ...(y ?? [])].map((end) => Number(end.toPrecision(15))), ...(scale ? [scale] : [])].join(",");
}

/** @param {string} text  @returns {Zoom|null} */
function zoomOf(text) {
  const parts = text.split(",");
  const scale = SCALES.find((one) => one === parts[4]);
  if (scale) parts.pop();
  const ends = parts.map(Number);
  if (![2, 4].includes(ends.length) || !ends.every(Number.isFinite) || ends[0] >= ends[1]) return null;
  return { x: ends.slice(0, 2), y: ends.length === 4 ? ends.slice(2) : null, ...(scale ? { scale } : {}) };
}

/**
 * Texts that may hold commas, with commas between.
 * @param {string[]} names
 * @returns {string}
 */
function joined(names) {
  return names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

/** @param {string|null} text  @returns {string[]} */
function separated(text) {
  return list(text).map((part) => part.replaceAll("%2C", ",").replaceAll("%25", "%"));
}

/** @param {string|null} text  @returns {string[]} */
function list(text) {
  return (text || "").split(",").filter(Boolean);
}
