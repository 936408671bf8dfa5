/* What can be done with one chart: one menu for all cards, filled when it opens. */

import { fill } from "../figure/words.js";
import { el } from "./elements.js";

/**
 * @typedef {{name: string, run: () => void, isOff?: boolean}} Item   name: of its text
 */

export class CardMenu {
  /**
   * @param {Texts} texts
   * @param {{items: (spec: Spec) => Item[], joinable: (spec: Spec) => Spec[], join: (spec: Spec, other: string) => void}} hooks
   */
  constructor(texts, hooks) {
    this.texts = texts;
    this.hooks = hooks;
    this.box = el("div", { class: "card chart-menu", popover: "auto", role: "group", id: "chart-menu" });
    /** @type {HTMLElement|null} */
    this.opener = null;
    this.box.addEventListener("toggle", (/** @type {any} */ event) => this._toggled(event.newState === "open"));
    this.box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this._key(event));
    document.body.append(this.box);
  }

  /** @param {Spec} spec  as it is when the menu opens  @param {() => Spec} now  @returns {HTMLElement} */
  button(spec, now) {
    const label = fill(this.texts.chart_menu_label, { title: spec.title });
    const button = el("button", {
      class: "button tiny", type: "button", tabindex: "-1", "aria-label": label, title: label, "aria-haspopup": "true", "aria-expanded": "false",
      onclick: () => this.open(button, now()),
    }, "⋯");
    return button;
  }

  /**
   * @param {HTMLElement} place  that it opens below  @param {Spec} spec
   * @param {HTMLElement} [opener]  that has the focus again when it closes
   */
  open(place, spec, opener = place) {
    this.opener = opener;
    this.box.setAttribute("aria-label", fill(this.texts.chart_menu_label, { title: spec.title }));
    this.box.replaceChildren(...this.hooks.items(spec).map((item) => this._item(item)), this._join(spec));
    this.box.showPopover();
    const { right, bottom, top } = place.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.box;
    this.box.style.left = `${Math.max(8, right - width)}px`;
    this.box.style.top = `${bottom + height + 4 > innerHeight ? Math.max(8, top - height - 4) : bottom + 4}px`;
    this.box.querySelector("button:not(:disabled)")?.focus();
  }

  /** @param {Item} item  @returns {HTMLElement} */
  _item({ name, run, isOff = false }) {
    return el("button", {
      class: "menu-item", type: "button", disabled: isOff, "data-do": name,
      onclick: () => {
        this.box.hidePopover();
        run();
      },
    }, this.texts[name]);
  }

  /** @param {Spec} spec  @returns {HTMLElement} */
  _join(spec) {
    const select = el("select", {
      class: "menu-select", "aria-label": fill(this.texts.join_label, { title: spec.title }),
      onchange: () => {
        this.box.hidePopover();
        this.hooks.join(spec, select.value);
      },
    }, el("option", { value: "" }, this.texts.join), ...this.hooks.joinable(spec).map((other) => el("option", { value: other.id }, other.title)));
    return select;
  }

  /** @param {boolean} isOpen */
  _toggled(isOpen) {
    if (this.opener?.hasAttribute("aria-expanded")) this.opener.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen && this.box.contains(document.activeElement)) this.opener?.focus();
  }

  /** Arrows walk through the entries.  @param {KeyboardEvent} event */
  _key(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || /** @type {any} */ (event.target).tagName === "SELECT") return;
    event.preventDefault();
    const items = [...this.box.querySelectorAll("button:not(:disabled), select")];
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  }
}
