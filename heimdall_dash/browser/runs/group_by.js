/* The select that puts the runs into groups: offered is what they differ in. */

import { byId } from "../charts/elements.js";
import { fill } from "../figure/words.js";
import { CONFIG, groupings } from "./groups.js";
import { Hand } from "./hand.js";

export class GroupBy {
  /** @param {{view: ViewFields, picked: import("./picked.js").Picked, setProps: Show, config: {texts: Texts}}} page */
  constructor(page) {
    this.page = page;
    this.key = "";
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

  /** The view was set from outside. */
  forget() {
    this.key = "";
  }
}
