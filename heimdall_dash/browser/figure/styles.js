/* What a line looks like: of one run each metric has its colour; of several, each run has. Pure. */

import { roleOf } from "./roles.js";

export const DASHES = ["solid", "dash", "longdash", "dashdot", "longdashdot"];
const TRAINING = "dot"; // behind the validation of the same run, of whatever dash
const TRAINING_OPACITY = 0.6;

/**
 * Whether a line is taken on what the model learns from.
 * @param {{metric: string, role?: string|null}} line
 * @returns {boolean}
 */
export function isTraining({ metric, role }) {
  return (role ?? roleOf(metric).role) === "train";
}

/**
 * @param {Line[]} lines   of the chart
 * @param {number} at      which of them
 * @param {{color?: string, round?: number}} source   `round`: how often the colours were used up before it
 * @param {boolean} isMany
 * @param {string[]} colors
 * @param {Set<number>} there      which of the lines anybody logged: what tells them apart is for these
 * @returns {{color: string, dash: string, width: number, opacity: number}}
 */
export function styleOf(lines, at, source, isMany, colors, there) {
  const line = lines[at];
  if (!isMany) {
    return { color: colors[(line.color ?? at) % colors.length], dash: there.size > 1 ? line.dash : "solid", width: 2, opacity: 1 };
  }
  const color = source.color ?? colors[0];
  const left = lines.filter((one, i) => there.has(i) && !isTraining(one));
  const round = source.round ?? 0;
  if (left.length > 0 && isTraining(line)) {
    return { color, dash: TRAINING, width: 1.4, opacity: TRAINING_OPACITY };
  }
  const order = (left.length ? left : lines.filter((_, i) => there.has(i))).indexOf(line);
  return { color, dash: DASHES[(order + round) % DASHES.length], width: 1.8, opacity: 1 };
}
