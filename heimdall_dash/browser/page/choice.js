/* Which job the page shows: the one the reader chose, else the newest that runs. */

import { chooseJob } from "../runs/status.js";

export class Choice {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.jobId = page.view.job; // as it was last shown
    this.isOurs = this.jobId === null;
  }

  /**
   * The reader chose a job: it stays chosen.
   * @param {string|null} jobId
   */
  choose(jobId) {
    this.isOurs = false;
    this.page.view.step(() => {
      this._show(jobId);
      this.page.redrawRuns();
    });
  }

  /**
   * A job's own page, from its card or after it was created.
   * @param {Pick<Job, "id">} job
   */
  open(job) {
    this.show([job.id]);
  }

  /**
   * These runs on the charts, the first as the chosen one: from a selection in a list of jobs.
   * @param {string[]} ids
   */
  show(ids) {
    const { view, picked } = this.page;
    this.isOurs = false;
    view.step(() => {
      this._change(() => picked.set(ids));
      this.page.turnTo("metrics");
    });
    this.page.setProps("tabs", { value: "metrics" });
    scrollTo({ top: 0 });
  }

  /** @param {string[]} ids  to be laid over what is there */
  add(ids) {
    const { view, picked } = this.page;
    this.isOurs = false;
    view.step(() => this._change(() => picked.add(ids)));
  }

  /** @param {string} id  the last one stays */
  remove(id) {
    const { view, picked } = this.page;
    if (picked.ids().length < 2) return;
    this.isOurs = false;
    view.step(() => this._change(() => picked.remove(id)));
  }

  /** In sight or out of it. @param {string} id */
  toggle(id) {
    const { view, picked } = this.page;
    picked.toggle(id);
    view.write();
    this.page.redrawRuns();
  }

  /** @param {() => void} change  of the runs on the charts */
  _change(change) {
    const { view } = this.page;
    const before = view.job;
    change();
    if (view.job !== before) this._show(view.job);
    this.page.redrawRuns();
  }

  /** As long as the reader has chosen none: on to the newest running job when ours is over. */
  follow() {
    const { view, list, feed } = this.page;
    if (!this.isOurs || !list.isKnown || view.runs.length) return;
    const present = list.jobs.get(view.job ?? "");
    if (present && present.status === "running") return;
    const better = chooseJob(list.jobs.values());
    if (better === null) {
      view.job = this.jobId = null;
      feed.choose(null);
      this.page.drawn.forget();
    } else if (better.id !== view.job && (!present || better.status === "running")) {
      this._show(better.id);
      view.write();
    }
  }

  /** The view was read from the address bar. */
  restored() {
    const { view, feed } = this.page;
    if (view.job !== this.jobId) this.isOurs = view.job === null;
    this.jobId = view.job;
    feed.choose(view.job);
    this.follow();
  }

  /** @param {string|null} jobId */
  _show(jobId) {
    const { view, feed, painter, picked, drawn } = this.page;
    if (this.jobId && picked.ids().length < 2) view.forgetZooms(); // those of a link to no job belong to the first that is shown
    picked.choose(jobId);
    this.jobId = jobId;
    feed.choose(jobId);
    drawn.forget();
    painter.invalidate();
    this.page.renderSelect();
    this.page.renderBar();
  }
}
