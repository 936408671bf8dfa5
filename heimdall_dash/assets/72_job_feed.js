/* One job's epochs: a snapshot by REST, then frames from its cursor. Sockets, clock and REST come in
   as arguments; the link decides, this only obeys. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { emptyStore, fromSnapshot, applyFrame } = core.columns;
  const { judge } = core.cursor;
  const { backoff } = core.link;
  const { canChange } = core.jobs;
  const { Feed } = core.feed;

  const SNAPSHOT_POINTS = 20_000;
  const MOST_ROWS = 40_000; // beyond, the history is fetched again, thinned by the server

  /** One job: its columns hold every epoch once, in order, or say that they do not yet. */
  class JobFeed extends Feed {
    /**
     * @param {World} world
     * @param {{changed: () => void, epochs: () => Promise<void>, job: (job) => void,
     *          store: (available: boolean) => void}} hooks   `epochs` resolves after the draw
     */
    constructor(world, hooks) {
      super(world);
      this.hooks = hooks;
      this.intervalMs = 0;
      this._forget(null);
    }

    _forget(jobId) {
      this.jobId = jobId;
      this.store = emptyStore(jobId);
      this.job = null;
      this.facts = {};
      this.notes = [];
      this.state = jobId ? "loading" : "none"; // none, loading, ready, unknown
      this.returned = 0;
      this.failures = 0;
      this.loadAt = null;
      this.loading = null;
      this.refusal = null;
    }

    /** Show another job, or none. */
    choose(jobId) {
      if (jobId === this.jobId) return Promise.resolve();
      this._obey(this.link.stop());
      this._forget(jobId);
      this.changed();
      return jobId ? this._load() : Promise.resolve();
    }

    setInterval(ms) {
      this.intervalMs = ms;
      if (this.link.state === "synced") this.outbox.push({ interval_ms: ms });
    }

    /** Facts and notes again, without the epochs. */
    async refreshFacts() {
      const jobId = this.jobId;
      if (!jobId || this.state !== "ready") return;
      try {
        const shown = await this.world.call("GET", `/jobs/${jobId}`);
        if (jobId !== this.jobId) return;
        this._noteFacts(shown);
        this.hooks.facts();
      } catch {
        // the link says it if the server is away; the next refresh tries again
      }
    }

    _noteFacts(shown) {
      this.facts = shown.facts || {};
      this.notes = shown.notes || [];
    }

    /** Snapshot by REST, then the live part from its cursor. */
    _load() {
      if (this.loading) return this.loading;
      const jobId = this.jobId;
      this.loadAt = null;
      this.loading = this._fetch(jobId)
        .catch((error) => this._loadFailed(jobId, error))
        .finally(() => {
          if (jobId === this.jobId) this.loading = null;
          this.changed();
        });
      return this.loading;
    }

    async _fetch(jobId) {
      const [shown, snapshot] = await Promise.all([
        this.world.call("GET", `/jobs/${jobId}`),
        this.world.call("GET", `/jobs/${jobId}/metrics?points=${SNAPSHOT_POINTS}`),
      ]);
      if (jobId !== this.jobId) return;
      this._noteFacts(shown);
      this.store = fromSnapshot(jobId, snapshot);
      this.returned = snapshot.returned ?? this.store.columns.epoch.length;
      this.state = "ready";
      this.failures = 0;
      this._noteJob(shown.job);
      this.hooks.facts();
      this.hooks.epochs();
      if (canChange(this.job)) this._obey(this.link.start(this.world.now()));
    }

    /** The list of all jobs has ours: one that a restarted store did not know has come back. */
    listed() {
      if (this.state !== "unknown") return;
      this.state = "loading";
      this.refusal = null;
      this._load();
    }

    _loadFailed(jobId, error) {
      if (jobId !== this.jobId) return;
      if (error.status === 404 || error.status === 422) {
        this.state = "unknown";
        return;
      }
      this.loadAt = this.world.now() + Math.max(500, backoff(this.failures, this.world.random));
      this.failures += 1;
    }

    tick() {
      super.tick();
      if (this.loadAt !== null && this.world.now() >= this.loadAt) this._load();
    }

    wake() {
      super.wake();
      if (this.loadAt !== null) this._load();
    }

    url(attempt) {
      const stream = this.store.stream ? `&stream=${encodeURIComponent(this.store.stream)}` : "";
      return `/${this.jobId}?after=${this.store.cursor}${stream}&n=${attempt}`;
    }

    heard(frame) {
      if (frame.job && frame.job.id !== this.jobId) return;
      const { action, ack } = judge(this.store, frame);
      const fits = action === "synced" || action === "apply" || action === "repeat";
      const wasSynced = this.link.state === "synced";
      this.link.heard(this.world.now(), fits);
      if (!wasSynced && fits && this.intervalMs > 0) this.outbox.push({ interval_ms: this.intervalMs });
      if (frame.job && action !== "reload" && action !== "reconnect") this._noteJob(frame.job);
      if (action === "synced") this.hooks.store(true); // a store that is away is told again after this
      if (action === "synced" && this.store.stream === null) this.store.stream = frame.stream ?? null;
      if (action === "reload") this._reload();
      else if (action === "reconnect") this._refuse();
      else if (action === "apply") this._apply(frame, ack);
      else if (action === "store") this.hooks.store(frame.available);
      if (ack && action !== "apply") this._acknowledge(ack);
    }

    _apply(frame, ack) {
      if (applyFrame(this.store, frame) !== "applied") return this._refuse();
      this.returned += frame.columns.epoch.length;
      const attempt = this.link.attempt;
      this.hooks.epochs().then(() => {
        if (this.link.attempt === attempt) this._acknowledge(ack);
      });
      if (this.store.columns.epoch.length > MOST_ROWS) this._reload();
    }

    _acknowledge(ack) {
      if (this.link.state === "open" || this.link.state === "synced") this.outbox.push(ack);
    }

    /** Another history, or too much of it: take a new snapshot, and only then go on. */
    _reload() {
      this._obey(this.link.stop());
      this._load();
    }

    _noteJob(job) {
      const before = this.job;
      this.job = job;
      this.hooks.job(job);
      if (before && (before.attempt !== job.attempt || before.status !== job.status)) this.refreshFacts();
    }

    ended({ code, reason }) {
      if (code === 1000) {
        this.refreshFacts();
        return;
      }
      if (code === 4504) this.state = "unknown";
      this.refusal = { code, reason };
    }

    changed() {
      this.hooks.changed();
    }

    /** Hidden when there is nothing left to wait for. */
    badge() {
      if (!this.jobId || this.state === "none" || this.state === "unknown") return "hidden";
      if (this.job && !canChange(this.job)) return "hidden";
      if (this.state === "loading" || this.loading || this.loadAt !== null) return "connecting";
      return this.link.badge();
    }
  }

  core.jobFeed = { JobFeed, MOST_ROWS };
})(typeof window === "undefined" ? globalThis : window);
