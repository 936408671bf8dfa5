// What a message on the socket of one job means to a program that reads it, as docs/wire.md says.
import { comparePositions } from "../../heimdall_dash/browser/wire/cursor.js";

/**
 * @param {{stream: string|null, cursor: string}} viewer
 * @param {Frame} message
 * @returns {{action: string, ack?: Object}}
 *   action "synced": the link is good from here on, send `ack`; "reload": take a new snapshot by
 *   REST; "apply": draw the cells, then send `ack`; "repeat": already drawn, send `ack`;
 *   "reconnect": come back with our own cursor; "job", "store": a fact, send `ack`;
 *   "alive": only a sign of life; "unknown": none of these, ignore
 */
export function judge(viewer, message) {
  switch (message.event) {
    case "sync":
      return { action: message.recovered ? "synced" : "reload", ack: acknowledgement(message) };
    case "metrics":
      return judgeMetrics(viewer, message);
    case "job":
    case "store":
      return { action: message.event, ack: acknowledgement(message) };
    case "heartbeat":
      return { action: "alive" };
    default:
      return { action: "unknown" };
  }
}

/**
 * @param {{stream: string|null, cursor: string}} viewer
 * @param {Frame} frame
 * @returns {{action: string, ack?: Object}}
 */
function judgeMetrics(viewer, frame) {
  if (viewer.stream !== null && frame.stream !== viewer.stream) return { action: "reload" };
  if (comparePositions(frame.cursor, viewer.cursor) <= 0) return { action: "repeat", ack: acknowledgement(frame) };
  if (String(frame.after) !== viewer.cursor) return { action: "reconnect" };
  return { action: "apply", ack: acknowledgement(frame) };
}

/**
 * Names the frame by its cursor and the number that the server gave it.
 * @param {Frame} frame
 * @returns {{ack: string, seq: number|undefined}}
 */
export function acknowledgement(frame) {
  return { ack: frame.cursor, seq: frame.seq };
}
