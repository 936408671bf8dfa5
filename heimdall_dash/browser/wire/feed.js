/* What both live feeds share: a link that decides, a component's socket that obeys, an outbox. */

import { Link, Outbox } from "./link.js";

const SEND_GAP_MS = 25; // two `send`s in one turn would reach the component as one

/**
 * @typedef {Object} World
 * @property {Call} call   REST below the API's root
 * @property {(url: string) => void} setUrl   opens a socket; an empty text closes it
 * @property {(text: string) => void} send
 * @property {() => number} now               milliseconds, the clock of message time stamps
 * @property {(f: () => void, ms: number) => void} later
 * @property {() => number} random
 */

export class Feed {
  /** @param {World} world */
  constructor(world) {
    this.world = world;
    this.link = new Link(world.random);
    this.openedAt = Infinity;
    this.outbox = new Outbox(world.send, (next) => world.later(next, SEND_GAP_MS));
  }

  /**
   * The component's `state` property changed.
   * @param {any} state
   */
  onState(state) {
    if (!state || !(state.timeStamp >= this.openedAt)) return;
    if (state.readyState === 1) this.link.opened(this.world.now());
    if (state.readyState === 3) this._obey(this.link.closed(this.world.now(), state.code, state.reason));
    this.changed();
  }

  /**
   * The component's `message` property changed; what an older socket said is not ours.
   * @param {{data: string, timeStamp: number}|null} message
   */
  onMessage(message) {
    if (!message || !(message.timeStamp >= this.openedAt)) return;
    let frame;
    try {
      frame = JSON.parse(message.data);
    } catch {
      return this._refuse();
    }
    this.heard(frame);
    this.changed();
  }

  tick() {
    this._obey(this.link.tick(this.world.now()));
  }

  wake() {
    this._obey(this.link.wake(this.world.now()));
  }

  _refuse() {
    this._obey(this.link.refused(this.world.now()));
  }

  /** @param {import("./link.js").Order} order */
  _obey(order) {
    if (order.command === "none") return;
    this.outbox.clear();
    if (order.command === "open") {
      this.openedAt = this.world.now();
      this.world.setUrl(this.url(order.attempt ?? 0));
    } else {
      this.openedAt = Infinity;
      this.world.setUrl("");
    }
    if (order.command === "stopped") this.ended(order);
    this.changed();
  }

  /** Below the socket's address. @param {number} _attempt  @returns {string} */
  url(_attempt) {
    throw new Error("each feed says its own");
  }

  /** @param {Frame} _frame  a decoded message */
  heard(_frame) {}

  /** Something about the link is other than before. */
  changed() {}

  /** The server said that coming back is of no use. @param {import("./link.js").Order} _order */
  ended(_order) {}
}
