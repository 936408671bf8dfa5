/* The table of all runs: rows from the live list and from summaries, written as what changed alone.
   Imported when the tab Jobs is opened first; then it loads the grid's script too. */

import { later } from "./later.js";
import { fits, parse } from "./run_filter.js";
import { RunActions } from "./run_actions.js";
import { Parameters } from "./parameters.js";
import { cells, columnOf, flatConfig, isHigherBetter } from "./run_rows.js";
import { definitionOf, labelOf } from "./table_cells.js";
import { jobColumns, metricsOf, settingsOf, standardColumns } from "./table_columns.js";

const JOB_FIELDS = ["job_name", "status", "progress", "tags", "group", "created_at", "duration"];
const LAST_COLUMNS = ["created_at", "duration"];
const FETCH_MS = 4000; // numbers of runs that go on
const MOST_AT_ONCE = 100; // runs in one request
const MOST_METRICS = 200;

export class RunsTable {
  /** @param {any} page */
  constructor(page) {
    this.page = page;
    this.texts = page.config.texts;
    /** @type {any} */
    this.api = null;
    /** @type {Map<string, any>} */
    this.rows = new Map(); // by id, as the grid has them
    /** @type {Map<string, {job: Job, config: Record<string, any>, text: string}>} */
    this.known = new Map();
    /** @type {Map<string, Record<string, any>>} */
    this.summaries = new Map();
    /** @type {Map<string, string>} */
    this.positions = new Map(); // of the summaries
    /** @type {Record<string, number>} */
    this.names = {};
    /** @type {Map<string, string[]>} */
    this.alike = new Map(); // the metrics that a run has, by its id
    /** @type {string|null} */
    this.key = null; // the key metric
    this.settings = settingsOf([]); // of the runs shown
    /** @type {string[]} */
    this.own = jobColumns([]);
    /** @type {string[]} */
    this.standard = []; // the columns beside them, until the reader chooses
    /** @type {string|null} */
    this.query = null; // of which `terms` are
    /** @type {import("./run_filter.js").Term[]} */
    this.terms = [];
    /** @type {Set<string>} */
    this.inGrid = new Set();
    this.columnsKey = "";
    this.offerKey = "";
    this.asked = "";
    this.isAsking = false;
    /** @type {string[]} */
    this.linked = [...page.view.tablePicked];
    this.actions = new RunActions(this);
    this.parameters = new Parameters(this);
    page.setProps("runs-differ", { checked: page.view.tableDiffers });
    page.setProps("runs-hidden", { checked: page.view.tableHidden });
    void this._open();
    setInterval(() => { if (page.view.tab === "jobs" && !document.hidden) void this._fetch(); }, FETCH_MS);
  }

  async _open() {
    await later("grid", document);
    this.page.setProps("runs-wanted", { data: 1 });
    this.api = await window.dash_ag_grid.getApiAsync("runs-table");
    this.api.setGridOption("isExternalFilterPresent", () => true);
    this.api.setGridOption("doesExternalFilterPass", (/** @type {any} */ node) => this._passes(node.data.id));
    this.api.addEventListener("sortChanged", () => this._sorted());
    this.api.addEventListener("selectionChanged", () => this._selected());
    this.api.addEventListener("cellClicked", (/** @type {any} */ event) => this._name(event));
    this.api.addEventListener("cellKeyDown", (/** @type {any} */ event) => { if (event.event.key === "Enter") this._name(event); });
    this.render();
    void this._fetch();
  }

  /** The list changed, or what the reader wants of it. */
  render() {
    if (!this.api || !this.page.list.isKnown) return;
    this._learn();
    this._columns();
    this._write();
    this.api.onFilterChanged();
    const linked = this.linked.splice(0); // of the link, once the rows are there
    if (linked.length) this.select(linked);
    this.actions.render();
    this.parameters.render();
  }

  /** Jobs as far as they changed. */
  _learn() {
    const jobs = this.page.list.jobs;
    for (const id of this.known.keys()) if (!jobs.has(id)) this.known.delete(id);
    for (const [id, job] of jobs) {
      if (this.known.get(id)?.job === job) continue;
      const config = flatConfig(job.config);
      const text = [job.job_name, id, job.status, ...(job.tags || []), job.group, job.notes, JSON.stringify(config)].join(" ").toLowerCase();
      this.known.set(id, { job, config, text });
    }
    this.jobs = [...this.known.values()].map(({ job }) => job);
  }

  /** @returns {string[]} ids of the columns, in their order */
  columns() {
    return [...this.own, ...this._chosen(), ...LAST_COLUMNS];
  }

  /** @returns {string[]} those that are the reader's to choose */
  _chosen() {
    return this.page.view.tableColumns ?? this.standard;
  }

  /** What most of the runs shown have in common, and what tells them apart. */
  _choose() {
    const { config, view } = this.page;
    const there = [...this.known.values()].filter(({ job }) => this._isThere(job));
    const passing = there.filter(({ job }) => this._passes(job.id));
    const shown = passing.length ? passing : there; // a word half typed finds nothing
    const jobs = shown.map(({ job }) => job);
    const metrics = metricsOf(jobs, (job) => this.alike.get(job.id) ?? Object.keys(job.last_metrics || {}), config.directions);
    this.key = metrics[0] ?? null;
    this.settings = settingsOf(shown.map((one) => one.config));
    this.own = jobColumns(there.map(({ job }) => job));
    this.standard = standardColumns(shown, this.settings, metrics, (metric) => this.higher(metric), view.tableDiffers);
  }

  _columns() {
    this._choose();
    const ids = this.columns();
    const key = JSON.stringify(ids);
    if (key !== this.columnsKey) {
      this.columnsKey = key;
      this.rows.clear(); // each row again, with other cells
      this.api.setGridOption("columnDefs", ids.map((id) => definitionOf(id, this.label(id), this.page.view.tableSort)));
    }
    const offered = [...this.settings.all.map((name) => `config:${name}`),
      ...Object.keys(this.names).flatMap((name) => [`last:${name}`, `best:${name}`])];
    const value = this._chosen();
    const offerKey = JSON.stringify([offered, value]);
    if (offerKey === this.offerKey) return;
    this.offerKey = offerKey;
    const data = [...new Set([...offered, ...value])].map((id) => ({ value: id, label: this.label(id) }));
    this.page.setProps("runs-columns", { data, value });
  }

  /** @param {string} id  of a column */
  label(id) {
    return labelOf(id, this.texts);
  }

  /** Rows that are new, changed or gone, in one go. */
  _write() {
    const ids = this.columns();
    /** @type {{add: any[], update: any[], remove: any[]}} */
    const change = { add: [], update: [], remove: [] };
    const isThere = this.inGrid;
    for (const { job, config } of this.known.values()) {
      const cell = this._cells(job, config);
      /** @type {Record<string, any>} */
      const row = { id: job.id };
      for (const id of ids) row[id] = cell(id);
      const before = this.rows.get(job.id);
      if (before && ids.every((id) => before[id] === row[id])) continue;
      this.rows.set(job.id, row);
      (isThere.has(job.id) ? change.update : change.add).push(row);
      isThere.add(job.id);
    }
    for (const id of isThere) {
      if (this.known.has(id)) continue;
      change.remove.push({ id });
      isThere.delete(id);
      this.rows.delete(id);
    }
    change.add.sort((a, b) => String(b.created_at).localeCompare(String(a.created_at)));
    if (change.add.length || change.update.length || change.remove.length) this.api.applyTransaction({ ...change, addIndex: 0 }); // the newest is the first
  }

  /** @param {Job} job  @param {Record<string, any>} config */
  _cells(job, config) {
    return cells(job, config, this.summaries.get(job.id) ?? {}, (metric) => this.higher(metric));
  }

  /** @param {string} metric */
  higher(metric) {
    return isHigherBetter(metric, this.jobs ?? [], this.page.config.directions);
  }

  /* ------------------------------------------------------------- which rows */

  /** @param {Job} job */
  _isThere(job) {
    return !job.delete_at && (this.page.view.tableHidden || !job.is_hidden);
  }

  /** @param {string} id */
  _passes(id) {
    const known = this.known.get(id);
    const { search, statuses } = this.page.view;
    if (!known || !this._isThere(known.job) || (statuses.length && !statuses.includes(known.job.status))) return false;
    if (this.query !== search) [this.query, this.terms] = [search, parse(search)];
    const { job, config, text } = known;
    const field = (/** @type {string} */ name) => {
      if (name in config) return config[name];
      if (name === "tag" || name === "tags") return job.tags;
      if (name === "name") return job.job_name;
      if (name === "epoch") return job.current_epoch;
      const own = this._cells(job, config)(JOB_FIELDS.includes(name) ? name : `last:${name}`);
      return own === null ? undefined : own;
    };
    return fits(this.terms, { text, field });
  }

  /** @returns {string[]} ids of the selected runs that are shown */
  picked() {
    return this.api ? this.api.getSelectedNodes().map((/** @type {any} */ node) => node.data.id).filter((/** @type {string} */ id) => this._passes(id)) : [];
  }

  /** @returns {string[]} ids of the rows as they stand */
  shown() {
    /** @type {string[]} */
    const ids = [];
    this.api?.forEachNodeAfterFilterAndSort((/** @type {any} */ node) => ids.push(node.data.id));
    return ids;
  }

  /** By the component's property: it puts that selection back whenever rows change. @param {string[]} ids  these and no others */
  select(ids) {
    this.page.setProps("runs-table", { selectedRows: { ids } });
  }

  _selected() {
    this.page.view.tablePicked = this.picked();
    this.page.view.write();
    this.actions.render();
    this.parameters.render();
  }

  /** A run's name opens it, unless a part of it was being selected. @param {any} event  the grid's */
  _name({ column, data }) {
    if (column.getColId() === "job_name" && data && !getSelection()?.toString()) this.page.choice.show([data.id]);
  }

  _sorted() {
    const column = this.api.getColumnState().find((/** @type {any} */ one) => one.sort);
    this.page.view.tableSort = column ? `${column.colId} ${column.sort}` : "";
    this.page.view.write();
  }

  /* ------------------------------------------------------------- what the reader chose */

  /** @param {string[]} chosen */
  columnsChosen(chosen) {
    const present = this._chosen();
    if (!this.offerKey || JSON.stringify(chosen) === JSON.stringify(present)) return;
    this.page.view.tableColumns = chosen;
    this.render();
    void this._fetch();
  }

  /** @param {boolean} isOn */
  differs(isOn) {
    if (isOn === this.page.view.tableDiffers) return;
    Object.assign(this.page.view, { tableDiffers: isOn, tableColumns: null });
    this.render();
  }

  /** @param {boolean} isOn */
  showHidden(isOn) {
    this.page.view.tableHidden = isOn;
    this.render();
  }

  /* ------------------------------------------------------------- numbers */

  /** What the metrics came to: of all runs when other metrics are wanted, else of those that went on. */
  async _fetch() {
    if (this.isAsking || !this.api) return;
    const wanted = this._wanted();
    const key = JSON.stringify(wanted);
    const all = [...this.known.values()].filter(({ job }) => this.positions.get(job.id) !== job.position).map(({ job }) => job.id);
    const isNew = key !== this.asked;
    if (!isNew && !all.length) return;
    const query = new URLSearchParams(wanted.map((name) => ["metrics", name]));
    if (!isNew && all.length <= MOST_AT_ONCE) for (const id of all) query.append("jobs", id);
    const isWhole = !query.has("jobs");
    this.isAsking = true;
    try {
      const positions = new Map([...this.known].map(([id, { job }]) => [id, job.position]));
      const answer = await this.page.call("GET", `/summaries?${query}`);
      this.asked = key;
      this.names = isWhole ? answer.names : { ...answer.names, ...this.names };
      for (const [id, summary] of Object.entries(answer.summaries)) {
        this.summaries.set(id, summary);
        this.positions.set(id, positions.get(id) ?? "");
      }
      for (const { jobs, names } of answer.alike) for (const id of jobs) this.alike.set(id, names);
      this.rows.clear();
      this.render();
    } catch {
      return; // the next round asks again
    } finally {
      this.isAsking = false;
    }
    if (this._wanted().some((name) => !wanted.includes(name))) void this._fetch(); // now that it is known what there is
  }

  /** @returns {string[]} the metrics whose numbers the table shows */
  _wanted() {
    const shown = this.columns().map(columnOf).filter(({ kind }) => kind === "last" || kind === "best").map(({ name }) => name);
    return [...new Set([...shown, ...(this.key === null ? [] : [this.key])])].slice(0, MOST_METRICS);
  }
}
