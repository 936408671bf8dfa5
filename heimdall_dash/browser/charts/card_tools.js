/* A chart's tools: the buttons on its card and the entries of its menu. */

import { fill } from "../figure/words.js";
import { NEW, hidden, joined, moved, parted, pinned, withoutChart } from "./arrangement.js";
import { SCALED, SCALES } from "./card.js";
import { byId, el } from "./elements.js";
import { fileName, save, withNames } from "./picture.js";

export class CardTools {
  /** @param {import("./charts.js").Charts} charts */
  constructor(charts) {
    this.charts = charts;
    this.page = charts.page;
  }

  /** @param {Spec} spec  @returns {Record<string, any>} */
  buttons(spec) {
    const { texts } = this.page.config;
    const follow = el("button", {
      class: "button tiny is-idle", type: "button", tabindex: "-1", "aria-label": fill(texts.follow_label, { title: spec.title }),
      onclick: () => this.page.zoomed(spec.id, null),
    }, texts.follow);
    return {
      follow, enlarge: this.charts.wide.button(spec),
      menu: this.charts.menu.button(spec, () => this.charts.specs.get(spec.id) ?? spec),
    };
  }

  /** @param {Spec} spec  @param {Record<string, any>} buttons  @param {Figure} figure */
  drawn(spec, buttons, figure) {
    buttons.follow.classList.toggle("is-idle", !this.page.view.zooms[spec.id]);
    if (figure.isEmpty) this.empty.add(spec.id);
    else this.empty.delete(spec.id);
  }

  /** @type {Set<string>} */
  empty = new Set(); // there is no picture of them

  /* ------------------------------------------------------------- the menu's hooks */

  /** @param {Spec} spec  @returns {import("./card_menu.js").Item[]} */
  items(spec) {
    const { wide, view } = { wide: this.charts.wide, view: this.page.view };
    const isWide = view.wide === spec.id;
    const now = this.page.chartView(spec).scale;
    const scales = SCALED.includes(spec.kind) ? SCALES.filter((scale) => scale !== now) : [];
    const looks = [
      { name: isWide ? "shrink" : "enlarge", run: () => wide.choose(isWide ? null : spec.id) },
      ...scales.map((scale) => ({ name: scale === "log" ? "log_scale" : "linear_scale", run: () => this.page.scaled(spec.id, scale) })),
    ];
    const pictures = [
      { name: "save_png", run: () => this._save(spec, "png"), isOff: this.empty.has(spec.id) },
      { name: "save_svg", run: () => this._save(spec, "svg"), isOff: this.empty.has(spec.id) },
      { name: "save_csv", run: () => this._values(spec), isOff: this.empty.has(spec.id) || spec.lines.length === 0 },
    ];
    const { arrangement } = view;
    const { section, ids, at } = this._place(spec);
    if (ids.length === 0) return [...looks, ...pictures]; // it has a place of its own
    const change = (/** @type {Arrangement} */ changed) => () => {
      this.page.rearranged(changed);
      this._focus(spec);
    };
    return [
      ...looks,
      { name: arrangement.pinned.includes(spec.id) ? "unpin" : "pin", run: change(pinned(arrangement, spec.id)) },
      { name: "earlier", run: change(moved(arrangement, section, ids, spec.id, at - 1)), isOff: at <= 0 },
      { name: "later", run: change(moved(arrangement, section, ids, spec.id, at + 1)), isOff: at >= ids.length - 1 },
      ...(spec.isJoined ? [{ name: "part", run: change(parted(arrangement, spec.id)) }] : []),
      spec.id.startsWith(NEW)
        ? { name: "remove_chart", run: () => this.page.rearranged(withoutChart(arrangement, spec.id.slice(NEW.length))) }
        : { name: "hide", run: () => this.page.rearranged(hidden(arrangement, spec.id)) },
      ...pictures,
    ];
  }

  /** @param {Spec} spec  @returns {Spec[]} */
  joinable(spec) {
    if (spec.kind !== "lines") return [];
    return this.charts.all().filter((other) => other.id !== spec.id && other.kind === "lines");
  }

  /** @param {Spec} spec  @param {string} other */
  join(spec, other) {
    this.page.rearranged(joined(this.page.view.arrangement, spec.id, other));
    this._focus(spec);
  }

  /** The chart stands elsewhere now: the reader goes with it.  @param {Spec} spec */
  _focus({ id }) {
    this.charts.cards.get(id)?.card.scrollIntoView({ block: "nearest" });
    byId(id).focus();
  }

  /** @param {Spec} spec  @returns {{section: string, ids: string[], at: number}} */
  _place({ id }) {
    for (const { name, specs } of this.charts.sections.sections) {
      const ids = specs.map((spec) => spec.id);
      if (ids.includes(id)) return { section: name, ids, at: ids.indexOf(id) };
    }
    return { section: "", ids: [], at: 0 };
  }

  /** Every value of the chart's metrics that the runs in sight logged, from the server. @param {Spec} spec */
  _values(spec) {
    const { config, picked } = this.page;
    const seen = picked.shown().map(({ id }) => id);
    const query = new URLSearchParams([...(seen.length ? seen : picked.ids()).map((id) => ["jobs", id]), ...spec.lines.map(({ metric }) => ["metrics", metric])]);
    el("a", { href: `${config.api}/metrics.csv?${query}`, download: `${this._name(spec)}.csv` }).click();
  }

  /** @param {Spec} spec  @returns {string} of a file */
  _name(spec) {
    const [first, ...more] = this.page.picked.shown(); // of groups, too: there may be one of many runs
    return fileName(`${first?.job?.job_name ?? "heimdall"}${more.length ? `+${more.length}` : ""}`, spec.title);
  }

  /** @param {Spec} spec  @param {string} format */
  async _save(spec, format) {
    const sources = this.page.sources(spec);
    save(await this.page.painter.image(spec.id, format, (drawn, size) => withNames(drawn, sources, size)), `${this._name(spec)}.${format}`);
  }
}
