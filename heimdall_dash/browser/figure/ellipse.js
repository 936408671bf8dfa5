/* Ellipses of two-dimensional normal distributions, and whether they hold their truths. Pure. */

/** Squared standardised error within which 68 % lie, by dimensions: quantiles of chi-squared. */
export const SQUARED_68 = [NaN, 0.988946481, -2 * Math.log(0.32)];
export const LEVEL = 0.68;

/** @typedef {[number, number, number]} Covariance  xx, xy, yy */

/**
 * Half axes of the 1-σ ellipse: roots of the covariance's eigenvalues, and the larger one's direction.
 * @param {Covariance} covariance
 * @returns {{major: number, minor: number, angle: number}}  angle: radians from the x axis
 */
export function axesOf([xx, xy, yy]) {
  const middle = (xx + yy) / 2;
  const reach = Math.hypot((xx - yy) / 2, xy);
  // the smaller one by the determinant: the difference would lose its digits
  const large = middle + reach;
  const small = (xx * yy - xy * xy) / large;
  return { major: Math.sqrt(large), minor: Math.sqrt(Math.max(0, small)), angle: 0.5 * Math.atan2(2 * xy, xx - yy) };
}

/**
 * The ellipse's outline, closed.
 * @param {number[]} centre
 * @param {Covariance} covariance
 * @param {number} squared  the squared standardised distance of its edge
 * @param {number} [points]
 * @returns {{x: number[], y: number[]}}
 */
export function outline([cx, cy], covariance, squared, points = 28) {
  const { major, minor, angle } = axesOf(covariance);
  const [a, b] = [major * Math.sqrt(squared), minor * Math.sqrt(squared)];
  const x = [];
  const y = [];
  for (let i = 0; i <= points; i += 1) {
    const turn = (2 * Math.PI * (i % points)) / points;
    const [u, v] = [a * Math.cos(turn), b * Math.sin(turn)];
    x.push(cx + u * Math.cos(angle) - v * Math.sin(angle));
    y.push(cy + u * Math.sin(angle) + v * Math.cos(angle));
  }
  return { x, y };
}

/**
 * Squared standardised error (Mahalanobis): chi-squared with as many degrees of freedom as dimensions
 * when the prediction is right.
 * @param {number[]} truth
 * @param {number[]} mean
 * @param {number[]} spread  [σ], or a covariance
 * @returns {number}
 */
export function squaredError(truth, mean, spread) {
  if (spread.length === 1) return ((truth[0] - mean[0]) / spread[0]) ** 2;
  const [dx, dy] = [truth[0] - mean[0], truth[1] - mean[1]];
  const [xx, xy, yy] = spread;
  return (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / (xx * yy - xy * xy);
}
