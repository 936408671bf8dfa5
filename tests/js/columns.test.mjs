import assert from "node:assert/strict";
import { test } from "node:test";
import { core, golden } from "./core.mjs";

const { emptyStore, fromSnapshot, applyFrame, lowerBound } = core.columns;
const { judge } = core.cursor;

test("golden frames are judged and applied as written down", () => {
  const recorded = golden("metrics_frames.json");
  const store = fromSnapshot(recorded.snapshot.job_id, structuredClone(recorded.snapshot));
  for (const step of recorded.steps) {
    const { action, ack } = judge(store, step.frame);
    assert.equal(action, step.action, step.name);
    assert.deepEqual(ack, step.ack, step.name);
    if (action === "apply") assert.equal(applyFrame(store, step.frame), "applied", step.name);
    if (step.columns) assert.deepEqual(store.columns, step.columns, step.name);
    assert.equal(store.cursor, step.cursor, step.name);
  }
});

test("applying any frame twice leaves the store as applying it once", () => {
  const store = emptyStore("j");
  const frame = { stream: "s", after: -1, cursor: 2, columns: { epoch: [0, 2], a: [1, 2] } };
  assert.equal(applyFrame(store, frame), "applied");
  const once = structuredClone(store);
  assert.equal(applyFrame(store, frame), "repeat");
  assert.deepEqual(store, once);
});

test("a frame whose epochs do not rise up to its cursor is refused and changes nothing", () => {
  for (const epoch of [[1, 1], [2, 1], [1]]) {
    const store = emptyStore("j");
    const frame = { stream: "s", after: -1, cursor: 2, columns: { epoch, a: epoch } };
    assert.equal(applyFrame(store, frame), "gap");
    assert.deepEqual(store, emptyStore("j"));
  }
});

test("a frame of another stream is foreign", () => {
  const store = { ...emptyStore("j"), stream: "s" };
  const frame = { stream: "t", after: -1, cursor: 0, columns: { epoch: [0] } };
  assert.equal(applyFrame(store, frame), "foreign");
});

test("5,000 frames of one epoch make 5,000 epochs, each once", () => {
  const store = emptyStore("j");
  for (let epoch = 1; epoch <= 5000; epoch += 1) {
    const frame = { stream: "s", after: epoch === 1 ? -1 : epoch - 1, cursor: epoch, columns: { epoch: [epoch], a: [epoch / 2] } };
    assert.equal(applyFrame(store, frame), "applied");
  }
  assert.deepEqual(store.columns.epoch, Array.from({ length: 5000 }, (_, i) => i + 1));
  assert.equal(store.total, 5000);
});

test("a snapshot with columns of unequal length is refused", () => {
  assert.throws(() => fromSnapshot("j", { columns: { epoch: [1, 2], a: [1] } }), /column a: expected 2 values, got 1/);
});

test("lowerBound finds the first value that is not smaller", () => {
  assert.deepEqual([0, 1, 2, 3, 9].map((x) => lowerBound([1, 2, 2, 5], x)), [0, 0, 1, 3, 4]);
});
