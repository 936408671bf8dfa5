/* Pause, resume, cancel, delete: asked for by a button, confirmed where there is no way back.
   By REST from here: the buttons stand on cards that stream, and the answer goes to their feed. */

import { HttpError } from "../wire/rest.js";
import { fill } from "../figure/words.js";
import { el } from "../charts/elements.js";

const NO_WAY_BACK = new Set(["cancel", "delete"]);

export class JobActions {
  /** @param {{texts: Texts, call: Call, show: Show, changed: (job: Job) => void, deleted: (id: string) => void}} world */
  constructor(world) {
    this.world = world;
  }

  /** @param {string} action  @param {Job} job */
  async act(action, job) {
    if (NO_WAY_BACK.has(action) && !(await this._isMeant(action, job))) return;
    const { texts, call, show, changed, deleted } = this.world;
    try {
      if (action === "delete") {
        await call("DELETE", `/jobs/${job.id}`);
        deleted(job.id);
      } else changed(await call("POST", `/jobs/${job.id}/${action}`));
    } catch (error) {
      const reason = error instanceof HttpError ? error.message : texts.server_away;
      const message = fill(texts.action_failed, { action: texts[action], reason });
      show("notices", { sendNotifications: [{ action: "show", color: "red", message }] });
    }
  }

  /** @param {string} action  @param {Job} job  @returns {Promise<boolean>} */
  _isMeant(action, job) {
    const { texts } = this.world;
    return confirmed(fill(texts[`confirm_${action}`], { job: job.job_name }), texts[`confirm_yes_${action}`], texts.confirm_no);
  }
}

/**
 * A small dialog that asks before something that cannot be undone. @returns {Promise<boolean>}
 * @param {string} question
 * @param {string} yes
 * @param {string} no
 */
export function confirmed(question, yes, no) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ value) => () => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const keep = el("button", { class: "button", type: "button", onclick: answer(false) }, no);
    const go = el("button", { class: "button danger", type: "button", onclick: answer(true) }, yes);
    const tab = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Tab") return; // without this, the focus also visits the browser's own bars
      event.preventDefault();
      (document.activeElement === keep ? go : keep).focus();
    };
    const dialog = el("dialog", { class: "dialog", "aria-label": question, oncancel: answer(false), onkeydown: tab },
      el("p", {}, question), el("div", { class: "dialog-buttons" }, keep, go));
    document.body.append(dialog);
    dialog.showModal();
    keep.focus();
  });
}
