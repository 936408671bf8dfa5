/* What stays in sight while one reads: when the job's own header has scrolled away, the page's says
   which job this is, how it goes, and whether the link lives; on a phone the bar of controls does. */

import { byId, el, setText, setAttribute } from "../charts/elements.js";
import { epochText } from "./job_texts.js";

/** @typedef {{feed: import("./job_feed.js").JobFeed, config: Config, picked: {ids: () => string[]}}} BarPage */

export class ReadingBar {
  /** @param {BarPage} page */
  constructor(page) {
    this.page = page;
    this.said = [...document.querySelectorAll(".who")].map((box) => {
      const parts = {
        name: el("strong", { class: "who-name" }), state: el("span", { class: "status" }),
        badge: el("span", { class: "badge" }), epoch: el("span", { class: "who-epoch" }),
      };
      box.append(...Object.values(parts));
      return parts;
    });
    const top = /** @type {HTMLElement} */ (document.querySelector(".app-header"));
    new ResizeObserver(() => document.documentElement.style.setProperty("--header-height", `${top.offsetHeight}px`)).observe(top);
    const header = /** @type {Element} */ (document.querySelector(".job-bar"));
    new IntersectionObserver(([{ isIntersecting, boundingClientRect }]) => {
      document.documentElement.classList.toggle("is-stuck", !isIntersecting && boundingClientRect.height > 0 && boundingClientRect.bottom < innerHeight / 2);
    }, { rootMargin: "-60px 0px 0px 0px" }).observe(header);
  }

  render() {
    const { feed: { job }, config: { texts, status }, picked } = this.page;
    const more = picked.ids().length - 1;
    const badge = this.page.feed.badge();
    const epoch = job ? epochText(job, texts) : "";
    const most = String(job?.total_epochs ?? "").length;
    for (const said of this.said) {
      setText(said.name, job ? `${job.job_name}${more > 0 ? ` + ${more}` : ""}` : "");
      setText(said.state, job ? status[job.status] || job.status : "");
      setAttribute(said.state, "data-status", job?.status ?? "none");
      said.state.hidden = !job;
      said.badge.hidden = badge === "hidden";
      setAttribute(said.badge, "data-state", badge);
      setText(said.badge, badge === "connected" ? texts.connected : texts.connecting);
      setText(said.epoch, epoch);
      // 99/400 gives way to 100/400, and what stands beside it stays where it is
      said.epoch.style.minWidth = `${Math.max(epoch.length, 2 * most + 1)}ch`;
    }
  }

  /** @param {number} weight  of the smoothing; none needs no number */
  smoothing(weight) {
    setText(byId("smoothing-value"), weight > 0 ? weight.toFixed(2) : "");
  }
}
