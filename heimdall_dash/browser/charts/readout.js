/* The exact values of every chart in view at the crosshair, in a panel at the edge of the window that
   is away from the chart that is read. */

import { fill, durationText } from "../figure/words.js";
import { wallText } from "../figure/times.js";
import { byId, el, setText } from "./elements.js";
import { valuesAt, byValue } from "./values.js";

/** @import { Said } from "./values.js" */

const MOST_ROWS = 400; // a screen holds fewer
const ROOM_PX = 8;

export class Readout {
  /**
   * @param {import("./crosshair.js").ReadPage} page
   * @param {{close: () => void, sorted: () => void}} hooks
   */
  constructor(page, hooks) {
    const { texts } = page.config;
    this.page = page;
    this.isExact = true;
    /** @type {number|undefined} */
    this.epoch = undefined; // that the head names, beside a time
    this.box = byId("epoch-readout");
    this.where = el("strong", { class: "readout-where" });
    this.list = el("div", { class: "readout-list" });
    this.more = el("p", { class: "readout-more muted" });
    const order = (/** @type {string} */ name) => el("button", {
      type: "button", class: "button tiny", "data-order": name, "aria-pressed": "false",
      onclick: () => {
        page.view.readout = name;
        page.view.write();
        hooks.sorted();
      },
    }, texts[`readout_by_${name}`]);
    this.orders = [order("chart"), order("value")];
    this.box.append(el("div", { class: "readout-head" }, this.where,
      el("span", { class: "readout-orders", role: "group", "aria-label": texts.readout_sort }, ...this.orders),
      el("button", { type: "button", class: "button tiny readout-close", "aria-label": texts.readout_close, onclick: hooks.close }, "×")),
    this.list, this.more);
  }

  hide() {
    this.box.hidden = true;
  }

  /**
   * @param {{x: number, specs: Spec[], modeOf: (spec: Spec) => XMode, asked: number|undefined, isExact: boolean,
   *   chart: HTMLElement|null}} at   the chart that is read comes first; isExact: what is not here was not logged
   */
  show({ x, specs, modeOf, asked, isExact, chart }) {
    this.isExact = isExact;
    const { view, config: { texts } } = this.page;
    const blocks = specs.map((spec) => {
      const said = valuesAt(spec, this.page.sources(spec), modeOf(spec), x, view.off[spec.id]);
      return { spec, said: view.readout === "value" ? byValue(said) : said };
    }).filter(({ said }) => said.length > 0);
    const first = blocks[0]?.said[0]?.epoch;
    this.epoch = specs[0] && modeOf(specs[0]) !== "epoch" ? first : undefined; // in time, others may be of another one
    setText(this.where, this._whereText(x, specs[0] ? modeOf(specs[0]) : view.x, first, asked));
    for (const button of this.orders) button.setAttribute("aria-pressed", String(button.dataset.order === view.readout));
    let room = MOST_ROWS;
    let left = 0;
    const shown = blocks.flatMap(({ spec, said }) => {
      const some = said.slice(0, room);
      room -= some.length;
      left += said.length - some.length;
      return some.length ? [this._block(spec, some)] : [];
    });
    this.list.replaceChildren(...shown);
    setText(this.more, left ? fill(texts.readout_more, { n: left }) : "");
    this.box.hidden = blocks.length === 0;
    this._place(chart);
  }

  /** @param {number} x  @param {XMode} mode  @param {number|undefined} epoch  @param {number|undefined} asked  @returns {string} */
  _whereText(x, mode, epoch, asked) {
    const { texts } = this.page.config;
    const time = mode === "wall" ? wallText(x) : durationText(x);
    const said = mode === "epoch" ? `${texts.axis_epoch} ${x}` : epoch === undefined ? time : `${time} · ${texts.axis_epoch} ${epoch}`;
    return asked === undefined || asked === (mode === "epoch" ? x : epoch) ? said : `${said} (${fill(texts.readout_near, { epoch: asked })})`;
  }

  /** @param {Spec} spec  @param {Said[]} said  @returns {HTMLElement} */
  _block(spec, said) {
    const isMany = said.some(({ source }) => source.color);
    const lists = isMany && spec.lines.length > 1
      ? spec.lines.flatMap((line) => this._ofLine(spec, line, said.filter((one) => one.line === line)))
      : [el("ul", {}, ...said.map((one) => this._row(spec, one, isMany)))];
    return el("section", { class: "readout-chart", "data-chart": spec.id }, el("h3", {}, spec.title), ...lists);
  }

  /** @param {Spec} spec  @param {Line} line  @param {Said[]} said  @returns {HTMLElement[]} */
  _ofLine(spec, line, said) {
    return said.length ? [el("h4", {}, line.name), el("ul", {}, ...said.map((one) => this._row(spec, one, true)))] : [];
  }

  /** @param {Spec} spec  @param {Said} said  @param {boolean} isMany  @returns {HTMLElement} */
  _row(spec, { line, source, text, count, epoch, isLeftOut }, isMany) {
    const { texts } = this.page.config;
    const swatch = el("span", { class: "readout-swatch" });
    if (isMany && source.color) swatch.style.background = source.color;
    const name = isMany ? String(source.name) : line.name;
    const unit = line.unit ?? spec.unit;
    const other = this.epoch !== undefined && epoch !== undefined && epoch !== this.epoch ? ` · ${texts.axis_epoch} ${epoch}` : "";
    const runs = count ? ` · ${fill(count === 1 ? texts.group_run : texts.group_runs, { n: count })}` : "";
    return el("li", { "data-metric": line.metric, "data-run": source.id ?? "" }, isMany ? swatch : null,
      el("span", { class: "readout-name", title: name }, name),
      el("span", { class: "readout-value" }, text ? `${text}${unit ? ` ${unit}` : ""}${runs}${other}` : isLeftOut && !this.isExact ? "…" : texts.readout_none));
  }

  /**
   * Below, unless the chart that is read lies there and there is more room above it.
   * @param {HTMLElement|null} chart
   */
  _place(chart) {
    if (!chart || this.box.hidden) return;
    const { top, bottom } = chart.getBoundingClientRect();
    const head = document.querySelector(".app-header")?.getBoundingClientRect().bottom ?? 0;
    const height = this.box.offsetHeight + ROOM_PX;
    const isCovered = bottom > innerHeight - height && innerHeight - bottom < top - head;
    this.box.classList.toggle("is-above", isCovered);
    this.box.style.setProperty("--readout-top", `${Math.max(0, head)}px`);
  }
}
