/* The bar that stays in sight while one reads: when the job's own header has scrolled away, it says
   which job this is, how it goes, and whether the link lives. */

import { byId, el, setText, setAttribute } from "../charts/elements.js";
import { epochText } from "./job_texts.js";

/** @typedef {{feed: import("./job_feed.js").JobFeed, config: Config, picked: {ids: () => string[]}}} BarPage */

export class ReadingBar {
  /** @param {BarPage} page */
  constructor(page) {
    this.page = page;
    this.bar = byId("reading-bar");
    this.name = el("strong", { class: "who-name" });
    this.state = el("span", { class: "status" });
    this.badge = el("span", { class: "badge" });
    this.epoch = el("span", { class: "who-epoch" });
    byId("bar-who").append(this.name, this.state, this.badge, this.epoch);
    const top = /** @type {HTMLElement} */ (document.querySelector(".app-header"));
    new ResizeObserver(() => document.documentElement.style.setProperty("--header-height", `${top.offsetHeight}px`)).observe(top);
    const header = /** @type {Element} */ (document.querySelector(".job-bar"));
    new IntersectionObserver(([{ isIntersecting, boundingClientRect }]) => {
      this.bar.classList.toggle("is-stuck", !isIntersecting && boundingClientRect.bottom < innerHeight / 2);
    }, { rootMargin: "-60px 0px 0px 0px" }).observe(header);
  }

  render() {
    const { feed: { job }, config: { texts, status }, picked } = this.page;
    const more = picked.ids().length - 1;
    setText(this.name, job ? `${job.job_name}${more > 0 ? ` + ${more}` : ""}` : "");
    setText(this.state, job ? status[job.status] || job.status : "");
    setAttribute(this.state, "data-status", job?.status ?? "none");
    this.state.hidden = !job;
    const badge = this.page.feed.badge();
    this.badge.hidden = badge === "hidden";
    setAttribute(this.badge, "data-state", badge);
    setText(this.badge, badge === "connected" ? texts.connected : texts.connecting);
    const epoch = job ? epochText(job, texts) : "";
    setText(this.epoch, epoch);
    // 99/400 gives way to 100/400, and the controls beside it stay where they are
    const most = String(job?.total_epochs ?? "").length;
    this.epoch.style.minWidth = `${Math.max(epoch.length, 2 * most + 1)}ch`;
  }

  /** @param {number} weight  of the smoothing; none needs no number */
  smoothing(weight) {
    setText(byId("smoothing-value"), weight > 0 ? weight.toFixed(2) : "");
  }
}
