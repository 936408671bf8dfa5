/* What the page says of itself and of the chosen job: banners, alerts, and the browser's own
   notifications for a reader who looks elsewhere. */

import { fill } from "../figure/words.js";
import { byId, el } from "../charts/elements.js";
import { alerts, AlertLog } from "../runs/alerts.js";

export class Notices {
  /** @param {{texts: Texts, show: Show}} world */
  constructor(world) {
    this.world = world;
    this.log = new AlertLog();
    this.isNotifying = false;
    this.bannersKey = "";
    this.alertsKey = "";
  }

  /** @param {boolean} isServerAway  @param {boolean} isStoreAway */
  banners(isServerAway, isStoreAway) {
    const { texts } = this.world;
    const said = [isServerAway ? texts.server_away : "", isStoreAway ? texts.store_away : ""].filter(Boolean);
    if (said.join() === this.bannersKey) return;
    this.bannersKey = said.join();
    byId("banners").replaceChildren(...said.map((text) => el("p", { class: "banner" }, text)));
  }

  /** @param {import("../runs/job_feed.js").JobFeed} feed  the chosen job */
  alerts(feed) {
    const { texts } = this.world;
    const found = feed.state === "ready" ? alerts(feed.job, feed.store.columns, feed.store.notFinite, texts) : [];
    if (feed.job && feed.state === "ready") this._notify(feed.job, this.log.news(feed.job.id, found, performance.now()));
    const shown = found.filter(({ kind }) => kind !== "failed"); // the job's own header says that
    if (feed.state === "unknown") shown.push({ kind: "unknown", text: texts.unknown_job });
    if (feed.refusal) shown.push({ kind: "refused", text: fill(texts.link_refused, feed.refusal) });
    const key = JSON.stringify(shown);
    if (key === this.alertsKey) return;
    this.alertsKey = key;
    byId("alerts").replaceChildren(...shown.map(({ kind, text }) =>
      el("p", { class: "alert", "data-kind": kind }, el("span", { "aria-hidden": "true" }, "⚠ "), text)));
  }

  /** @param {Job} job  @param {import("../runs/alerts.js").Alert[]} fresh */
  _notify(job, fresh) {
    if (!this.isNotifying) return;
    for (const { kind, text } of fresh) {
      // one tag: of several tabs that watch the job, the last replaces the others' message
      const notice = new Notification(job.job_name, { body: text, tag: `${job.id} ${kind}` });
      notice.onclick = () => window.focus();
    }
  }

  /**
   * The reader wants notifications, or no longer; the browser may refuse them.
   * @param {boolean} isOn
   */
  async allow(isOn) {
    this.isNotifying = isOn && typeof Notification !== "undefined"
      && (Notification.permission === "granted" || (await Notification.requestPermission()) === "granted");
    if (isOn && !this.isNotifying) this.world.show("notify", { checked: false });
  }
}
