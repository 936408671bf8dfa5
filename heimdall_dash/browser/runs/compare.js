/* Several jobs over one another: their curves, live, and the table of what differs. */

import { unitOf, valueUnitOf, firstScale } from "../figure/names.js";
import { compareFigure } from "../figure/diagrams.js";
import { DASHES } from "../figure/traces.js";
import { fill } from "../figure/words.js";
import { byId, look } from "../charts/elements.js";
import { CompareTable } from "./compare_table.js";
import { Histories } from "./histories.js";
import { Palette } from "./palette.js";

const CHART = "compare-chart";

/**
 * What the comparison needs of the page.
 * @typedef {Object} ComparePage
 * @property {Config} config  @property {import("../charts/painter.js").Painter} painter
 * @property {KeptView} view  @property {Call} call  @property {Show} setProps
 * @property {() => Map<string, Job>} jobs
 * @property {(id: string, scale: Scale) => void} scaled
 */

export class Compare {
  /** @param {ComparePage} page */
  constructor(page) {
    this.page = page;
    this.histories = new Histories(
      { call: page.call, now: () => performance.now(), random: Math.random }, () => this._arrived());
    this.palette = new Palette(page.config.colors.light.lines.length, DASHES.length);
    this.table = new CompareTable(byId("compare-table"), page.config);
    /** @type {Spec} */
    this.spec = {
      id: CHART, title: page.config.texts.axis_epoch, y_label: "", unit: "", lines: [], scale: "linear", isGuessed: true,
      hint: "", references: [], ticks: [], kind: "lines", proof: null, unproven: {},
    };
    this.scale = new CompareScale(page, this.spec);
    this.namesKey = "";
    this.metricsKey = "";
  }

  /** Show what is known now, and fetch what is new; nothing happens while nobody looks. */
  follow() {
    const { view, painter } = this.page;
    if (view.tab !== "compare" || document.hidden) return;
    const compared = this._compared();
    this.histories.follow(compared.map(({ job }) => job));
    this.table.render(compared, view.metric);
    const key = JSON.stringify([view.metric, compared.map(({ name, color }) => [name, color])]);
    if (key === this.namesKey) return;
    this.namesKey = key;
    painter.invalidate(CHART);
  }

  wake() {
    this.histories.wake();
    this.follow();
  }

  /** @param {import("../charts/painter.js").Size} size  @returns {Figure} */
  figure(size) {
    const { config, view } = this.page;
    const { metric } = view;
    const unit = unitOf(metric);
    const compared = this._compared();
    this.scale.settle(compared, compared.every(({ job }) => this.histories.isKnown(job.id)));
    const spec = {
      ...this.spec, title: metric, y_label: unit ? `${metric} (${unit})` : metric, unit: valueUnitOf(metric),
    };
    const own = { ...view.chart(this.spec), x: view.compareX };
    const figure = compareFigure(spec, compared, metric, own, look(config, size));
    figure.emptyText = compared.length ? config.texts.empty_compare_metric : config.texts.empty_compare;
    for (const { name, store } of compared) {
      const returned = store.columns.epoch.length;
      if (store.total > returned) figure.notes.push(`${name}: ${fill(config.texts.thinned, { returned, total: store.total })}`);
    }
    return figure;
  }

  /**
   * The toggle says another scale, by the reader's hand or by ours.
   * @param {Scale} scale
   */
  scaled(scale) {
    this.scale.chosen(scale);
  }

  /** Every chosen job that exists, with its curve and how that looks. */
  _compared() {
    const { config, view } = this.page;
    const jobs = this.page.jobs();
    const chosen = view.compare.flatMap((id) => jobs.get(id) ?? []);
    const looks = this.palette.of(chosen.map((job) => job.id));
    const { lines } = look(config, {}).colors;
    return chosen.map((job, i) => {
      const store = this.histories.of(job.id);
      const { color, dash } = looks[i];
      return { job, store, columns: store.columns, notFinite: store.notFinite, name: nameAmong(job, chosen), color: lines[color], order: dash, dash: DASHES[dash] };
    });
  }

  _arrived() {
    this.offerMetrics();
    this.table.render(this._compared(), this.page.view.metric);
    this.page.painter.invalidate(CHART);
  }

  /** Whatever scalar the chosen jobs have can be compared. */
  offerMetrics() {
    const { view, setProps } = this.page;
    const names = new Set([view.metric]);
    for (const { columns } of this._compared()) {
      for (const [name, values] of Object.entries(columns)) {
        if (name !== "epoch" && name !== "timestamp" && !values.some(Array.isArray)) names.add(name);
      }
    }
    const sorted = [...names].sort();
    const key = `${view.metric} ${sorted}`;
    if (key === this.metricsKey) return;
    this.metricsKey = key;
    setProps("compare-metric", { data: sorted, value: view.metric });
  }
}

/**
 * Two jobs may carry one name; then a part of the id tells them apart.
 * @param {Job} job
 * @param {Job[]} jobs
 * @returns {string}
 */
function nameAmong(job, jobs) {
  const isAlone = jobs.filter((other) => other.job_name === job.job_name).length === 1;
  return isAlone ? job.job_name : `${job.job_name} ${job.id.slice(0, 8)}`;
}

export class CompareScale {
  /**
   * @param {{config: {metrics: Config["metrics"]}, view: any, setProps: Show, scaled: (id: string, scale: Scale) => void}} page
   * @param {{id: string, scale: Scale}} spec  of the chart; gets its default scale
   */
  constructor(page, spec) {
    this.page = page;
    this.spec = spec;
    this.settled = ""; // what the default was decided for
    this.told = spec.scale; // what the toggle says
  }

  /**
   * Decide once for a metric of the chosen jobs, when all are there: a scale that changed by itself
   * while somebody reads would be a surprise.
   * @param {{columns: Columns}[]} compared  @param {boolean} isComplete  nothing is still on its way
   */
  settle(compared, isComplete) {
    const { view, config } = this.page;
    const { metric } = view;
    const key = JSON.stringify([metric, [...view.compare].sort()]);
    if (key !== this.settled) {
      const values = compared.flatMap(({ columns }) => columns[metric] || []);
      this.spec.scale = firstScale(metric, values, config.metrics[metric]);
      if (isComplete && values.some((value) => typeof value === "number")) this.settled = key;
    }
    this._tell(view.chart(this.spec).scale);
  }

  /**
   * The toggle says what is drawn.
   * @param {Scale} scale
   */
  _tell(scale) {
    if (scale === this.told) return;
    this.told = scale;
    this.page.setProps(`scale-${this.spec.id}`, { value: scale });
  }

  /**
   * The toggle changed: by the reader's hand, unless it says what we told it.
   * @param {Scale} scale
   */
  chosen(scale) {
    if (scale === this.told) return;
    this.told = scale;
    this.page.scaled(this.spec.id, scale);
  }
}
