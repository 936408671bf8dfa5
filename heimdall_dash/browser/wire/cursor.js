/* Where a viewer stands in the order of a job's writes, and what a message on the job's socket means
   to it. A position such as `412-1` is the newest epoch, then a part. Pure. */

export const BEGINNING = "0-0"; // the cursor before the first write

/**
 * -1, 0 or 1: whether position `a` stands before, at or behind `b`.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function comparePositions(a, b) {
  const [epochA, partA] = numbersOf(a);
  const [epochB, partB] = numbersOf(b);
  return Math.sign(epochA - epochB || partA - partB);
}

/** @param {string} position  @returns {number[]} */
function numbersOf(position) {
  const [epoch, part] = String(position).split("-").map(Number);
  return [epoch, part];
}

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
