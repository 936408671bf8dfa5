/* The select that puts the runs into groups: offered is what they differ in. Beside it, which line is
   which group. */

import { byId, el, look } from "../charts/elements.js";
import { fill } from "../figure/words.js";
import { CONFIG, groupings, looksOf } from "./groups.js";
import { Hand } from "./hand.js";
import { dye, swatch } from "./swatch.js";

export class GroupBy {
  /** @param {{view: ViewFields, picked: import("./picked.js").Picked, setProps: Show, config: Config,
   *   front: {bring: (id: string|null) => void}}} page */
  constructor(page) {
    this.page = page;
    this.key = "";
    this.shown = "";
    this.list = byId("group-key");
    this.hand = new Hand(byId("group-by"));
  }

  /** @returns {boolean} whether there are means to show */
  isOn() {
    return this.page.view.group !== "none" && this.page.picked.ids().length > 1;
  }

  /**
   * Offer what the runs differ in; a choice of a link stays, also before the runs are known.
   */
  offer() {
    const { view, picked, setProps, config: { texts } } = this.page;
    const isMany = picked.ids().length > 1;
    byId("grouping").hidden = !isMany;
    const found = isMany ? groupings(picked.runs()) : [];
    const choices = ["none", ...new Set(view.group === "none" ? found : [view.group, ...found])];
    const key = JSON.stringify([choices, view.group]);
    if (key === this.key) return;
    this.key = key;
    this.hand.told();
    const label = (/** @type {string} */ by) => (by.startsWith(CONFIG) ? fill(texts.group_config, { name: by.slice(CONFIG.length) }) : texts[`group_${by}`] ?? by);
    setProps("group-by", { data: choices.map((value) => ({ value, label: label(value) })), value: view.group });
  }

  /** @returns {ReturnType<typeof looksOf<Run>>} none while each run has a line of its own */
  looks() {
    const { view, picked, config } = this.page;
    const words = { without: config.texts.group_without, colors: look(config, {}).colors.runs };
    return this.isOn() ? looksOf(picked.runs(), view.group, words, view.eyes) : [];
  }

  /** @returns {Map<string, {color: string, round: number}>} by run, that of its group; of several tags, of the first */
  looksByRun() {
    return new Map(this.looks().reverse().flatMap((group) => group.all.map(({ id }) => [id, group])));
  }

  /** Which line is which group. */
  render() {
    const looks = this.looks().filter(({ members }) => members.length > 0);
    const key = JSON.stringify(looks.map(({ id, name, color }) => [id, name, color]));
    if (key === this.shown) return;
    this.shown = key;
    const { front } = this.page;
    this.list.hidden = looks.length === 0;
    this.list.replaceChildren(...looks.map(({ id, name, ...own }) => {
      const { box, line } = swatch();
      dye(line, own);
      return el("li", { class: "run-pick group-pick", "data-run": id, onpointerenter: () => front.bring(id), onpointerleave: () => front.bring(null) },
        box, el("span", { class: "pick-name", title: name }, name));
    }));
  }

  /** @param {string|null} id  the line that the pointer is at */
  front(id) {
    for (const entry of this.list.children) entry.classList.toggle("is-front", /** @type {HTMLElement} */ (entry).dataset.run === id);
  }

  /** The view was set from outside. */
  forget() {
    this.key = "";
  }
}
