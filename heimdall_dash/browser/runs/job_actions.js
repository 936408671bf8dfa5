/* Pause, resume, cancel, delete: asked for by a button, confirmed where work or epochs may be lost.
   By REST from here: the buttons stand on cards that stream, and the answer goes to their feed. */

import { HttpError } from "../wire/rest.js";
import { fill } from "../figure/words.js";

const CONFIRMED = new Set(["cancel", "delete"]);

export class JobActions {
  /** @param {{texts: Texts, call: Call, show: Show, changed: (job: Job) => void}} world */
  constructor(world) {
    this.world = world;
    /** @type {((isMeant: boolean) => void)|null} */
    this.waiting = null;
  }

  /** @param {string} action  @param {Job} job */
  async act(action, job) {
    if (CONFIRMED.has(action) && !(await this._isMeant(action, job))) return;
    const { texts, call, show, changed } = this.world;
    try {
      changed(await call("POST", `/jobs/${job.id}/${action === "delete" ? "discard" : action}`));
      if (action === "delete") show("notices", { sendNotifications: [{ action: "show", message: fill(texts.delete_going, { job: job.job_name }) }] });
    } catch (error) {
      const reason = error instanceof HttpError ? error.message : texts.server_away;
      const message = fill(texts.action_failed, { action: texts[action], reason });
      show("notices", { sendNotifications: [{ action: "show", color: "red", message }] });
    }
  }

  /** @param {string} action  @param {Job} job  @returns {Promise<boolean>} */
  _isMeant(action, job) {
    const { texts, show } = this.world;
    this.answer(false); // of a question that nobody has answered
    show("confirm-yes", { children: texts[`confirm_yes_${action}`] });
    show("confirm-no", { children: texts.confirm_no });
    show("confirm-dialog", { opened: true, title: fill(texts[`confirm_${action}`], { job: job.job_name }) });
    return new Promise((resolve) => { this.waiting = resolve; });
  }

  /** @param {boolean} isMeant  what the reader says to the question; nothing where there is none */
  answer(isMeant) {
    const { waiting } = this;
    if (!waiting) return;
    this.waiting = null;
    this.world.show("confirm-dialog", { opened: false });
    waiting(isMeant);
  }
}
