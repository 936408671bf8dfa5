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
    this.page.view.step(() => this._show(jobId));
  }

  /**
   * A job's own page, from its card or after it was created.
   * @param {Pick<Job, "id">} job
   */
  open(job) {
    const { view } = this.page;
    this.isOurs = false;
    view.step(() => {
      if (job.id !== view.job) this._show(job.id);
      this.page.turnTo("metrics");
    });
    this.page.setProps("tabs", { value: "metrics" });
    scrollTo({ top: 0 });
  }

  /** As long as the reader has chosen none: on to the newest running job when ours is over. */
  follow() {
    const { view, list, feed } = this.page;
    if (!this.isOurs || !list.isKnown) return;
    const present = list.jobs.get(view.job ?? "");
    if (present && present.status === "running") return;
    const better = chooseJob(list.jobs.values());
    if (better === null) {
      view.job = this.jobId = null;
      feed.choose(null);
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
    const { view, feed, painter } = this.page;
    if (view.job) view.forgetZooms(); // those of a link to no job belong to the first that is shown
    view.job = this.jobId = jobId;
    feed.choose(jobId);
    painter.invalidate();
    this.page.renderSelect();
    this.page.renderBar();
  }
}
