/* Pause, resume, cancel, delete: asked for by a button, confirmed where there is no way back. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { fill } = core.ticks;
  const { el, confirmed } = core.world;

  const TOAST_MS = 8000;
  const NO_WAY_BACK = new Set(["cancel", "delete"]);

  class JobActions {
    /** @param {{texts, call, changed: (job) => void, deleted: (id) => void}} world */
    constructor(world) {
      this.world = world;
    }

    async act(action, job) {
      if (NO_WAY_BACK.has(action) && !(await this._isMeant(action, job))) return;
      const { texts, call, changed, deleted } = this.world;
      try {
        if (action === "delete") {
          await call("DELETE", `/jobs/${job.id}`);
          deleted(job.id);
        } else changed(await call("POST", `/jobs/${job.id}/${action}`));
      } catch (error) {
        toast(fill(texts.action_failed, { action: texts[action], reason: error.status ? error.message : texts.server_away }));
      }
    }

    _isMeant(action, job) {
      const { texts } = this.world;
      return confirmed(fill(texts[`confirm_${action}`], { job: job.job_name }), texts[`confirm_yes_${action}`], texts.confirm_no);
    }
  }

  /** A short message that goes away by itself. */
  function toast(text) {
    const note = el("p", { class: "toast", role: "alert" }, text);
    document.body.append(note);
    setTimeout(() => note.remove(), TOAST_MS);
  }

  core.jobActions = { JobActions };
})(typeof window === "undefined" ? globalThis : window);
