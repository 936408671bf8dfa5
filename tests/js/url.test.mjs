import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultView, toQuery, fromQuery } from "../../heimdall_dash/browser/page/url.js";
import { View } from "../../heimdall_dash/browser/page/view.js";

test("the default view needs no query", () => {
  assert.equal(toQuery(defaultView()), "");
  assert.deepEqual(fromQuery(""), defaultView());
});

test("every part of a view survives the address bar", () => {
  const view = {
    tab: "jobs", job: "a-b", smoothing: 0.65, x: "wall", rate: "5s", linked: true,
    scales: { "loss-chart": "log", "other:eval/acc": "linear", "other:a, b%2C": "linear" },
    zooms: { "loss-chart": { x: [10, 20.5], y: [-1.25, 3] }, "other:x": { x: [1, 2], y: [0, 4], scale: "log" }, "rmse-chart": { x: [3, 4], y: null } }, reliability: 0, predicted: 7, embed: null, search: "a b&c", statuses: ["running", "failed"],
    order: "best", runs: ["x", "", "a-b"], eyes: ["x"], group: "config:a,b", band: "sd", off: { "loss-chart": ["val_loss", "a,b"] }, readout: "value",
    wide: "other:eval/acc", find: "p68, a&b", folded: ["", "eval,a"], saved: "my view & more",
    tableSort: "best:a,b desc", tableColumns: ["config:a,b", "last:x%2C"], tableDiffers: false, tableHidden: true, tablePicked: ["x", "y"],
  };
  assert.deepEqual(fromQuery(toQuery(view)), view);
});

test("nonsense in a query falls back to the defaults", () => {
  assert.deepEqual(fromQuery("?tab=x&smooth=7&x=y&rate=&zoom.loss-chart=3,2,1&zoom.rmse-chart=1,2,3,x&wide=&fold=a&fold=a&reliability=z&band=1&readout=z"), { ...defaultView(), folded: ["a"] });
});

test("a default scale that depends on the data: a zoom keeps the scale of its heights, and a choice stays one", () => {
  const spec = { id: "other:y", scale: "log", isGuessed: true };
  const view = new View({
    location: { search: "", pathname: "/" }, history: {}, later: () => 1, redraw: () => {}, charts: () => new Map([[spec.id, spec]]),
  });
  view.zoomed(spec.id, { x: [1, 2], y: [0, 4] });
  assert.equal(toQuery(view), "?zoom.other%3Ay=1,2,0,4,log");
  spec.scale = "linear";
  assert.equal(view.chart(spec).scale, "log");
  view.zoomed(spec.id, null);
  assert.equal(view.chart(spec).scale, "linear");
  view.scaled(spec.id, "linear");
  spec.scale = "log";
  assert.equal(view.chart(spec).scale, "linear");
});

test("a name in a legend puts its line out and back, and alone, and back again", () => {
  const spec = { id: "c", scale: "log", lines: ["a", "b", "c"].map((metric) => ({ metric })) };
  const drawn = [];
  const view = new View({ location: { search: "", pathname: "/" }, history: {}, later: () => 1, redraw: (id) => drawn.push(id), charts: () => new Map([["c", spec]]) });
  view.toggleLine("c", "a", false);
  assert.deepEqual([view.off, view.chart(spec).hidden], [{ c: ["a"] }, ["a"]]);
  view.scaled("c", "linear");
  assert.deepEqual(fromQuery(toQuery(view)).off, { c: ["a"] }, "also with another scale, and in the link");
  view.toggleLine("c", "a", false);
  assert.deepEqual(view.off, {});
  view.toggleLine("c", "b", true);
  assert.deepEqual(view.off, { c: ["a", "c"] });
  view.toggleLine("c", "b", true);
  assert.deepEqual(view.off, {});
  assert.deepEqual(drawn, ["c", "c", "c", "c", "c"]);
});

test("a frame shows one chart, whatever tab its address names", () => {
  const view = fromQuery("?tab=jobs&job=a&embed=val%2Floss");
  assert.deepEqual([view.embed, view.tab], ["val/loss", "metrics"]);
  assert.equal(fromQuery(toQuery(view)).embed, "val/loss");
});
