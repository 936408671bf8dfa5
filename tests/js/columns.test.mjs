import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyStore, fromSnapshot, applyFrame, lowerBound } from "../../heimdall_dash/browser/series/columns.js";
import { judge } from "./judge.mjs";
import { comparePositions } from "../../heimdall_dash/browser/wire/cursor.js";
import { golden } from "./golden.mjs";

const plain = (object) => ({ ...object }); // stores keep columns without a prototype

test("golden frames are judged and applied as written down", () => {
  const recorded = golden("metrics_frames.json");
  const store = fromSnapshot(recorded.snapshot.job_id, structuredClone(recorded.snapshot));
  for (const step of recorded.steps) {
    const { action, ack } = judge(store, step.frame);
    assert.equal(action, step.action, step.name);
    if (step.ack) assert.deepEqual(ack, step.ack, step.name);
    if (action === "apply") assert.equal(applyFrame(store, step.frame), "applied", step.name);
    if (step.columns) assert.deepEqual(plain(store.columns), step.columns, step.name);
    if (step.columns) assert.deepEqual(plain(store.notFinite), step.not_finite, step.name);
    if (step.columns) assert.equal(store.total, step.columns.epoch.length, step.name);
    assert.equal(store.cursor, step.cursor, step.name);
  }
});

const frameOf = (after, cursor, columns, more) => ({ stream: "s", after, cursor, columns, ...more });

test("applying any frame twice leaves the store as applying it once", () => {
  const store = emptyStore("j");
  const frame = frameOf("0-0", "2-1", { epoch: [0, 2], a: [1, 2] });
  assert.equal(applyFrame(store, frame), "applied");
  const once = structuredClone(store);
  assert.equal(applyFrame(store, frame), "repeat");
  assert.deepEqual(structuredClone(store), once);
});

test("a frame whose epochs do not rise, or whose columns differ in length, is refused and changes nothing", () => {
  for (const columns of [{ epoch: [1, 1], a: [1, 1] }, { epoch: [2, 1], a: [2, 1] }, { epoch: [-3], a: [1] }, { epoch: [1], a: [] }]) {
    const store = emptyStore("j");
    assert.equal(applyFrame(store, frameOf("0-0", "2-1", columns)), "gap");
    assert.deepEqual(store, emptyStore("j"));
  }
});

test("a frame of another stream is foreign, one that begins elsewhere a gap", () => {
  const store = { ...emptyStore("j"), stream: "s", cursor: "3-1" };
  assert.equal(applyFrame(store, frameOf("3-1", "4-1", { epoch: [4] }, { stream: "t" })), "foreign");
  assert.equal(applyFrame(store, frameOf("3-2", "4-1", { epoch: [4] })), "gap");
  assert.equal(applyFrame(store, frameOf("2-1", "4-1", { epoch: [4] })), "gap");
});

test("positions are compared by epoch, then by part, as numbers", () => {
  const order = ["0-0", "0-1", "2-1", "2-9", "2-10", "10-1", "9007199254740991-1"];
  for (let i = 1; i < order.length; i += 1) {
    assert.equal(comparePositions(order[i - 1], order[i]), -1);
    assert.equal(comparePositions(order[i], order[i - 1]), 1);
    assert.equal(comparePositions(order[i], order[i]), 0);
  }
});

test("5,000 frames of one epoch make 5,000 epochs, each once, in the same arrays", () => {
  const store = emptyStore("j");
  applyFrame(store, frameOf("0-0", "0-1", { epoch: [0], a: [0] }));
  const { epoch: epochs, a } = store.columns;
  for (let epoch = 1; epoch <= 5000; epoch += 1) {
    assert.equal(applyFrame(store, frameOf(store.cursor, `${epoch}-1`, { epoch: [epoch], a: [epoch / 2] })), "applied");
  }
  assert.deepEqual(store.columns.epoch, Array.from({ length: 5001 }, (_, i) => i));
  assert.equal(store.total, 5001);
  assert.ok(store.columns.epoch === epochs && store.columns.a === a, "what was made of a column can be kept");
});

test("a late cell makes its column another array, and leaves the others", () => {
  const store = emptyStore("j");
  applyFrame(store, frameOf("0-0", "3-1", { epoch: [1, 2, 3], timestamp: ["t", "u", "v"], a: [1, 2, 3], b: [1, null, 3] }));
  const { a, b, timestamp } = store.columns;
  applyFrame(store, frameOf("3-1", "3-2", { epoch: [2], timestamp: ["w"], a: [null], b: [2] }));
  assert.ok(store.columns.a === a && store.columns.timestamp === timestamp);
  assert.notEqual(store.columns.b, b);
  assert.deepEqual([store.columns.b, b], [[1, 2, 3], [1, null, 3]]);
  const { epoch } = store.columns;
  applyFrame(store, frameOf("3-2", "3-3", { epoch: [0], timestamp: ["x"], a: [0] }));
  assert.notEqual(store.columns.epoch, epoch);
  assert.deepEqual(plain(store.columns), { epoch: [0, 1, 2, 3], timestamp: ["x", "t", "u", "v"], a: [0, 1, 2, 3], b: [null, 1, 2, 3] });
});

test("of a thinned history a late epoch is not counted, a newer one is", () => {
  const store = fromSnapshot("j", { stream: "s", cursor: "100-1", total: 100, columns: { epoch: [1, 50, 100], a: [1, 2, 3] } });
  applyFrame(store, frameOf("100-1", "101-2", { epoch: [70, 101], a: [5, 6] }));
  assert.equal(store.total, 101);
  assert.deepEqual(store.columns.epoch, [1, 50, 70, 100, 101]);
});

test("a snapshot with columns of unequal length is refused", () => {
  assert.throws(() => fromSnapshot("j", { columns: { epoch: [1, 2], a: [1] } }), /column a: expected 2 values, got 1/);
});

test("lowerBound finds the first value that is not smaller", () => {
  assert.deepEqual([0, 1, 2, 3, 9].map((x) => lowerBound([1, 2, 2, 5], x)), [0, 0, 1, 3, 4]);
});
