/* The numbers above the charts: the newest epoch's values and what they are held against. */

import { proven } from "../figure/spec.js";
import { valueText, fill } from "../figure/words.js";
import { el, setText } from "./elements.js";

/**
 * What is said of each figure whose metric the job has. A value that the newest epoch lacks is
 * shown as missing; an older one stands beside it with its epoch. Before the first epoch they wait
 * where it will come with them: for a job of our own trainer that is not over. Pure.
 * @param {KeyFigure[]} specs  as in manifest.py
 * @param {{columns: Columns, facts: Facts, job: Job|null}} source
 * @param {Texts} texts
 * @param {string[]} [final]  statuses of a job that is over
 * @returns {{metric: string, label: string, value: string, words: string[]}[]}
 */
export function keyFigures(specs, { columns, facts, job }, texts, final = []) {
  const last = columns.epoch.length - 1;
  if (last < 0 && job && (job.external !== false || final.includes(job.status))) return [];
  return specs
    .filter(({ metric }) => last < 0 || hasNumber(columns[metric]))
    .map((given) => {
      const spec = proven(given, facts);
      const value = last < 0 ? null : columns[spec.metric][last];
      const words = last < 0 ? [texts.key_waiting]
        : typeof value === "number" ? against(spec, value, columns, last, facts, job, texts) : missing(spec, columns, last, texts);
      return { metric: spec.metric, label: spec.label, value: valueText(value, typeof value === "number" ? spec.unit : ""), words };
    });
}

/** @param {Column|undefined} column  @returns {boolean} */
function hasNumber(column) {
  return Array.isArray(column) && column.some((value) => typeof value === "number");
}

/**
 * @param {KeyFigure} spec
 * @param {number} value
 * @param {Columns} columns
 * @param {number} last
 * @param {Facts} facts
 * @param {Job|null} job
 * @param {Texts} texts
 * @returns {string[]}
 */
function against(spec, value, columns, last, facts, job, texts) {
  const { unit } = spec;
  const words = [];
  if (spec.target !== null) {
    words.push(fill(value <= spec.target ? texts.key_within : texts.key_above, { target: `${spec.target} ${unit}` }));
  }
  if (spec.partner !== null) {
    const partner = (columns[spec.partner] || [])[last];
    words.push(typeof partner !== "number" ? fill(texts.key_partner, { value: "–" })
      : fill(texts.key_partner_ratio, { value: valueText(partner, unit), ratio: Number((partner / value).toPrecision(2)) }));
  }
  if (spec.expected !== null) {
    const off = value - spec.expected;
    words.push(fill(texts.key_expected, {
      expected: spec.expected, off: `${off < 0 ? "−" : "+"}${Math.abs(off).toFixed(3)}`,
    }));
  }
  if (spec.with_best && job && typeof job.best_val_loss === "number") {
    words.push(fill(texts.key_best, { value: valueText(job.best_val_loss), epoch: job.best_epoch }));
  }
  const floor = (facts || {})[spec.floor ?? ""];
  if (typeof floor === "number") words.push(fill(texts.key_floor, { value: valueText(floor, unit) }));
  return words;
}

/**
 * @param {KeyFigure} spec
 * @param {Columns} columns
 * @param {number} last
 * @param {Texts} texts
 * @returns {string[]}
 */
function missing(spec, columns, last, texts) {
  const older = columns[spec.metric].findLastIndex((value) => typeof value === "number");
  return [
    fill(texts.key_missing, { epoch: columns.epoch[last] }),
    fill(texts.key_older, { value: valueText(columns[spec.metric][older], spec.unit), epoch: columns.epoch[older] }),
  ];
}

/** Writes them into their places, which stand still: only texts change while epochs arrive. */
export class KeyFigures {
  /** @param {HTMLElement} box  @param {{key_figures: KeyFigure[], texts: Texts, final: string[]}} config */
  constructor(box, config) {
    this.box = box;
    this.config = config;
    this.tiles = new Map(config.key_figures.map(({ metric, label }) => {
      const tile = {
        box: el("li", { class: "card key-figure", "data-metric": metric }), value: el("span", { class: "key-value" }),
        words: el("span", { class: "key-words" }),
      };
      tile.box.append(el("span", { class: "key-label" }, label), tile.value, tile.words);
      return [metric, tile];
    }));
    box.replaceChildren(...[...this.tiles.values()].map((tile) => tile.box));
    new ResizeObserver(() => this.reach()).observe(box);
  }

  /** On a phone they stand in a row that scrolls sideways, which the keyboard has to reach. */
  reach() {
    if (this.box.scrollWidth > this.box.clientWidth) this.box.tabIndex = 0;
    else this.box.removeAttribute("tabindex");
  }

  /**
   * Of one run: with several, each entry beside them says its own. One figure alone is said there too.
   * @param {ShownJob} feed  @param {boolean} isAlone
   */
  render(feed, isAlone) {
    const found = keyFigures(this.config.key_figures, { columns: feed.store.columns, facts: feed.facts, job: feed.job }, this.config.texts, this.config.final);
    const shown = new Map(found.map((figure) => [figure.metric, figure]));
    this.box.hidden = found.length < 2 || feed.job === null || !isAlone;
    for (const [metric, tile] of this.tiles) {
      const figure = shown.get(metric);
      tile.box.hidden = !figure;
      if (!figure) continue;
      setText(tile.value, figure.value);
      setText(tile.words, figure.words.join(" · "));
    }
  }
}
