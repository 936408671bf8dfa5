/* How a reader arranged the charts: pinned, hidden, moved, joined, made anew. It is what a saved view
   keeps, and it names charts by ids that are the same for every run. Pure: each change gives a new one. */

/** @returns {Arrangement} that of a page which nobody arranged */
export function unarranged() {
  return { pinned: [], hidden: [], order: {}, joined: {}, charts: [] };
}

/** @param {Arrangement} arrangement  @returns {boolean} */
export function isUnarranged(arrangement) {
  return JSON.stringify(arrangement) === JSON.stringify(unarranged());
}

/** @param {Arrangement} before  @param {string} id  @returns {Arrangement} */
export function pinned(before, id) {
  const others = before.pinned.filter((known) => known !== id);
  return { ...before, pinned: others.length < before.pinned.length ? others : [...before.pinned, id] };
}

/** @param {Arrangement} before  @param {string} id  @returns {Arrangement} */
export function hidden(before, id) {
  return { ...before, hidden: [...before.hidden.filter((known) => known !== id), id], pinned: before.pinned.filter((known) => known !== id) };
}

/** @param {Arrangement} before  @param {string} [id]  all of them without one  @returns {Arrangement} */
export function shownAgain(before, id) {
  return { ...before, hidden: id === undefined ? [] : before.hidden.filter((known) => known !== id) };
}

/**
 * @param {Arrangement} before
 * @param {string} section  where the chart stands
 * @param {string[]} ids    of that section as it is now
 * @param {string} id
 * @param {number} to       its new place
 * @returns {Arrangement}
 */
export function moved(before, section, ids, id, to) {
  const others = ids.filter((known) => known !== id);
  const at = Math.max(0, Math.min(others.length, to));
  const order = [...others.slice(0, at), id, ...others.slice(at)];
  if (section === PINNED) return { ...before, pinned: order };
  return { ...before, order: { ...before.order, [section]: order } };
}

/**
 * The lines of `other`, and of what was joined to it, stand on `id` as well.
 * @param {Arrangement} before
 * @param {string} id
 * @param {string} other
 * @returns {Arrangement}
 */
export function joined(before, id, other) {
  const { [other]: taken = [], ...rest } = before.joined;
  const own = rest[id] ?? [];
  return {
    ...before, joined: { ...rest, [id]: [...new Set([...own, other, ...taken])].filter((known) => known !== id) },
    pinned: before.pinned.filter((known) => known !== other),
  };
}

/** @param {Arrangement} before  @param {string} id  @returns {Arrangement} */
export function parted(before, id) {
  return { ...before, joined: Object.fromEntries(Object.entries(before.joined).filter(([known]) => known !== id)) };
}

/**
 * A chart of the reader's own; one of the same title is replaced.
 * @param {Arrangement} before
 * @param {OwnChart} chart
 * @returns {Arrangement}
 */
export function withChart(before, chart) {
  return { ...before, charts: [...before.charts.filter(({ title }) => title !== chart.title), chart] };
}

/** @param {Arrangement} before  @param {string} title  @returns {Arrangement} */
export function withoutChart(before, title) {
  return { ...before, charts: before.charts.filter((chart) => chart.title !== title) };
}

/* ---------------------------------------------------------------- applied */

export const PINNED = "pinned:"; // no metric's prefix: that of `pinned/x` is `pinned`
export const NEW = "new:"; // begins the id of a chart that a reader made
const MOST_LINES = 50; // on one chart, however many were joined

/**
 * @typedef {{name: string, specs: Spec[]}} SpecSection
 * @param {SpecSection[]} sections  as they would stand
 * @param {Arrangement} arrangement
 * @returns {SpecSection[]} without empty ones
 */
export function arranged(sections, arrangement) {
  const known = new Map(sections.flatMap(({ specs }) => specs.map((spec) => [spec.id, spec])));
  const away = new Set(arrangement.hidden);
  const whole = new Map();
  for (const [id, others] of Object.entries(arrangement.joined)) {
    const spec = known.get(id);
    const found = others.map((other) => known.get(other)).filter((other) => other !== undefined);
    if (!spec || found.length === 0) continue;
    whole.set(id, together(spec, found));
    for (const other of found) away.add(other.id);
  }
  const shown = (/** @type {Spec|undefined} */ spec) => (spec && !away.has(spec.id) ? [whole.get(spec.id) ?? spec] : []);
  const isPinned = new Set(arrangement.pinned);
  const rest = sections.map(({ name, specs }) => ({
    name, specs: ordered(specs, arrangement.order[name]).filter((spec) => !isPinned.has(spec.id)).flatMap(shown),
  }));
  return [{ name: PINNED, specs: arrangement.pinned.flatMap((id) => shown(known.get(id))) }, ...rest].filter(({ specs }) => specs.length > 0);
}

/**
 * The reader's newest charts, what the reader put in order, then what came since.
 * @param {Spec[]} specs
 * @param {string[]} [order]
 * @returns {Spec[]}
 */
function ordered(specs, order = []) {
  const place = new Map(order.map((id, i) => [id, i]));
  const at = (/** @type {Spec} */ spec) => place.get(spec.id) ?? (spec.id.startsWith(NEW) ? -1 : order.length);
  return [...specs].sort((a, b) => at(a) - at(b));
}

/**
 * @param {Spec} spec
 * @param {Spec[]} others
 * @returns {Spec}  each line in a colour of its own; of several units none is claimed
 */
function together(spec, others) {
  const all = [spec, ...others];
  const lines = all.flatMap((one) => one.lines.map((line) => ({ ...line, unit: line.unit ?? one.unit, axis: 1 })));
  const first = new Map();
  for (const line of lines) if (!first.has(line.metric)) first.set(line.metric, line);
  const isOfOneUnit = all.every((one) => one.unit === spec.unit);
  return {
    ...spec, title: all.map((one) => one.title).join(" + "), hint: "", proof: null, y2_label: null, isJoined: true,
    ...(isOfOneUnit ? {} : { y_label: "", unit: "" }), references: all.flatMap((one) => one.references),
    lines: [...first.values()].slice(0, MOST_LINES).map((line, i) => ({ ...line, color: i })),
  };
}
