/* What chance alone does to shares of N samples: exact binomial ends, so that a diagram has its band
   for whatever number of samples a job logs. Pure. */

const TAIL = 0.025; // at either end: 95 of 100 perfect models lie between
const EXACT_UP_TO = 20_000; // samples; beyond, the normal distribution is as good as exact
const Z = 1.959963985;

/** @type {Map<string, [number, number]>} */
const known = new Map(); // a diagram asks for the same ends at each drawing
const MOST_KNOWN = 2_000;

/**
 * The shares between which 95 of 100 perfect models lie.
 * @param {number} samples
 * @param {number} share  what each sample's chance is
 * @returns {[number, number]}
 */
export function chanceEnds(samples, share) {
  if (share <= 0 || share >= 1 || !(samples >= 1)) return [share, share];
  if (samples > EXACT_UP_TO) {
    const reach = Z * Math.sqrt((share * (1 - share)) / samples);
    return [Math.max(0, share - reach), Math.min(1, share + reach)];
  }
  const key = `${samples} ${share}`;
  let ends = known.get(key);
  if (!ends) {
    if (known.size >= MOST_KNOWN) known.clear();
    ends = [quantile(samples, share, TAIL) / samples, quantile(samples, share, 1 - TAIL) / samples];
    known.set(key, ends);
  }
  return ends;
}

/**
 * The least count at which the binomial's cumulated probability reaches `level`.
 * @param {number} samples
 * @param {number} share
 * @param {number} level
 * @returns {number}
 */
function quantile(samples, share, level) {
  const odds = Math.log(share) - Math.log1p(-share);
  let log = samples * Math.log1p(-share); // of no sample at all
  let sum = Math.exp(log);
  let count = 0;
  while (sum < level && count < samples) {
    log += Math.log(samples - count) - Math.log(count + 1) + odds;
    count += 1;
    sum += Math.exp(log);
  }
  return count;
}

/**
 * Low and high ends for each of some shares: by the number of samples where it is known, else as the
 * job's facts say.
 * @param {number[]} shares
 * @param {number|null} samples
 * @param {{low: any, high: any}} facts  lists as long as `shares`
 * @returns {{low: number[], high: number[]}|null}
 */
export function chanceBand(shares, samples, facts) {
  if (samples !== null && samples >= 1) {
    const ends = shares.map((share) => chanceEnds(samples, share));
    return { low: ends.map(([low]) => low), high: ends.map(([, high]) => high) };
  }
  const fits = (/** @type {any} */ list) => Array.isArray(list) && list.length === shares.length && list.every(Number.isFinite);
  return fits(facts.low) && fits(facts.high) ? { low: facts.low, high: facts.high } : null;
}
