import assert from "node:assert/strict";
import { test } from "node:test";
import { isScalar, smooth, forLogAxis, brokenAt, runsOf, isSparse, alone, extent } from "../../heimdall_dash/browser/series/lines.js";
import { thin } from "../../heimdall_dash/browser/series/lines.js";
import { fromSeries, joinSeries } from "../../heimdall_dash/browser/series/named.js";
import { seriesOf, smoothable } from "../../heimdall_dash/browser/series/series.js";

test("values that a log axis cannot show become null and are counted", () => {
  assert.deepEqual(forLogAxis([1, 0, -2, null, 5, NaN]), { shown: [1, null, null, null, 5, null], hidden: 2 });
});

test("smoothing a constant is that constant from the first epoch on", () => {
  for (const value of smooth(new Array(50).fill(3), 0.9, false)) assert.ok(Math.abs(value - 3) < 1e-12);
});

test("smoothing on a log axis averages logarithms", () => {
  const [, second] = smooth([1, 100], 0.5, true);
  assert.ok(Math.abs(second - Math.exp((0.25 * 0 + 0.5 * Math.log(100)) / 0.75)) < 1e-9);
});

test("smoothing keeps gaps and changes nothing at weight 0", () => {
  const values = [1, null, 2];
  assert.equal(smooth(values, 0, false), values);
  assert.equal(smooth(values, 0.5, false)[1], null);
});

test("a column that grew gives the same as one that is new", () => {
  const column = [3, 0, null, 5];
  const grown = () => [forLogAxis(column), smooth(column, 0.6, true), smooth(column, 0.6, false), isScalar(column)];
  grown();
  for (const value of [-2, 7, NaN, 1e-3, [1, 2]]) {
    column.push(value);
    const fresh = [...column];
    assert.deepEqual(grown(), [forLogAxis(fresh), smooth(fresh, 0.6, true), smooth(fresh, 0.6, false), isScalar(fresh)]);
  }
  assert.equal(isScalar(column), false);
  assert.equal(isScalar(undefined), false);
});

test("thinning keeps first, last, each spike and each break", () => {
  const values = Array.from({ length: 50_000 }, (_, i) => Math.sin(i / 999));
  values[12_345] = 50;
  values[23_456] = -50;
  values[34_567] = null;
  const kept = thin(values, 0, values.length, 500, (i) => i === 34_567);
  for (const i of [0, 12_345, 23_456, 34_567, 49_999]) assert.ok(kept.includes(i), `index ${i}`);
  assert.ok(kept.length <= 2500);
  assert.ok(kept.every((index, i) => i === 0 || index > kept[i - 1]));
});

test("a thinned line that grows keeps the points it had", () => {
  const values = Array.from({ length: 50_000 }, (_, i) => Math.sin(i / 77));
  const before = thin(values, 0, values.length - 1, 500);
  const after = new Set(thin(values, 0, values.length, 500));
  assert.ok(before.filter((i) => !after.has(i)).length <= 3);
});

test("thinning leaves a short line whole", () => {
  assert.deepEqual(thin([5, 6, 7, 8], 1, 4, 100), [1, 2, 3]);
});

test("a value that nobody wrote is passed over, one that was not finite breaks the line", () => {
  const values = [null, 1, 2, null, null, 3, null, 4];
  assert.deepEqual(thin(values, 0, 8, 100), [1, 2, 5, 7]);
  assert.deepEqual(thin(values, 0, 8, 100, (i) => i === 3), [1, 2, 3, 5, 7]);
  const sparse = Array.from({ length: 50_000 }, (_, i) => (i % 10 ? null : i));
  const kept = thin(sparse, 0, 50_000, 500, (i) => i === 4321);
  assert.ok(kept.every((i) => i % 10 === 0 || i === 4321));
  assert.ok(kept.includes(0) && kept.includes(4321) && kept.includes(49_990));
});

test("epochs whose value was not finite are found, neighbours as one run", () => {
  const epochs = [1, 2, 3, 5, 8, 9];
  assert.deepEqual(brokenAt(epochs, { 9: "nan", 3: "inf", 5: "nan", 4: "nan" }), [2, 3, 5]);
  assert.deepEqual(brokenAt(epochs, undefined), []);
  assert.deepEqual(runsOf([2, 3, 5]), [[2, 3], [5, 5]]);
});

test("a metric logged every tenth epoch is sparse", () => {
  assert.equal(isSparse(Array.from({ length: 100 }, (_, i) => (i % 10 ? null : i))), true);
  assert.equal(isSparse([1, 2, null, 4]), false);
  assert.equal(isSparse([null, null]), false);
});

test("points without a neighbour stand alone", () => {
  assert.deepEqual(alone([1, null, 2, 3, null, 4, null]), [0, 5]);
});

test("the extent ignores what is not drawn", () => {
  assert.deepEqual(extent([[0, -1, 3], [null, 9, NaN]], true), [3, 9]);
  assert.equal(extent([[null]], false), null);
});

test("a smoothed line of a thinned history goes through the means of its stretches, and exact values where one looks", () => {
  const store = fromSeries("j", { stream: "s", cursor: "9-1", total: 400, series: { a: { epoch: [0, 3, 99], value: [0, 10, 0], timestamp: ["t", "t", "t"], total: 400, mean: [1, 1, 1] } } });
  assert.deepEqual(smooth(smoothable(seriesOf(store, "a")), 0.9, false), [1, 1, 1]);
  joinSeries(store, { stream: "s", cursor: "9-1", total: 2, series: { a: { epoch: [98, 99], value: [4, 0], timestamp: ["t", "t"], total: 2 } } }, { isPart: true });
  assert.deepEqual(smoothable(seriesOf(store, "a")), [1, 1, 4, 0]);
  assert.deepEqual(seriesOf(store, "a").values, [0, 10, 4, 0]);
});
