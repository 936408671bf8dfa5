/* What the page says about jobs: labels, which one is chosen, filter, order, alerts. Pure. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { durationText, valueText, fill } = core.ticks;

  const FINAL = new Set(["completed", "failed", "cancelled"]);
  const RANK = { running: 0, paused: 1, queued: 2, pending: 3, failed: 4, completed: 5, cancelled: 6 };
  const LEGAL = {
    pause: new Set(["queued", "running"]),
    resume: new Set(["paused"]),
    cancel: new Set(["pending", "queued", "running", "paused"]),
    delete: new Set(["pending", "queued", "paused", "completed", "failed", "cancelled"]),
  };

  /** `VHF (running) - Epoch 412/500` */
  function label(job) {
    return `${job.job_name} (${job.status}) - Epoch ${job.current_epoch}/${job.total_epochs ?? "?"}`;
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
      const text = `${job.job_name} ${job.id} ${job.status}`.toLowerCase();
      return words.every((word) => text.includes(word));
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
    return Number.isFinite(seconds) ? fill(texts.eta, { time: durationText(seconds) }) : "";
  }

  /**
   * How old the newest epoch is. Stale: a running job silent for longer than three of its own
   * epochs and at least 15 s, or one that the server calls stalled.
   * @returns {{text: string, isStale: boolean, seconds: number|null}}
   */
  function age(job, lastAt, epochSeconds, now, texts) {
    if (!job) return { text: "", isStale: false, seconds: null };
    if (!lastAt) {
      return { text: texts.no_epoch_yet, isStale: Boolean(job.stalled), seconds: null };
    }
    const seconds = Math.max(0, (now - Date.parse(lastAt)) / 1000);
    const limit = Math.max(15, 3 * (epochSeconds || 0));
    const isStale = job.status === "running" && (Boolean(job.stalled) || seconds > limit);
    return { text: fill(texts.data_age, { time: durationText(seconds) }), isStale, seconds };
  }

  /**
   * What deserves attention now, for a job that can still change or has just failed.
   * @returns {{kind: string, text: string}[]}
   */
  function alerts(job, columns, texts, patience = 100) {
    if (!job) return [];
    const found = [];
    if (job.status === "failed") found.push({ kind: "failed", text: fill(texts.alert_failed, { message: job.error_message || "–" }) });
    if (job.stalled) found.push({ kind: "stalled", text: texts.alert_stalled });
    if (job.status !== "running") return found;
    const epochs = columns.epoch;
    const last = epochs.length - 1;
    const empty = Object.keys(columns).filter((name) =>
      /loss/.test(name) && last >= 0 && columns[name][last] === null && columns[name].some((v) => v !== null));
    if (empty.length) found.push({ kind: "nan", text: fill(texts.alert_nan, { metrics: empty.join(", "), epoch: epochs[last] }) });
    const rise = divergence(columns.val_loss);
    if (rise) found.push({ kind: "divergence", text: fill(texts.alert_divergence, { loss: valueText(rise.now), best: valueText(rise.best) }) });
    const since = typeof job.best_epoch === "number" && last >= 0 ? epochs[last] - job.best_epoch : 0;
    if (since >= patience) {
      const n = Math.floor(since / patience) * patience; // in steps, so that it is not read out each epoch
      found.push({ kind: "plateau", text: fill(texts.alert_plateau, { n, epoch: job.best_epoch }) });
    }
    return found;
  }

  /** The loss left its best by more than half of the whole way down, three epochs in a row. */
  function divergence(losses) {
    const values = (losses || []).filter((value) => typeof value === "number");
    if (values.length < 10) return null;
    const best = Math.min(...values.slice(-2000));
    const way = values[0] - best;
    if (!(way > 0)) return null;
    const isOff = values.slice(-3).every((value) => value > best + way / 2);
    return isOff ? { now: values[values.length - 1], best } : null;
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

  /** `val_distance_p68_m` → unit `m`, as the names of metrics carry it. */
  function unitOf(name) {
    const unit = /_(m|s|ms|ns|percent|seconds|hz|db|km)$/.exec(name);
    return unit ? { percent: "%", seconds: "s", hz: "Hz", db: "dB" }[unit[1]] || unit[1] : "";
  }

  /** A colour slot for a job that stays the same wherever it is shown. */
  function slot(id, count) {
    let hash = 0;
    for (const letter of id) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
    return hash % count;
  }

  core.jobs = {
    label, canChange, actions, chooseJob, arrange, etaText, age, alerts, divergence, otherMetrics,
    unitOf, slot, FINAL,
  };
})(typeof window === "undefined" ? globalThis : window);
