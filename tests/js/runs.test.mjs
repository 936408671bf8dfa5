import assert from "node:assert/strict";
import { test } from "node:test";
import { meanOf } from "../../heimdall_dash/browser/series/grouped.js";
import { lineFigure } from "../../heimdall_dash/browser/figure/line_figure.js";
import { groupSources, grouped, groupings, meansHere } from "../../heimdall_dash/browser/runs/groups.js";
import { Picked } from "../../heimdall_dash/browser/runs/picked.js";
import { keyMetric } from "../../heimdall_dash/browser/runs/run_picks.js";
import { defaultView, fromQuery, toQuery } from "../../heimdall_dash/browser/page/url.js";

const colors = ["#1", "#2", "#3"];

/** Runs on the charts, over a list of jobs. */
function pickedOf(query, jobs = []) {
  const view = fromQuery(query);
  const feed = { jobId: view.job, store: { columns: { epoch: [] } }, job: null, facts: {}, notes: [], state: "ready" };
  const picked = new Picked({
    feed, view, jobs: () => new Map(jobs.map((job) => [job.id, job])), isListKnown: () => true, most: 5,
    watch: { of: () => null, follow: async () => {} },
  });
  return { view, picked, colorsOf: () => Object.fromEntries(picked.ids().map((id) => [id, picked.lookOf(id, colors)])) };
}

test("a run keeps its colour whoever comes and goes, and after a reload", () => {
  const { view, picked, colorsOf } = pickedOf("?job=b&runs=a,b,c,d");
  assert.deepEqual(picked.ids(), ["b", "a", "c", "d"]);
  const before = colorsOf();
  assert.deepEqual(before, { a: { color: "#1", round: 0 }, b: { color: "#2", round: 0 }, c: { color: "#3", round: 0 }, d: { color: "#1", round: 1 } });
  picked.remove("a");
  picked.remove("c");
  assert.deepEqual(colorsOf(), { b: before.b, d: before.d });
  assert.deepEqual(pickedOf(toQuery(view)).colorsOf(), { b: before.b, d: before.d }, "the link says it");
  picked.add(["e"]);
  assert.deepEqual(colorsOf(), { b: before.b, d: before.d, e: before.a }, "a free colour is given away");
});

test("another chosen run: one that is there comes first, another takes the place of the first", () => {
  const { view, picked } = pickedOf("?job=a&runs=a,b,c");
  picked.choose("c");
  assert.deepEqual([picked.ids(), view.runs], [["c", "a", "b"], ["a", "b", "c"]]);
  picked.choose("x");
  assert.deepEqual([picked.ids(), view.runs], [["x", "a", "b"], ["a", "b", "x"]]);
});

test("when the chosen run goes, the next one is chosen; the last of two needs no list", () => {
  const { view, picked } = pickedOf("?job=a&runs=a,b");
  picked.remove("a");
  assert.deepEqual([view.job, view.runs], ["b", []]);
});

test("more runs than there is room for are counted, from a link and by hand", () => {
  const { picked } = pickedOf("?runs=a,b,c,d,e,f,g");
  assert.deepEqual([picked.ids(), picked.left], [["a", "b", "c", "d", "e"], 2]);
  picked.add(["h"]);
  assert.deepEqual([picked.ids().length, picked.left], [5, 1]);
  picked.remove("b");
  assert.equal(picked.left, 0);
});

test("two runs of one name are told apart", () => {
  const { picked } = pickedOf("?runs=aaaaaaaa-1,bbbbbbbb-2", [{ id: "aaaaaaaa-1", job_name: "VHF" }, { id: "bbbbbbbb-2", job_name: "VHF" }]);
  assert.deepEqual(picked.runs().slice(1).map((run) => picked.nameOf(run)), ["VHF bbbbbbbb"]);
});

test("a link names its runs in any form, also in that of the comparison that was a page of its own", () => {
  const of = (query) => { const { tab, job, runs } = fromQuery(query); return [tab, job, runs]; };
  assert.deepEqual(of("?runs=a,b"), ["metrics", "a", ["a", "b"]]);
  assert.deepEqual(of("?job=x&runs=a,b"), ["metrics", "x", ["x", "a", "b"]]);
  assert.deepEqual(of("?job=a&runs=a,a,,b,"), ["metrics", "a", ["a", "", "", "b"]]);
  assert.deepEqual(of("?tab=compare&job=x&compare=a,b&metric=m&cx=relative&zoom.compare-chart=1,2,3,4"), ["metrics", "a", ["a", "b"]]);
  assert.deepEqual(fromQuery("?tab=compare&compare=a,b&zoom.compare-chart=1,2,3,4").zooms, {});
  assert.deepEqual(of("?runs=a"), ["metrics", "a", []]);
});

test("the key metric is what the owner named, else a loss, else whatever there is", () => {
  assert.equal(keyMetric({ key_metrics: { "val/mIoU": "max" }, last_metrics: { val_loss: 1, "val/mIoU": 2 } }, null), "val/mIoU");
  assert.equal(keyMetric({ last_metrics: { reward: 1, val_loss: 1 } }, null), "val_loss");
  assert.equal(keyMetric({ last_metrics: { epoch: 3, reward: 1 } }, null), "reward");
  assert.equal(keyMetric({}, null), null);
});

/* ---- groups */

const jobOf = (id, config, more) => ({ id, job: { id, config, ...more }, store: { columns: { epoch: [1, 2, 3], a: [] } } });

test("runs can be grouped by what differs between them", () => {
  const runs = [jobOf("1", { lr: 0.1, seed: 1, arch: "x" }, { group: "g" }), jobOf("2", { lr: 0.01, seed: 1 }, { tags: ["t", "u"] })];
  assert.deepEqual(groupings(runs), ["group", "tag", "config:arch", "config:lr"]);
  assert.deepEqual(grouped(runs, "config:lr", "none").map(([name, some]) => [name, some.length]), [["0.01", 1], ["0.1", 1]]);
  assert.deepEqual(grouped(runs, "tag", "none").map(([name]) => name), ["none", "t", "u"], "a run stands in each of its tags' groups");
  assert.deepEqual(grouped(runs, "config:arch", "none").map(([name]) => name), ["none", "x"]);
});

test("a mean over the runs that have a value at the epoch, with its band and how many they are", () => {
  const runs = [{ columns: { epoch: [1, 2, 3], a: [1, 2, null] } }, { columns: { epoch: [2, 3, 4], a: [4, 6, 8] } }, { columns: { epoch: [1], b: [9] } }];
  const range = meanOf(runs, "a", "range");
  assert.deepEqual(range, { epochs: [1, 2, 3, 4], mean: [1, 3, 6, 8], band: { low: [1, 2, 6, 8], high: [1, 4, 6, 8], counts: [1, 2, 1, 1] } });
  assert.deepEqual(meanOf(runs, "a", "sd").band, { low: [1, 2, 6, 8], high: [1, 4, 6, 8], counts: [1, 2, 1, 1] });
});

test("groups are drawn as mean and band, and the pointer says how many runs there are", () => {
  const texts = { group_without: "none", group_note: "band: {band}", band_range: "min–max", group_run: "1 run", group_runs: "{n} runs", axis_epoch: "Epoch", axis_relative_run: "{unit}", more_runs: "{n} runs", log_scale: "" };
  const view = { ...defaultView(), group: "config:lr" };
  const runs = [["1", 0.1, [1, 2]], ["2", 0.1, [3, 4]], ["3", 0.01, [5, 6]]].map(([id, lr, a]) => ({ ...jobOf(id, { lr }), store: { columns: { epoch: [1, 2], a } } }));
  const sources = groupSources(runs, view, { without: "none", colors: ["#00ff00", "#ff0000"] }, (members) => meansHere(members, ["a"], "range"));
  const spec = { id: "c", title: "C", y_label: "", unit: "m", scale: "linear", ticks: [], references: [], lines: [{ metric: "a", name: "A", dash: "solid", axis: 1, unit: null }] };
  const look = { colors: { lines: ["#1"] }, texts, width: 600, height: 360, font: "x" };
  const { data, notes } = lineFigure(spec, sources, { scale: "linear", smoothing: 0, x: "epoch", zoom: null }, look);
  const [thin, wide, one, both] = data;
  assert.deepEqual([one.name, one.y, both.name, both.y], ["0.01 (1)", [5, 6], "0.1 (2)", [2, 3]]);
  assert.deepEqual([thin.fill, wide.y], ["toself", [3, 4, 2, 1]]);
  assert.deepEqual(both.text, ["Epoch 1: 2.00 m · 2 runs", "Epoch 2: 3.00 m · 2 runs"]);
  assert.deepEqual(notes, ["band: min–max"]);
  const long = [{ id: "g", name: "g", color: "#1", bandKind: "range", columns: { epoch: [1, 2, 3, 4, 5], a: [900, 2, 2, 2, 2] }, bands: { a: { low: [1, 1, 1, 1, 1], high: [999, 3, 3, 3, 3], counts: [2, 2, 2, 2, 2] } } }];
  const { layout } = lineFigure(spec, long, { scale: "linear", smoothing: 0, x: "epoch", zoom: { x: [2.5, 4.5], y: null } }, look);
  const timed = lineFigure(spec, [{ ...long[0], isByTime: true, columns: { epoch: [60, 120], a: [1, 2] } }], { scale: "linear", smoothing: 0, x: "relative", zoom: null }, look);
  assert.equal(timed.data[1].text[1], "2 min: 2.00 m · 2 runs", "where it is, of the nearest line that may lie beside the crosshair");
  const over = { ...long[0], id: "o", columns: { epoch: [1, 2], a: [50, 50] }, bands: undefined };
  const beside = lineFigure(spec, [...long, over], { scale: "linear", smoothing: 0, x: "epoch", zoom: { x: [2.5, 4.5], y: null } }, look).layout;
  assert.deepEqual(beside.yaxis.range, layout.yaxis.range, "whatever a run was at that is over before");
  assert.ok(layout.yaxis.range[1] < 5, "the heights follow a zoom in time, of a band too");
  const rest = groupSources(runs, { ...view, eyes: ["3"] }, { without: "none", colors: ["#00ff00", "#ff0000"] }, (members) => meansHere(members, ["a"], "range"));
  assert.deepEqual(rest.map(({ name, color }) => [name, color]), [["0.1 (2)", "#ff0000"]], "a group keeps its colour when another is hidden");
});

test("a chart of many metrics and several runs has no legend that would leave no room for the lines", () => {
  const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const many = (n) => ({ id: "c", title: "C", y_label: "", unit: "", scale: "linear", ticks: [], references: [], lines: names.slice(0, n).map((metric) => ({ metric, name: metric, dash: "solid", axis: 1, unit: null })) });
  const columns = { epoch: [1, 2], ...Object.fromEntries(names.map((name) => [name, [1, 2]])) };
  const sources = ["a", "b"].map((id) => ({ id, name: id, color: "#1", columns }));
  const texts = { axis_epoch: "Epoch", more_runs: "{n} runs", log_scale: "" };
  const shows = (n) => lineFigure(many(n), sources, { scale: "linear", smoothing: 0, x: "epoch", zoom: null }, { colors: { lines: ["#1"] }, texts, width: 600, height: 360, font: "x" }).layout.showlegend;
  assert.deepEqual([shows(3), shows(20)], [true, false]);
});
