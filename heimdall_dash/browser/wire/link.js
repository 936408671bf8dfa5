/* A connection's life as a pure state machine: events in, commands out, no timers and no socket; and what
   waits to be sent on it.

   idle → opening → open → synced, and from each of them → waiting → opening, for ever;
   stopped when the server says that coming back is of no use, or all was delivered. */

export const FIRST_DELAY_MS = 500;
export const LONGEST_DELAY_MS = 10_000;
export const SILENCE_MS = 12_000;
const NORMAL_CLOSE = 1000;

/**
 * What is to be done with the socket; `wait`: nothing before `delay` ms are over.
 * @typedef {{command: "none"|"open"|"close"|"wait"|"stopped", attempt?: number, delay?: number, code?: number, reason?: string}} Order
 */

export class Link {
  /** @param {() => number} random  uniform in [0, 1) */
  constructor(random = Math.random) {
    this.random = random;
    /** @type {"idle"|"opening"|"open"|"synced"|"waiting"|"stopped"} */
    this.state = "idle";
    this.failures = 0;
    this.attempt = 0;
    /** @type {number|null} */
    this.retryAt = null;
    /** @type {number|null} */
    this.heardAt = null;
    /** @type {number|null} */
    this.closeCode = null;
    this.reason = "";
  }

  /**
   * Open now. @returns {Order}
   * @param {number} now
   */
  start(now) {
    this.failures = 0;
    this.closeCode = null;
    this.reason = "";
    return this._open(now);
  }

  /**
   * Close for good, because nobody looks or the job cannot change any more.
   * @returns {Order}
   */
  stop() {
    this.state = "idle";
    this.retryAt = null;
    return { command: "close" };
  }

  /** @param {number} now  @returns {Order} */
  opened(now) {
    if (this.state !== "opening") return { command: "none" };
    this.state = "open";
    this.heardAt = now;
    return { command: "none" };
  }

  /**
   * Anything arrived. `isSync`: it proves that this connection goes on from our cursor.
   * @param {number} now
   * @param {boolean} isSync
   * @returns {Order}
   */
  heard(now, isSync) {
    if (this.state !== "opening" && this.state !== "open" && this.state !== "synced") {
      return { command: "none" };
    }
    this.heardAt = now;
    if (isSync) {
      this.state = "synced";
      this.failures = 0;
    } else if (this.state === "opening") this.state = "open";
    return { command: "none" };
  }

  /**
   * The socket closed by itself.
   * @param {number} now
   * @param {number} code
   * @param {string} [reason]
   * @returns {Order}
   */
  closed(now, code, reason = "") {
    if (this.state === "idle" || this.state === "stopped" || this.state === "waiting") {
      return { command: "none" };
    }
    this.closeCode = code;
    if (code === NORMAL_CLOSE || (code >= 4500 && code <= 4999)) {
      this.state = "stopped";
      this.reason = reason;
      return { command: "stopped", code, reason };
    }
    return this._retryLater(now);
  }

  /**
   * What arrived does not fit: come back with our own cursor.
   * @param {number} now
   * @returns {Order}
   */
  refused(now) {
    return this._retryLater(now);
  }

  /**
   * Call at least once a second.
   * @param {number} now
   * @returns {Order}
   */
  tick(now) {
    if (this.state === "waiting" && now >= (this.retryAt ?? 0)) return this._open(now);
    const isLive = this.state === "opening" || this.state === "open" || this.state === "synced";
    if (isLive && now - (this.heardAt ?? 0) >= SILENCE_MS) return this._retryLater(now);
    return { command: "none" };
  }

  /**
   * The tab is looked at again or the network is back: do not sit out the delay.
   * @param {number} now
   * @returns {Order}
   */
  wake(now) {
    if (this.state === "waiting") return this._open(now);
    return this.tick(now);
  }

  /** @returns {"connected"|"connecting"|"hidden"} what the badge says */
  badge() {
    if (this.state === "idle" || this.state === "stopped") return "hidden";
    return this.state === "synced" ? "connected" : "connecting";
  }

  /** @param {number} now  @returns {Order} */
  _open(now) {
    this.state = "opening";
    this.attempt += 1;
    this.retryAt = null;
    this.heardAt = now;
    return { command: "open", attempt: this.attempt };
  }

  /** @param {number} now  @returns {Order} */
  _retryLater(now) {
    const delay = backoff(this.failures, this.random);
    this.failures += 1;
    this.state = "waiting";
    this.retryAt = now + delay;
    return { command: "wait", delay };
  }
}

/**
 * Full jitter under a doubling ceiling: 0…0.5 s, 0…1 s, … 0…10 s. In milliseconds.
 * @param {number} failures
 * @param {() => number} random
 * @returns {number}
 */
export function backoff(failures, random) {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10));
  return Math.round(random() * ceiling);
}

/** Sends one text at a time: the component keeps only the newest of two set in one turn. */
export class Outbox {
  /** @param {(text: string) => void} send  @param {(f: () => void) => void} later */
  constructor(send, later) {
    this.send = send;
    this.later = later;
    /** @type {string[]} */
    this.waiting = [];
    this.isBusy = false;
    this.count = 0;
  }

  /**
   * The count makes each text differ from the one before, also across two connections: an equal
   * one would not be sent, and an acknowledgement that is missing stops the frames.
   * @param {Object} message
   */
  push(message) {
    this.count += 1;
    this.waiting.push(JSON.stringify({ ...message, n: this.count }));
    if (!this.isBusy) this._next();
  }

  /** A new connection knows nothing of what was meant for the old one. */
  clear() {
    this.waiting = [];
  }

  _next() {
    const text = this.waiting.shift();
    this.isBusy = text !== undefined;
    if (text === undefined) return;
    this.send(text);
    this.later(() => this._next());
  }
}
