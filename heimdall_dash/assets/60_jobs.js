/* What the page says about jobs: labels, which one is chosen, filter, order. Pure. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { durationText, valueText, fill } = core.ticks;

  const UNKNOWN_PACE_S = 900; // after one epoch nobody knows how long the next will take

  const FINAL = new Set(["completed", "failed", "cancelled"]);
  const RANK = { running: 0, paused: 1, queued: 2, pending: 3, failed: 4, completed: 5, cancelled: 6 };
  const LEGAL = {
    pause: new Set(["queued", "running"]),
    resume: new Set(["paused"]),
    cancel: new Set(["pending", "queued", "running", "paused"]),
    delete: new Set(["pending", "queued", "paused", "completed", "failed", "cancelled"]),
  };

  /** `VHF (running) - Epoch 412/500` */
  function label(job, { texts, status }) {
    const word = status[job.status] || job.status;
    return fill(texts.job_label, { job: job.job_name, status: word, epochs: epochText(job, texts) });
  }

  /** `412/500` */
  function epochText(job, texts) {
    return fill(texts.epoch_count, { current: job.current_epoch, total: job.total_epochs ?? "?" });
  }

  /** `Epoch 412 of 500`, or `Epoch 412` when nobody said how many there will be. */
  function progressText(job, texts) {
    return fill(job.total_epochs ? texts.epoch_of : texts.epoch_at, { current: job.current_epoch, total: job.total_epochs });
  }

  /**
   * Whether this page holds every epoch that the store holds: what is shown, and what it is shown of.
   * @param {boolean} isCurrent  whether anybody knows at this moment how many there are
   */
  function deliveredText(job, held, isCurrent, texts) {
    const { epochs_stored: stored } = job;
    if (!stored) return "";
    if (!isCurrent) return fill(texts.delivered_held, { held });
    return fill(held >= stored ? texts.delivered_all : texts.delivered_some, { held, stored });
  }

  /** `-5.83 · epoch 481`, of the validation loss. */
  function bestText(job, texts) {
    if (typeof job.best_val_loss !== "number") return "–";
    return fill(texts.value_at_epoch, { value: valueText(job.best_val_loss), epoch: job.best_epoch ?? "–" });
  }

  /**
   * Why the job does not run: failed, paused, cancelled, ended early, or about to stop because it was
   * asked to. "" when there is nothing to say.
   */
  function reasonText(job, texts) {
    const { status, desired, ended_because: because, current_epoch: epoch, total_epochs: total } = job;
    if (status === "running") return { paused: texts.reason_pausing, cancelled: texts.reason_cancelling }[desired] || "";
    if (status === "failed") return fill(texts.reason_failed, { message: job.error_message || "–" });
    if (status === "paused") return fill(texts.reason_paused, { epoch });
    if (status === "cancelled") return fill(because ? texts.reason_cancelled_because : texts.reason_cancelled, { epoch, reason: because });
    if (status !== "completed" || !because) return "";
    return fill(total && epoch < total ? texts.reason_early : texts.ended_because, { epoch, total, reason: because });
  }

  /** Whether more epochs may come: only then is a connection worth having. */
  function canChange(job) {
    return Boolean(job) && !FINAL.has(job.status);
  }

  /** Actions that the job's status allows, in the order of their buttons. */
  function actions(job) {
    return Object.keys(LEGAL).filter((name) => LEGAL[name].has(job.status));
  }

  /** The job to show when the reader chose none: the newest running one, else the newest. */
  function chooseJob(jobs) {
    const newestFirst = [...jobs].sort(byCreation);
    return newestFirst.find((job) => job.status === "running") || newestFirst[0] || null;
  }

  function byCreation(a, b) {
    return (b.created_at || "").localeCompare(a.created_at || "");
  }

  /**
   * @param {Object[]} jobs
   * @param {{search: string, statuses: string[], order: string}} wish
   */
  function arrange(jobs, { search = "", statuses = [], order = "status" }) {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = jobs.filter((job) => {
      if (statuses.length && !statuses.includes(job.status)) return false;
      const text = `${job.job_name} ${job.status}`.toLowerCase();
      return words.every((word) => text.includes(word) || job.id.startsWith(word)); // an id contains nearly everything
    });
    const value = ORDERS[order] || ORDERS.status;
    return kept.sort((a, b) => compareNullLast(value(a), value(b)) || byCreation(a, b));
  }

  const ORDERS = {
    status: (job) => RANK[job.status] ?? 9,
    newest: () => 0,
    name: (job) => job.job_name.toLowerCase(),
    best: (job) => job.best_val_loss,
    p68: (job) => (job.last_metrics || {}).val_distance_p68_m,
    progress: (job) => -(job.progress_percent ?? 0),
  };

  function compareNullLast(a, b) {
    const isLeft = a !== null && a !== undefined;
    const isRight = b !== null && b !== undefined;
    if (!isLeft || !isRight) return Number(isRight) - Number(isLeft);
    if (typeof a === "string") return a.localeCompare(b);
    return a - b;
  }

  function etaText(job, now, texts) {
    if (job.status !== "running" || job.stalled || !job.estimated_completion) return "";
    const seconds = (Date.parse(job.estimated_completion) - now) / 1000;
    return seconds >= 0 ? fill(texts.eta, { time: durationText(seconds) }) : ""; // overdue: nobody knows
  }

  /**
   * How old the newest epoch is. Stale: a running job silent for longer than three of its own
   * epochs and at least 15 s, or one that the server calls stalled. The pace is what the server
   * knows of it (`pace_s`): nobody needs to log how long an epoch takes.
   * @returns {{text: string, isStale: boolean, seconds: number|null}}
   */
  function age(job, lastAt, now, texts) {
    if (!job) return { text: "", isStale: false, seconds: null };
    if (!lastAt) {
      return { text: texts.no_epoch_yet, isStale: Boolean(job.stalled), seconds: null };
    }
    const seconds = Math.max(0, (now - Date.parse(lastAt)) / 1000);
    const limit = job.pace_s ? Math.max(15, 3 * job.pace_s) : UNKNOWN_PACE_S;
    const isStale = job.status === "running" && (Boolean(job.stalled) || seconds > limit);
    return { text: fill(texts.data_age, { time: durationText(seconds) }), isStale, seconds };
  }

  /** Metrics that stand on no chart, by prefix: the part before `/`, or a first word they share. */
  function otherMetrics(columns, known) {
    const names = Object.keys(columns).filter((name) =>
      name !== "epoch" && name !== "timestamp" && !known.has(name) &&
      !columns[name].some(Array.isArray) && columns[name].some((value) => typeof value === "number"));
    const firstWord = (name) => name.split("_")[0];
    const shared = new Map();
    for (const name of names) shared.set(firstWord(name), (shared.get(firstWord(name)) || 0) + 1);
    const groups = new Map();
    for (const name of names.sort()) {
      const word = firstWord(name);
      const group = name.includes("/") ? name.slice(0, name.indexOf("/")) : shared.get(word) > 1 ? word : "";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(name);
    }
    return [...groups].sort(([a], [b]) => (a === "") - (b === "") || a.localeCompare(b))
      .map(([group, metrics]) => ({ group, metrics }));
  }

  core.jobs = {
    label, epochText, bestText, canChange, actions, chooseJob, arrange, etaText, progressText, deliveredText, reasonText, age, otherMetrics,
  };
})(typeof window === "undefined" ? globalThis : window);
