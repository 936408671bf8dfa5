import assert from "node:assert/strict";
import { test } from "node:test";
import { withCards } from "../../heimdall_dash/browser/runs/status.js";
import { fits, parse } from "../../heimdall_dash/browser/runs/run_filter.js";
import { cells, csv, flatConfig, spearman } from "../../heimdall_dash/browser/runs/run_rows.js";
import { compare, shownValue } from "../../heimdall_dash/browser/runs/table_cells.js";
import { jobColumns, metricsOf, settingsOf, standardColumns } from "../../heimdall_dash/browser/runs/table_columns.js";

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

test("only what differs between runs is a column by itself, what most have first", () => {
  const configs = [{ lr: 1, model: { depth: 2 }, same: "x" }, { lr: 2, model: { depth: 2 }, same: "x", more: null }].map((one) => flatConfig(one));
  const { all, differing } = settingsOf(configs);
  assert.deepEqual({ all, differing }, { all: ["lr", "model/depth", "same", "more"], differing: ["lr", "more"] });
});

const sweep = (n) => Array.from({ length: n }, (_, i) => ({ job: { last_metrics: { train_loss: 1, val_loss: 1, val_acc: 1, learning_rate: 1 } }, config: { lr: i, wd: i % 2, epochs: 100 } }));
const columnsOf = (shown) => {
  const metrics = metricsOf(shown.map(({ job }) => job), (job) => Object.keys(job.last_metrics), {});
  const higher = (name) => (name.includes("acc") || name.includes("mIoU") ? true : name.includes("loss") ? false : null);
  return standardColumns(shown, settingsOf(shown.map(({ config }) => config)), metrics, higher, true);
};

test("a sweep among strangers is judged by its losses and scores, not by the key metric of one other run", () => {
  const odd = { job: { key_metrics: { p68_m: "min" }, last_metrics: { p68_m: 1 } }, config: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`s${i}`, i])) };
  const short = Array.from({ length: 40 }, () => ({ job: { last_metrics: { loss: 1 } }, config: { epochs: 2 } }));
  assert.deepEqual(columnsOf([odd, ...short, ...sweep(40)]), ["best:val_loss", "last:val_loss", "best:val_acc", "config:epochs", "config:lr", "config:wd"]);
  assert.deepEqual(columnsOf([odd]).slice(0, 1), ["last:p68_m"]);
});

test("what runs call their key metric comes first; runs without any direction show what most have", () => {
  const keyed = sweep(5).map(({ job, config }) => ({ job: { key_metrics: { "val/mIoU": "max" }, last_metrics: { ...job.last_metrics, "val/mIoU": 1 } }, config }));
  assert.deepEqual(columnsOf(keyed).slice(0, 3), ["best:val/mIoU", "last:val/mIoU", "best:val_loss"]);
  assert.deepEqual(columnsOf([{ job: { last_metrics: { speed: 1, tokens: 1 } }, config: {} }, { job: { last_metrics: { tokens: 1 } }, config: {} }]), ["last:tokens"]);
  assert.deepEqual(columnsOf([]), []);
});

test("tags and groups are columns once a run has any", () => {
  assert.deepEqual(jobColumns([{ tags: [] }]), ["job_name", "status", "progress"]);
  assert.deepEqual(jobColumns([{ tags: ["a"] }, { group: "g" }]), ["job_name", "status", "progress", "tags", "group"]);
});

test("best of a metric goes by its direction, and nothing is claimed without one", () => {
  const job = { id: "1", job_name: "n", status: "completed", current_epoch: 1, total_epochs: 1 };
  const summary = { a: { last: 2, min: 1, max: 3 } };
  assert.deepEqual([true, false, null].map((way) => cells(job, {}, summary, () => way)("best:a")), [3, 1, null]);
  assert.equal(cells(job, {}, summary, () => true)("last:a"), 2);
});

test("the table sorts numbers as numbers, and what is missing last, either way", () => {
  const sorted = (values, isDescending) => [...values].sort((a, b) => compare(a, b, null, null, isDescending) * (isDescending ? -1 : 1));
  assert.deepEqual(sorted([10, null, 9, "b10", "b9"], false), [9, 10, "b9", "b10", null]);
  assert.deepEqual(sorted([10, null, 9, "b10", "b9"], true), ["b10", "b9", 10, 9, null]);
});

test("the table's cells say what they are: a duration, a share, six digits of a metric, a setting as it is", () => {
  assert.deepEqual([shownValue("duration", 3725), shownValue("progress", 33.333), shownValue("best:loss", 0.123456789), shownValue("config:lr", 0.123456789), shownValue("config:x", null)],
    ["1 h 2 min", "33.3 %", "0.123457", "0.123456789", ""]);
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
