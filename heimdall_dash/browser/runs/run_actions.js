/* What can be done with the selected runs: shown together, exported, tagged, grouped, hidden, deleted
   with one question and a minute to change one's mind. */

import { fill } from "../figure/words.js";
import { byId, el, setText, setAttribute } from "../charts/elements.js";
import { columnOf, csv } from "./run_rows.js";

export class RunActions {
  /** @param {any} table */
  constructor(table) {
    this.table = table;
    this.page = table.page;
    const { texts } = this;
    const button = (/** @type {string} */ id, /** @type {string} */ text, /** @type {() => any} */ run) =>
      el("button", { class: `button small${id === "runs-delete" ? " danger" : ""}`, type: "button", id, onclick: run }, text);
    this.count = el("span", { class: "runs-count", role: "status" });
    this.show = el("a", { class: "button small primary", id: "show-selected", href: "#", onclick: (/** @type {MouseEvent} */ event) => this._show(event) }, texts.runs_show);
    this.word = el("input", { id: "runs-word", "aria-label": `${texts.runs_tag}, ${texts.runs_group}`, placeholder: texts.runs_tag, maxlength: "100" });
    this.forPicked = [
      this.show,
      button("runs-export", texts.runs_export, () => this._command()),
      this.word,
      button("runs-tag", texts.runs_tag, () => this._word((job, word) => ({ tags: [...new Set([...(job.tags || []), word])] }))),
      button("runs-group", texts.runs_group, () => this._word((_, word) => ({ group: word }))),
      button("runs-hide", texts.runs_hide, () => this._patch((job) => ({ is_hidden: !job.is_hidden }))),
      button("runs-delete", texts.runs_delete, () => this._ask(true)),
    ];
    this.question = el("span", { class: "runs-question", hidden: true }, el("span", { class: "runs-asked" }),
      button("runs-delete-yes", texts.runs_yes, () => this._discard()), button("runs-delete-no", texts.runs_keep, () => this._ask(false)));
    this.undo = el("span", { class: "runs-undo", id: "runs-undo", role: "status", hidden: true }, el("span", {}),
      button("runs-undo-yes", texts.runs_undo, () => this._restore()));
    this.failed = el("span", { class: "is-error", role: "alert" });
    byId("runs-actions").append(this.count, button("runs-csv", texts.runs_csv, () => this._csv()), ...this.forPicked, this.question, this.undo, this.failed);
    setInterval(() => this._going(), 1000);
  }

  /** @returns {Texts} */
  get texts() {
    return this.page.config.texts;
  }

  render() {
    const picked = this.table.picked();
    setText(this.count, fill(this.texts.runs_count, { shown: this.table.shown().length, total: this.table.known.size, picked: picked.length }));
    for (const element of this.forPicked) {
      if (element === this.show) setAttribute(element, "aria-disabled", String(picked.length === 0));
      else element.disabled = picked.length === 0;
    }
    setAttribute(this.show, "href", `?runs=${picked.slice(0, this.page.config.most_runs).join(",")}`);
    if (!picked.length) this.question.hidden = true;
    setText(this.question.firstChild, fill(this.texts.runs_question, { n: picked.length }));
    const isHidden = picked.length > 0 && picked.every((/** @type {string} */ id) => this._job(id)?.is_hidden);
    setText(byId("runs-hide"), isHidden ? this.texts.runs_unhide : this.texts.runs_hide);
    this._going();
  }

  /** @param {string} id  @returns {Job} */
  _job(id) {
    return this.page.list.jobs.get(id);
  }

  /** A click with a key held opens another tab or window, as with any link. @param {MouseEvent} event */
  _show(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const picked = this.table.picked().slice(0, this.page.config.most_runs);
    if (picked.length) this.page.choice.show(picked);
  }

  /** The table as it stands: its columns, its order, its rows. */
  _csv() {
    const columns = this.table.api.getAllDisplayedColumns().map((/** @type {any} */ one) => one.getColId()).filter((/** @type {string} */ id) => this.table.columns().includes(id));
    const picked = this.table.picked();
    const rows = (picked.length ? this.table.shown().filter((/** @type {string} */ id) => picked.includes(id)) : this.table.shown())
      .map((/** @type {string} */ id) => [id, ...columns.map((/** @type {string} */ one) => this.table.rows.get(id)?.[one])]);
    const header = ["id", ...columns.map((/** @type {string} */ id) => (columnOf(id).kind === "job" ? id : this.table.label(id)))];
    const url = URL.createObjectURL(new Blob(["\ufeff", csv(header, rows)], { type: "text/csv" }));
    el("a", { href: url, download: "runs.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  /** Everything stored of the runs: a command, since it may be gigabytes. */
  async _command() {
    const text = `heimdall export ${this.table.picked().join(" ")} --url ${location.origin}`;
    await navigator.clipboard?.writeText(text).catch(() => prompt("", text));
  }

  /** @param {(job: Job, word: string) => any} change */
  _word(change) {
    const word = this.word.value.trim();
    if (!word) return this.word.focus();
    this.word.value = "";
    return this._patch((job) => change(job, word));
  }

  /** @param {(job: Job) => any} change */
  _patch(change) {
    return this._each(this.table.picked(), (job) => this.page.call("PATCH", `/jobs/${job.id}`, change(job)));
  }

  /** @param {boolean} isAsked */
  _ask(isAsked) {
    this.question.hidden = !isAsked;
    byId(isAsked ? "runs-delete-no" : "runs-delete").focus();
  }

  _discard() {
    const picked = this.table.picked();
    this.question.hidden = true;
    return this._each(picked, (job) => this.page.call("POST", `/jobs/${job.id}/discard`));
  }

  _restore() {
    const going = this._discarded().map((job) => job.id);
    return this._each(going, (job) => this.page.call("POST", `/jobs/${job.id}/restore`));
  }

  /** One after the other would be slow, all at once rude. @param {string[]} ids  @param {(job: Job) => Promise<Job>} run */
  async _each(ids, run) {
    const left = [...ids];
    let failed = 0;
    let reason = "";
    const work = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        const job = this._job(id);
        try {
          if (job) this.page.jobChanged(await run(job));
        } catch (error) {
          failed += 1;
          reason = /** @type {Error} */ (error).message;
        }
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    setText(this.failed, failed ? fill(this.texts.runs_failed, { n: failed, reason }) : "");
    this.table.render();
  }

  /** @returns {Job[]} those that are deleted within the minute */
  _discarded() {
    return [.../** @type {Map<string, Job>} */ (this.page.list.jobs).values()].filter((job) => job.delete_at);
  }

  _going() {
    const going = this._discarded();
    this.undo.hidden = going.length === 0;
    if (!going.length) return;
    const first = Math.min(...going.map((job) => Date.parse(job.delete_at)));
    const seconds = Math.max(0, Math.round((first - Date.now()) / 1000));
    setText(this.undo.firstChild, fill(going.length === 1 ? this.texts.run_going : this.texts.runs_going, { n: going.length, seconds }));
  }
}
