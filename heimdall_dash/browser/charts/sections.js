/* The charts' cards in their sections, which can be folded. A card is made when its section is open
   and there is room for it: two thousand metrics cost what is looked at. What is there already stays
   in its place when a new metric comes. */

/** @import { SpecSection } from "./arrangement.js" */

import { fill } from "../figure/words.js";
import { el, setText } from "./elements.js";
import { PINNED } from "./arrangement.js";

const FIRST = 24; // charts of a section that are shown at first
const FEW = 2; // charts that take the room which is there
const MORE = 48; // at each wish for more

/**
 * @typedef {Object} Hooks
 * @property {(spec: Spec) => HTMLElement} card   the chart's card, made or as it is
 * @property {(id: string) => void} remove
 * @property {(spec: Spec) => boolean} isFound     by the search
 * @property {() => boolean} isSearching
 *
 * @typedef {{box: any, list: HTMLElement, more: any, title: any, room: number}} Place
 */

export class Sections {
  /**
   * @param {HTMLElement} main     of the first section, which has no heading
   * @param {HTMLElement} others
   * @param {KeptView} view
   * @param {Texts} texts
   * @param {Hooks} hooks
   */
  constructor(main, others, view, texts, hooks) {
    this.others = others;
    this.view = view;
    this.texts = texts;
    this.hooks = hooks;
    /** @type {SpecSection[]} */
    this.sections = [];
    /** @type {Map<string, Place>} */
    this.places = new Map([["", { box: null, list: main, more: this._more(""), title: null, room: FIRST * 2 }]]);
    main.after(this._place("").more);
    this.pinned = el("div", { class: "pinned-charts" });
    main.before(this.pinned);
  }

  /** @param {string} name  @returns {Place} */
  _place(name) {
    return /** @type {Place} */ (this.places.get(name));
  }

  /** @param {SpecSection[]} sections */
  show(sections) {
    this.sections = sections;
    const names = sections.map(({ name }) => name);
    for (const [name, { box }] of this.places) {
      if (name === "" || names.includes(name)) continue;
      box.remove();
      this.places.delete(name);
    }
    let at = 0;
    for (const { name } of sections) {
      if (name === "") continue;
      if (!this.places.has(name)) this.places.set(name, this._section(name));
      if (name === PINNED) putAt(this.pinned, this._place(name).box, 0);
      else putAt(this.others, this._place(name).box, at++);
    }
    this.fill();
  }

  /** The cards that there is room for, in their order; what is folded away keeps the cards it has. */
  fill() {
    const isSearching = this.hooks.isSearching();
    const isOne = this.sections.length < 2; // then columns need not stand under one another
    for (const { name, specs } of this._all()) {
      const place = this._place(name);
      const found = specs.filter((spec) => this.hooks.isFound(spec));
      place.list.classList.toggle("is-all", isOne);
      place.list.classList.toggle("is-few", isOne && specs.length <= FEW);
      if (place.box) {
        place.box.hidden = found.length === 0;
        place.box.open = isSearching || !this.view.folded.includes(name);
        setText(place.title.count, found.length > FIRST ? fill(this.texts.section_count, { n: found.length }) : "");
      }
      const shown = place.box && !place.box.open ? [] : found.slice(0, place.room);
      if (!place.box || place.box.open) this._cards(place, specs, shown);
      const left = found.length - shown.length;
      place.more.hidden = left <= 0 || shown.length === 0;
      setText(place.more, fill(this.texts.more_charts, { n: Math.min(left, MORE) }));
    }
  }

  /** @returns {SpecSection[]}  the first one also where it is empty */
  _all() {
    return this.sections.some(({ name }) => name === "") ? this.sections : [{ name: "", specs: [] }, ...this.sections];
  }

  /**
   * What the search leaves out keeps its card, out of sight: it is there at once when it is wanted again.
   * @param {Place} place
   * @param {Spec[]} specs  of the section
   * @param {Spec[]} shown
   */
  _cards({ list }, specs, shown) {
    const wanted = new Set(shown.map((spec) => spec.id));
    const own = new Set(specs.map((spec) => spec.id));
    for (const card of [...list.children]) {
      const { chart = "" } = /** @type {HTMLElement} */ (card).dataset;
      /** @type {HTMLElement} */ (card).hidden = !wanted.has(chart);
      if (own.has(chart)) continue;
      if (this._isElsewhere(chart, list)) card.remove();
      else this.hooks.remove(chart);
    }
    shown.forEach((spec, i) => {
      const card = this.hooks.card(spec);
      card.hidden = false;
      putAt(list, card, i);
    });
  }

  /**
   * A card that another section has by now moves there, with its plot.
   * @param {string} id
   * @param {HTMLElement} list
   */
  _isElsewhere(id, list) {
    return this.sections.some(({ name, specs }) => this.places.get(name)?.list !== list && specs.some((spec) => spec.id === id));
  }

  /**
   * Make room for a chart that a link or a key press asks for.
   * @param {string} id
   * @returns {boolean} whether there is such a chart
   */
  reveal(id) {
    for (const { name, specs } of this.sections) {
      const i = specs.findIndex((spec) => spec.id === id);
      if (i < 0) continue;
      const place = this._place(name);
      if (i < place.room && (!place.box || place.box.open)) return true;
      place.room = Math.max(place.room, i + 1);
      this.view.folded = this.view.folded.filter((folded) => folded !== name);
      this.fill();
      return true;
    }
    return false;
  }

  /** @param {string} name  @returns {HTMLElement} */
  _more(name) {
    return el("button", {
      class: "button more more-charts", type: "button", hidden: true, onclick: () => {
        this._place(name).room += MORE;
        this.fill();
      },
    });
  }

  /** @param {string} name  @returns {Place} */
  _section(name) {
    const list = el("div", { class: "charts" });
    const more = this._more(name);
    const title = { count: el("span", { class: "muted section-count" }) };
    const words = name === PINNED ? this.texts.pinned_title : name;
    const summary = el("summary", {}, el("h2", {}, words), title.count);
    const box = el("details", { class: "other-group", "data-group": name }, summary, list, more);
    box.open = !this.view.folded.includes(name);
    // a click, not `toggle`: the search opens groups as well, and that is not the reader's wish
    summary.addEventListener("click", (/** @type {Event} */ event) => {
      event.preventDefault();
      this._fold(name, box.open);
    });
    return { box, list, more, title, room: FIRST };
  }

  /** @param {string} name  @param {boolean} isFolded */
  _fold(name, isFolded) {
    const { view } = this;
    const others = view.folded.filter((folded) => folded !== name);
    view.folded = isFolded ? [...others, name] : others;
    view.write();
    if (this.hooks.isSearching()) this._place(name).box.open = !isFolded;
    else this.fill();
  }
}

/**
 * Make `child` the i-th of `parent`; one that stands there already is not touched.
 * @param {Element} parent
 * @param {Element} child
 * @param {number} i
 */
function putAt(parent, child, i) {
  if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] || null);
}
