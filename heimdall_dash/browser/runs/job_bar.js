/* Who the chosen job is and how it goes: status, badge, age, progress, why it stopped, actions, facts. */

import { fill } from "../figure/words.js";
import { byId, el, setText, setAttribute } from "../charts/elements.js";
import { joinedNotes, block, entries } from "./job_facts.js";
import { bestText, etaText, age, progressText, deliveredText, reasonText } from "./job_texts.js";
import { actions } from "./status.js";

const MOST_NOTES = 50;

export class JobBar {
  /** @param {{texts: Texts, status: Record<string, string>, now: () => number, act: (action: string, job: Job) => void, api: string, rules: import("./status.js").Rules}} world */
  constructor(world) {
    this.world = world;
    /** @type {string|null} */
    this.actionsKey = null;
    /** @type {string|null} */
    this.factsKey = null;
    this.progress = {
      fill: el("span", { class: "bar-fill" }), epoch: el("span", { class: "job-epoch" }), held: el("span", { class: "job-held" }), eta: el("span", { class: "job-eta" }),
    };
    byId("job-progress").append(el("div", { class: "bar" }, this.progress.fill),
      el("div", { class: "job-line" }, this.progress.epoch, this.progress.held, this.progress.eta));
    this.reason = el("p", { class: "job-reason", id: "job-reason", role: "status", hidden: true });
    this.note = el("p", { class: "job-note", id: "job-note", role: "status", hidden: true });
    byId("job-progress").after(this.reason, this.note);
    setAttribute(byId("job-progress"), "aria-valuemin", "0");
    setAttribute(byId("job-progress"), "aria-valuemax", "100");
  }

  /** @param {import("./job_feed.js").JobFeed} feed */
  render(feed) {
    const job = feed.job;
    this._status(job);
    this._badge(feed.badge());
    this._age(feed);
    this._progress(job, feed.store.total, feed.isCurrent());
    this._reason(job);
    this._actions(job);
    this._exports(feed.jobId);
  }

  /** @param {Job|null} job */
  _status(job) {
    const box = byId("job-status");
    setText(box, job ? this.world.status[job.status] || job.status : "");
    setAttribute(box, "data-status", job ? job.status : "none");
    box.hidden = !job;
  }

  /** @param {string} state */
  _badge(state) {
    const { texts } = this.world;
    const badge = byId("connection-badge");
    badge.hidden = state === "hidden";
    if (state === "hidden") {
      badge.removeAttribute("data-state");
      return setText(badge, "");
    }
    setText(badge, state === "connected" ? texts.connected : texts.connecting);
    setAttribute(badge, "data-state", state);
    setAttribute(badge, "title", texts.badge_help);
  }

  /**
   * @param {ShownJob} feed
   * @returns {boolean} whether the charts show a running job's stale data
   */
  _age(feed) {
    const { texts, now } = this.world;
    const { timestamp, epoch } = feed.store.columns;
    // the store's clock before the trainer's, which may be another machine's
    const lastAt = feed.job?.last_metric_at || timestamp?.at(-1);
    const found = age(feed.job, lastAt, now(), texts);
    const box = byId("data-age");
    setText(box, found.text);
    box.classList.toggle("is-stale", found.isStale);
    for (const id of ["charts", "other-charts"]) byId(id).classList.toggle("is-stale", found.isStale && epoch.length > 0);
    return found.isStale;
  }

  /** @param {Job|null} job  @param {number} held  @param {boolean} isCurrent */
  _progress(job, held, isCurrent) {
    const { texts, now } = this.world;
    const box = byId("job-progress");
    box.hidden = !job;
    if (!job) return;
    const percent = job.progress_percent ?? 0;
    this.progress.fill.style.width = `${percent}%`;
    setAttribute(this.progress.fill, "data-status", job.status);
    setAttribute(box, "aria-valuenow", String(Math.round(percent)));
    const share = job.total_epochs ? `${Math.floor(percent)} %` : "";
    setText(this.progress.epoch, [progressText(job, texts), share].filter(Boolean).join(" · "));
    setText(this.progress.held, deliveredText(job, held, isCurrent, texts));
    // room for the largest number that may come: what stands behind them stays where it is
    const most = Math.max(job.total_epochs ?? 0, job.current_epoch, job.epochs_stored);
    this.progress.epoch.style.minWidth = `${`${progressText({ ...job, current_epoch: most }, texts)} · 100 %`.length - 2}ch`;
    this.progress.held.style.minWidth = `${fill(texts.delivered_some, { held: most, stored: most }).length - 6}ch`;
    const best = typeof job.best_val_loss === "number" ? `${texts.best_loss} ${bestText(job, texts)}` : "";
    setText(this.progress.eta, [best, etaText(job, now(), texts)].filter(Boolean).join(" · "));
  }

  /** @param {Job|null} job */
  _reason(job) {
    setText(this.reason, job ? reasonText(job, this.world.texts) : "");
    this.reason.hidden = !this.reason.textContent;
    this.reason.classList.toggle("is-error", job?.status === "failed");
  }

  /** @param {Job|null} job */
  _actions(job) {
    const { texts, act, rules } = this.world;
    const names = job ? actions(job, rules).filter((name) => name !== "delete") : [];
    /** @type {Job|null} */
    this.job = job;
    const key = names.join();
    if (key === this.actionsKey) return;
    this.actionsKey = key;
    const box = byId("job-actions");
    setAttribute(box, "tabindex", "-1");
    const hadFocus = box.contains(document.activeElement);
    box.replaceChildren(...names.map((name) => el("button", {
      class: `button${name === "cancel" ? " danger" : ""}`, type: "button", "data-action": name,
      onclick: () => this.job && act(name, this.job),
    }, texts[name])));
    if (hadFocus) (box.firstChild || box).focus(); // not the select: it would open
  }

  /** @param {string|null} jobId */
  _exports(jobId) {
    for (const format of ["csv", "json"]) {
      const link = byId(`export-${format}`);
      link.hidden = !jobId;
      if (jobId) setAttribute(link, "href", `${this.world.api}/jobs/${jobId}/metrics?format=${format}`);
      setAttribute(link, "download", jobId ? `${jobId}.${format}` : "");
    }
  }

  /** @param {ShownJob} feed */
  facts(feed) {
    const { texts } = this.world;
    const config = (feed.job && feed.job.config) || {};
    const key = JSON.stringify([config, feed.facts, feed.notes]);
    if (key === this.factsKey) return;
    this.factsKey = key;
    const said = joinedNotes(feed.notes, texts);
    this._newestNote(said);
    const notes = said.slice(0, MOST_NOTES).map((note) => el("li", {}, note));
    byId("job-facts").replaceChildren(
      block(texts.facts_config, entries(config, texts)), block(texts.facts_facts, entries(feed.facts, texts)),
      block(texts.facts_notes, notes.length ? el("ul", {}, ...notes) : el("p", { class: "muted" }, texts.facts_none)));
  }

  /**
   * The others stand below, folded away.
   * @param {string[]} notes  newest first
   */
  _newestNote(notes) {
    const { texts } = this.world;
    this.note.hidden = notes.length === 0;
    if (this.note.hidden) return setText(this.note, "");
    const note = notes[0];
    setText(this.note, fill(notes.length > 1 ? texts.newest_note_of : texts.newest_note, { n: notes.length, note }));
  }
}
