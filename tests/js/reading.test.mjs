import assert from "node:assert/strict";
import { test } from "node:test";
import { byValue, nearestPlace, steppedPlace, valuesAt } from "../../heimdall_dash/browser/charts/values.js";
import { dragged, zoomedBy } from "../../heimdall_dash/browser/charts/ranges.js";
import { pinched } from "../../heimdall_dash/browser/charts/touch.js";

const spec = { id: "c", lines: [{ metric: "a", name: "A" }, { metric: "b", name: "B" }] };
const times = (...s) => s.map((at) => new Date(Date.UTC(2026, 10, 24, 10, 0, at)).toISOString());
const one = { id: "1", columns: { epoch: [1, 2, 3], a: [0.1234567890123, 1e-7, null], b: [3, 2, 1] }, notFinite: { a: { 3: "nan" } } };
const two = { id: "2", columns: { epoch: [2, 40], a: [7, 8] } };

test("values have all digits that were logged; what was not finite is named, what is missing is empty", () => {
  const at = (x) => valuesAt(spec, [one, two], "epoch", x).map(({ source, line, text }) => `${source.id}${line.name}=${text}`);
  assert.deepEqual(at(1), ["1A=0.1234567890123", "1B=3", "2A="]);
  assert.deepEqual(at(2), ["1A=1e-7", "1B=2", "2A=7"]);
  assert.deepEqual(at(3), ["1A=nan", "1B=1", "2A="]);
  assert.deepEqual(valuesAt(spec, [one], "epoch", 1, ["a"]).map(({ line }) => line.name), ["B"], "not those that were put out");
});

test("by value the largest comes first and what is missing last", () => {
  assert.deepEqual(byValue(valuesAt(spec, [one, two], "epoch", 3)).map(({ text }) => text), ["1", "nan", ""]);
});

test("the pointer snaps to the nearest row of any run, and the arrows go from row to row", () => {
  const sources = [one, two];
  const of = () => sources;
  assert.deepEqual([0, 2.4, 20, 30, 99].map((x) => nearestPlace([spec], of, "epoch", x)), [1, 2, 3, 40, 40]);
  assert.equal(nearestPlace([spec], () => [], "epoch", 1), null);
  assert.deepEqual([steppedPlace(spec, sources, "epoch", 3, 1), steppedPlace(spec, sources, "epoch", 40, 1), steppedPlace(spec, sources, "epoch", 2, -1), steppedPlace(spec, sources, "epoch", 1, 10)], [40, 40, 1, 40]);
});

test("in time, each run says the row that is nearest", () => {
  const late = { id: "late", columns: { epoch: [1, 2], timestamp: times(0, 30), a: [1, 2] } };
  const at = (x) => valuesAt(spec, [late], "relative", x).map(({ epoch, text }) => [epoch, text]);
  assert.deepEqual(at(20), [[2, "2"]]);
  assert.deepEqual([at(59)[0][1], at(90)[0][1]], ["2", ""], "a run that is over says nothing hours later");
});

test("a drag over time alone lets the heights follow; those that were chosen before stay", () => {
  const now = { x: [1, 2], y: [3, 4] };
  assert.deepEqual(dragged(["xaxis.range[0]", "xaxis.range[1]"], now, null), { x: [1, 2], y: null });
  assert.deepEqual(dragged(["xaxis.range[0]"], now, { x: [0, 9], y: [5, 6] }), { x: [1, 2], y: [5, 6] });
  assert.deepEqual(dragged(["xaxis.range[0]", "yaxis.range[0]"], now, null), now);
  assert.equal(dragged(["xaxis.autorange"], now, null), null);
  assert.equal(dragged(["width"], now, null), undefined);
});

test("keys zoom and move; heights that follow go on following", () => {
  const now = { x: [0, 100], y: [0, 10] };
  assert.deepEqual(zoomedBy("+", now, null), { x: [15, 85], y: null });
  assert.deepEqual(zoomedBy(">", now, [1, 2]), { x: [15, 115], y: [1, 2] });
  assert.deepEqual(zoomedBy("ArrowUp", now, null), { x: [0, 100], y: [1.5, 11.5] });
  assert.deepEqual([zoomedBy("0", now, null), zoomedBy("a", now, null), zoomedBy("f", now, [1, 2]).y], [null, undefined, null]);
});

test("two fingers stay on what they touched", () => {
  assert.deepEqual(pinched([0, 100], [100, 200], [50, 250], 0, 400), [18.75, 68.75]);
  assert.deepEqual(pinched([0, 100], [100, 200], [200, 300], 0, 400), [-25, 75], "moved");
});
