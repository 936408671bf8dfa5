/* The cards of all jobs: made once each, then only what changed is written. */

import { valueText, durationText, fill } from "../figure/words.js";
import { el, setText, setAttribute } from "../charts/elements.js";
import { bestText, etaText, age, progressText, reasonText } from "./job_texts.js";
import { Sparks, sparkline } from "./sparks.js";
import { actions, arrange } from "./status.js";

const PAGE = 24; // cards at a time: hundreds of jobs stay quick

/** @import { Wish } from "./status.js" */
/**
 * @typedef {Object} CardsWorld
 * @property {Texts} texts  @property {Record<string, string>} status   the word for each
 * @property {Config["card"]} card   the metric that a card shows
 * @property {import("./status.js").Rules} rules
 * @property {Call} call  @property {() => number} now   ms since 1970, by the server's clock
 * @property {(action: string, job: Job) => void} act  @property {(job: Job) => void} open
 *
 * @typedef {Record<string, any> & {root: HTMLElement, job: Job, actionsKey: string|null}} Card
 */

export class JobCards {
  /**
   * @param {HTMLElement} box
   * @param {CardsWorld} world
   */
  constructor(box, world) {
    this.world = world;
    this.shownCount = PAGE;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.sparks = new Sparks(world.call, world.card?.metric, (id) => {
      const card = this.cards.get(id);
      if (card) this._spark(card);
    });
    /** @type {[Map<string, Job>, Wish, boolean, boolean, number]|null} */
    this.last = null;
    this.count = el("p", { class: "jobs-count", role: "status" });
    this.list = el("ul", { class: "job-cards" });
    this.empty = el("p", { class: "empty-note", hidden: true });
    this.more = el("button", { class: "button more", type: "button", onclick: () => this._showMore() });
    box.append(this.count, this.list, this.empty, this.more);
  }

  /**
   * @param {boolean} isSeen  whether the reader looks at the cards
   * @param {Map<string, Job>} jobs
   * @param {Wish} wish
   * @param {boolean} isKnown
   * @param {number} total  jobs that there are, with a card or without
   */
  render(jobs, wish, isKnown, isSeen, total = jobs.size) {
    this.last = [jobs, wish, isKnown, isSeen, total];
    const { texts } = this.world;
    const arranged = arrange([...jobs.values()], wish, this.world.card?.metric);
    const shown = arranged.slice(0, this.shownCount);
    const wanted = new Set(shown.map((job) => job.id));
    const focused = this._removeAllBut(wanted);
    /** @type {HTMLElement|null} */
    let previous = null;
    for (const job of shown) {
      const card = this.cards.get(job.id) || this._make(job);
      /** @type {ChildNode|null} */
      const place = previous ? previous.nextSibling : this.list.firstChild;
      if (card.root !== place) this.list.insertBefore(card.root, place);
      previous = card.root;
      this._update(card, job);
      if (isSeen) this._spark(card); // on another tab nobody waits for small curves
    }
    if (focused >= 0) this._focusNear(focused);
    const left = arranged.length - shown.length;
    this.more.hidden = left <= 0;
    setText(this.more, fill(texts.more_jobs, { n: Math.min(left, PAGE) }));
    this.empty.hidden = arranged.length > 0 || total > jobs.size; // the table below has what ended
    setText(this.empty, !isKnown ? texts.empty_loading : total ? texts.empty_filter : texts.empty_jobs);
    const words = total > jobs.size ? texts.jobs_count_cards : texts.jobs_count;
    setText(this.count, total ? fill(words, { shown: arranged.length, total }) : "");
  }

  /**
   * @param {Set<string>} wanted
   * @returns {number} the place of the card that had the focus, -1 when it stays where it is
   */
  _removeAllBut(wanted) {
    let focused = -1;
    const places = [...this.list.children];
    for (const [id, card] of this.cards) {
      if (wanted.has(id)) continue;
      if (card.root.contains(document.activeElement)) focused = places.indexOf(card.root);
      card.root.remove();
      this.cards.delete(id);
    }
    return focused;
  }

  /**
   * The focus goes to the card that took a deleted one's place.
   * @param {number} place
   */
  _focusNear(place) {
    const near = this.list.children[Math.min(place, this.list.children.length - 1)];
    (near ? near.querySelector("button") : document.getElementById("jobs-search")).focus();
  }

  _showMore() {
    this.shownCount += PAGE;
    if (this.last) this.render(...this.last);
  }

  /** @param {Job} job  @returns {Card} */
  _make(job) {
    const { texts, card: shown } = this.world;
    const parts = {
      name: el("h3", { class: "job-name" }),
      id: el("span", { class: "job-id" }, job.id.slice(0, 8)),
      status: el("span", { class: "status" }),
      fill: el("span", { class: "bar-fill" }),
      epoch: el("span", { class: "job-epoch" }),
      eta: el("span", { class: "job-eta" }),
      best: el("span", { class: "dd" }), last: el("span", { class: "dd" }), age: el("span", { class: "dd" }), created: el("span", { class: "dd" }),
      error: el("p", { class: "job-error", hidden: true }),
      spark: el("span", { class: "spark", "aria-hidden": "true" }),
      buttons: el("div", { class: "job-buttons" }),
    };
    const bar = el("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, parts.fill);
    const fact = (/** @type {string} */ label, /** @type {HTMLElement} */ value) => el("li", {}, el("span", { class: "dt" }, label), value);
    const card = el("li", { class: "card job-card", "data-job": job.id },
      el("div", { class: "job-head" }, el("div", { class: "job-title" }, parts.name, parts.id), parts.status),
      bar,
      el("div", { class: "job-line" }, parts.epoch, parts.eta),
      el("div", { class: "job-middle" },
        el("ul", { class: "job-facts" }, fact(texts.best_loss, parts.best), shown && fact(shown.label, parts.last),
          fact(texts.newest_epoch, parts.age), fact(texts.created, parts.created)),
        parts.spark),
      parts.error,
      parts.buttons);
    /** @type {Card} */
    const made = { root: card, job, bar, ...parts, actionsKey: null };
    this.cards.set(job.id, made);
    return made;
  }

  /** @param {Card} card  @param {Job} job */
  _update(card, job) {
    const { texts, status, now, card: shown } = this.world;
    card.job = job;
    const known = now();
    setText(card.name, job.job_name);
    setText(card.status, status[job.status] || job.status);
    setAttribute(card.status, "data-status", job.status);
    setAttribute(card.root, "data-status", job.status);
    const percent = job.progress_percent ?? 0;
    card.fill.style.width = `${percent}%`;
    setAttribute(card.fill, "data-status", job.status);
    setAttribute(card.bar, "aria-valuenow", String(Math.round(percent)));
    setAttribute(card.bar, "aria-label", `${job.job_name}: ${Math.round(percent)} %`);
    setText(card.epoch, progressText(job, texts));
    setText(card.eta, job.stalled ? texts.stalled : etaText(job, known, texts));
    card.eta.classList.toggle("is-stale", job.stalled);
    setText(card.best, bestText(job, texts));
    if (shown) setText(card.last, valueText((job.last_metrics || {})[shown.metric], shown.unit));
    for (const fact of [card.best, card.last]) fact.parentElement?.toggleAttribute("hidden", job.last_metric_at && fact.textContent === "–"); // it measures other things
    const seconds = job.last_metric_at ? (known - Date.parse(job.last_metric_at)) / 1000 : null;
    setText(card.age, seconds === null ? "–" : fill(texts.ago, { time: durationText(seconds) }));
    card.age.classList.toggle("is-stale", age(job, job.last_metric_at, known, texts).isStale);
    setText(card.created, shortTime(job.created_at));
    setText(card.error, job.error_message || reasonText(job, texts));
    setAttribute(card.error, "title", card.error.textContent); // a long one is cut here, not on its own page
    card.error.hidden = !card.error.textContent;
    card.error.classList.toggle("is-error", Boolean(job.error_message));
    this._buttons(card, job);
  }

  /** @param {Card} card  @param {Job} job */
  _buttons(card, job) {
    const { texts, act, open, rules } = this.world;
    const names = actions(job, rules);
    const key = names.join();
    if (card.actionsKey === key) return;
    card.actionsKey = key;
    const hadFocus = card.buttons.contains(document.activeElement);
    const button = (/** @type {string} */ name, /** @type {() => void} */ run) => el("button", {
      class: `button small${name === "delete" || name === "cancel" ? " danger" : ""}`, type: "button",
      "data-action": name, "aria-label": fill(texts.action_label, { action: texts[name] || texts.open_metrics, job: job.job_name }),
      onclick: run,
    }, texts[name] || texts.open_metrics);
    card.buttons.replaceChildren(
      button("open", () => open(card.job)),
      ...names.map((name) => button(name, () => act(name, card.job))));
    if (hadFocus) card.buttons.firstChild.focus();
  }

  /** @param {Card} card */
  _spark(card) {
    const { epochs, values } = this.sparks.of(card.job);
    const key = `${values.length} ${epochs[epochs.length - 1]}`;
    if (card.sparkKey === key) return;
    card.sparkKey = key;
    card.spark.replaceChildren(sparkline(epochs, values));
  }
}

/** @param {string|null} iso  @returns {string} */
function shortTime(iso) {
  if (!iso) return "–";
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
}
