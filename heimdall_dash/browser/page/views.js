/* Saved views: which arrangement of the charts, scales, smoothing and axis the reader chose by name,
   kept on the server for everybody who looks at runs of the project. */

import { isUnarranged, shownAgain, unarranged, withChart } from "../charts/arrangement.js";
import { fill } from "../figure/words.js";

export const STANDARD = "default"; // the view that a project's runs open with, where it is saved

/**
 * What a view keeps.
 * @param {KeptView} view
 * @returns {SavedView}
 */
export function toSave({ arrangement, scales, smoothing, x }) {
  return { ...arrangement, scales: { ...scales }, smoothing, x_axis: x };
}

/**
 * What the server answers, made whole: fields that a later version adds are left out.
 * @param {any} saved
 * @returns {{arrangement: Arrangement, scales: Record<string, Scale>, smoothing: number, x: XMode}}
 */
export function fromSaved(saved) {
  const { pinned, hidden, order, joined, charts, scales, smoothing, x_axis: x } = { ...unarranged(), ...saved };
  return { arrangement: { pinned, hidden, order, joined, charts }, scales: { ...scales }, smoothing: smoothing ?? 0, x: x ?? "epoch" };
}

export class Views {
  /**
   * @param {{call: Call, show: Show, texts: Texts, view: import("./view.js").View, applied: () => void,
   *   copy: (text: string) => Promise<void>, address: () => string}} world
   */
  constructor(world) {
    this.world = world;
    /** @type {string|null|undefined} */
    this.project = undefined; // none known yet
    /** @type {string[]} */
    this.names = [];
    this.loaded = ""; // the view that was loaded last; others are the reader's own changes
  }

  /** @param {string} name */
  _path(name = "") {
    const query = this.project ? `?project=${encodeURIComponent(this.project)}` : "";
    return `/views${name && `/${encodeURIComponent(name)}`}${query}`;
  }

  /** The chosen job's project has views of its own.  @param {ShownJob} feed */
  follow({ job, state }) {
    if (state !== "ready" || !job) return;
    const project = job.project ?? null;
    if (project === this.project) return;
    const isFirst = this.project === undefined;
    this.project = project;
    if (!isFirst) this._apply(null, { ...fromSaved({}), smoothing: this.world.view.smoothing, x: this.world.view.x });
    this._opened();
  }

  /** What a link says besides goes before what the view that it names says. */
  async _opened() {
    const { view } = this.world;
    await this.list();
    const wanted = view.saved ?? (this.names.includes(STANDARD) ? STANDARD : null);
    if (wanted === null || !isUnarranged(view.arrangement)) return;
    const { scales, smoothing, x } = view;
    await this.load(wanted, (saved) => ({
      ...saved, scales: { ...saved.scales, ...scales }, smoothing: smoothing || saved.smoothing, x: x === "epoch" ? saved.x : x,
    }));
  }

  /** What is there by now: somebody else may have saved one. */
  async list() {
    const answer = await this._try(() => this.world.call("GET", this._path()));
    if (answer) this.names = answer.views;
    this._show();
  }

  _show() {
    const { texts, view, show } = this.world;
    const others = [...new Set([...this.names, ...(view.saved ? [view.saved] : [])])].filter((name) => name !== STANDARD).sort();
    show("views", { data: [{ value: "", label: texts.view_default }, ...others.map((name) => ({ value: name, label: name }))], value: view.saved ?? "" });
    const count = view.arrangement.hidden.length;
    show("view-hidden", { children: fill(texts.view_hidden, { n: count }), disabled: count === 0 });
    show("view-delete", { disabled: view.saved === null && !this.names.includes(STANDARD) });
  }

  /**
   * The reader chose one; the empty name is the default.
   * @param {string} name
   */
  async choose(name) {
    const { view } = this.world;
    if (name === (view.saved ?? "")) return;
    if (name !== "") return this.load(name);
    view.saved = null;
    if (this.names.includes(STANDARD)) return this.load(STANDARD);
    this.reset();
  }

  /** The address bar names another one than is shown: back, or forward. */
  restored() {
    const { saved } = this.world.view;
    if (this.project !== undefined && (saved ?? "") !== this.loaded) this._load(saved);
    this._show();
  }

  /** @param {string|null} saved */
  _load(saved) {
    if (saved !== null) this.load(saved);
    else this.reset();
  }

  /** As the page arranges charts by itself. */
  reset() {
    this._apply(this.world.view.saved, fromSaved({}));
  }

  /**
   * @param {string} name
   * @param {(saved: ReturnType<typeof fromSaved>) => ReturnType<typeof fromSaved>} [changed]
   */
  async load(name, changed = (saved) => saved) {
    const answer = await this._try(() => this.world.call("GET", this._path(name)));
    if (answer) this._apply(name === STANDARD ? null : name, changed(fromSaved(answer.view)));
    else this._show();
  }

  /** @param {string|null} name  @param {ReturnType<typeof fromSaved>} saved */
  _apply(name, saved) {
    const { view, applied } = this.world;
    Object.assign(view, saved, { saved: name });
    this.loaded = name ?? "";
    view.write();
    applied();
    this._show();
  }

  /** @param {Arrangement} arrangement */
  rearranged(arrangement) {
    this.world.view.arrangement = arrangement;
    this._show();
  }

  /* ------------------------------------------------------------- what the menu does */

  /** In place of the view that is chosen; the default one is everybody's first sight. */
  save() {
    return this._put(this.world.view.saved ?? STANDARD);
  }

  /** @param {string} typed */
  async saveAs(typed) {
    const name = typed.trim();
    const { show, texts } = this.world;
    if (!name) return show("view-name", { error: texts.view_name_missing });
    if (await this._put(name, (error) => show("view-name", { error }))) show("view-dialog", { opened: false });
  }

  /**
   * @param {string} name
   * @param {(reason: string) => void} [refused]
   * @returns {Promise<boolean>}
   */
  async _put(name, refused) {
    const { view, call, texts } = this.world;
    const answer = await this._try(() => call("PUT", this._path(name), toSave(view)), refused);
    if (!answer) return false;
    view.saved = name === STANDARD ? null : name;
    this.loaded = view.saved ?? "";
    view.write();
    this.say(fill(texts.view_saved, { name: name === STANDARD ? texts.view_default : name }));
    await this.list();
    return true;
  }

  async remove() {
    const { view, call, texts } = this.world;
    const name = view.saved ?? STANDARD;
    const isGone = await this._try(async () => {
      await call("DELETE", this._path(name));
      return true;
    });
    if (!isGone) return;
    view.saved = null;
    this.reset();
    this.say(fill(texts.view_deleted, { name }));
    await this.list();
  }

  async copyLink() {
    const { copy, address, texts } = this.world;
    try {
      await copy(address());
      this.say(texts.view_link_copied);
    } catch {
      this.say(fill(texts.view_link, { link: address() }));
    }
  }

  showHidden() {
    const { view, applied } = this.world;
    view.arrangement = shownAgain(view.arrangement);
    applied();
    this._show();
  }

  /** @param {OwnChart|null} chart */
  make(chart) {
    if (!chart) return;
    const { view, applied } = this.world;
    view.arrangement = withChart(view.arrangement, chart);
    applied();
    this._show();
  }

  /** @param {string} words */
  say(words) {
    this.world.show("view-said", { children: words });
  }

  /**
   * @template T
   * @param {() => Promise<T>} act
   * @param {(reason: string) => void} [refused]
   * @returns {Promise<T|null>}
   */
  async _try(act, refused = (reason) => this.say(reason)) {
    try {
      return await act();
    } catch (error) {
      refused(/** @type {Error} */ (error).message);
      return null;
    }
  }
}
