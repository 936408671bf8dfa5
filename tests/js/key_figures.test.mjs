import assert from "node:assert/strict";
import { test } from "node:test";
import { keyFigures } from "../../heimdall_dash/browser/charts/key_figures.js";

const texts = {
  key_waiting: "waits", key_within: "within {target}", key_above: "above {target}", key_partner_ratio: "predicted {value} {ratio}",
  key_partner: "predicted {value}", key_expected: "{expected} {off}", key_best: "best {value} at {epoch}", key_floor: "floor {value}",
  key_missing: "none at {epoch}", key_older: "last {value} at {epoch}",
};
const spec = { metric: "a", label: "A", unit: "m", target: null, expected: null, partner: null, floor: null, with_best: false };
const one = (more, columns, facts = {}, job = null) => keyFigures([{ ...spec, ...more }], { columns, facts, job }, texts)[0];

test("the newest value stands beside its target and its floor", () => {
  const found = one({ target: 30, floor: "crlb" }, { epoch: [1, 2], a: [71000, 25.04] }, { crlb: 21 });
  assert.deepEqual([found.value, found.words], ["25.0 m", ["within 30 m", "floor 21.0 m"]]);
  assert.deepEqual(one({ target: 30 }, { epoch: [1], a: [31] }).words, ["above 30 m"]);
});

test("a value that the newest epoch lacks is missing, and an older one says its epoch", () => {
  for (const nothing of [null, undefined]) {
    const found = one({ target: 30 }, { epoch: [1, 2, 3], a: [28, 29, nothing] });
    assert.deepEqual([found.value, found.words], ["–", ["none at 3", "last 29.0 m at 2"]]);
  }
  assert.deepEqual(one({ partner: "b" }, { epoch: [1, 2], a: [1, 2], b: [5, null] }).words, ["predicted –"]);
});

test("a unit is shown when the job's facts prove it", () => {
  const loss = { unit: "nats", proof: "oracle_nll", unproven: { unit: "" } };
  const value = (facts) => one(loss, { epoch: [1], a: [0.26] }, facts).value;
  assert.deepEqual([value({ oracle_nll: null }), value({}), value(null)], ["0.260 nats", "0.260", "0.260"]);
});

test("a metric that the job lacks has no figure; a job without epochs waits for all", () => {
  assert.equal(one({}, { epoch: [1], b: [1] }), undefined);
  assert.equal(one({}, { epoch: [1], a: [null] }), undefined);
  assert.deepEqual(one({}, { epoch: [] }).words, ["waits"]);
  assert.equal(one({}, { epoch: [] }).value, "–");
  const waits = (job) => keyFigures([spec], { columns: { epoch: [] }, facts: {}, job }, texts, ["failed"]).length;
  assert.deepEqual([{ external: false, status: "queued" }, { external: false, status: "failed" }, { external: true, status: "running" }].map(waits), [1, 0, 0]);
});

test("two metrics that should agree, a value that should be met, and the best", () => {
  const columns = { epoch: [1], a: [119], b: [88.2] };
  assert.deepEqual(one({ partner: "b" }, columns).words, ["predicted 88.2 m 0.74"]);
  assert.deepEqual(one({ expected: 0.68, unit: "" }, { epoch: [1], a: [0.66] }).words, ["0.68 −0.020"]);
  assert.deepEqual(one({ with_best: true }, columns, {}, { best_val_loss: -5.83, best_epoch: 498 }).words, ["best -5.83 at 498"]);
});
