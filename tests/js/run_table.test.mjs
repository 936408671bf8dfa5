import assert from "node:assert/strict";
import { test } from "node:test";
import { withCards } from "../../heimdall_dash/browser/runs/status.js";
import { fits, parse } from "../../heimdall_dash/browser/runs/run_filter.js";
import { cells, configKeys, csv, flatConfig, spearman } from "../../heimdall_dash/browser/runs/run_rows.js";

const RUNS = {
  small: { text: "small sweep adam two words", field: (name) => ({ lr: 0.001, tag: ["best"], optimizer: "adam" })[name] },
  large: { text: "large sweep sgd", field: (name) => ({ lr: 0.1, tag: [], optimizer: "sgd" })[name] },
  none: { text: "foreign <b>", field: () => undefined },
};
const found = (query) => Object.keys(RUNS).filter((name) => fits(parse(query), RUNS[name]));

test("filter compares numbers, with and without spaces, and joins terms", () => {
  assert.deepEqual(found("lr < 0.01"), ["small"]);
  assert.deepEqual(found("lr>=1e-3 sweep"), ["small", "large"]);
  assert.deepEqual(found("lr=.1"), ["large"]);
  assert.deepEqual(found("lr != 0.1 sweep"), ["small"]);
});

test("filter searches words, quoted words, words that must not stand there, and fields", () => {
  assert.deepEqual(found("SWEEP adam"), ["small"]);
  assert.deepEqual(found('"two words"'), ["small"]);
  assert.deepEqual(found("sweep -adam"), ["large"]);
  assert.deepEqual(found("tag:best"), ["small"]);
  assert.deepEqual(found("tag = best"), ["small"]);
  assert.deepEqual(found("optimizer = SGD"), ["large"]);
  assert.deepEqual(found(""), ["small", "large", "none"]);
});

test("filter takes what is no comparison for words, and never loops", () => {
  for (const query of ["<", "lr <", "= 3", '"', '"open', "-", "a<b<c", "lr << 3", "<b>"]) assert.ok(Array.isArray(parse(query)), query);
  assert.deepEqual(found("<b>"), ["none"]);
});

test("only what differs between runs is a column by itself", () => {
  const configs = [{ lr: 1, model: { depth: 2 }, same: "x" }, { lr: 2, model: { depth: 2 }, same: "x", more: null }].map((one) => flatConfig(one));
  assert.deepEqual(configKeys(configs), { all: ["lr", "model/depth", "more", "same"], differing: ["lr", "more"] });
});

test("best of a metric goes by its direction, and nothing is claimed without one", () => {
  const job = { id: "1", job_name: "n", status: "completed", current_epoch: 1, total_epochs: 1 };
  const summary = { a: { last: 2, min: 1, max: 3 } };
  assert.deepEqual([true, false, null].map((way) => cells(job, {}, summary, () => way)("best:a")), [3, 1, null]);
  assert.equal(cells(job, {}, summary, () => true)("last:a"), 2);
});

test("CSV holds no formula", () => {
  assert.equal(csv(["a,b"], [["=cmd|' /C calc'!A0"], [-1.5], ['say "x"'], [null]]), '"a,b"\r\n\'=cmd|\' /C calc\'!A0\r\n-1.5\r\n"say ""x"""\r\n\r\n');
});

test("rank correlation is scipy's, also with ties", () => {
  assert.equal(spearman([1, 2, 3, 4], [10, 20, 30, 25]).toFixed(6), "0.800000");
  assert.equal(spearman([1, 2, 2, 3], [1, 2, 3, 4]).toFixed(6), "0.948683"); // scipy.stats.spearmanr
  assert.equal(spearman([1, 1, 1], [1, 2, 3]), null);
});

test("cards are of what goes on and of a few that have just ended", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  const ended = Array.from({ length: 20 }, (_, i) => ({ id: `e${i}`, status: "completed", completed_at: new Date(now - i * 20_000).toISOString() }));
  const jobs = [{ id: "r", status: "running" }, { id: "gone", status: "paused", delete_at: "2026-01-01T12:00:30Z" }, { id: "old", status: "failed", completed_at: "2026-01-01T11:00:00Z" }, ...ended];
  assert.deepEqual([...withCards(jobs, ["completed", "failed"], now).keys()], ["r", ...ended.slice(0, 4).map(({ id }) => id)]);
});
