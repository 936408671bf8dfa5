import assert from "node:assert/strict";
import test from "node:test";

import { Organise } from "../../heimdall_dash/browser/runs/organise.js";

globalThis.document ??= { getElementById: () => null, activeElement: null };

/** @returns {{organise: Organise, hands: Record<string, {hasTouched: boolean, told(): void}>, sent: any[]}} */
function fields() {
  const hands = {};
  const sent = [];
  const organise = new Organise({
    show: () => {}, markdown: async () => {}, changed: () => {}, call: async (...call) => { sent.push(call); return { id: "b" }; },
    hand: (id) => (hands[id] = { hasTouched: false, told() { this.hasTouched = false; } }),
  });
  return { organise, hands, sent };
}

const job = (id, more) => ({ id, job_name: id, tags: [], group: null, notes: null, ...more });

test("what a control was told for the job before is not written to the one that stands there now", async () => {
  const { organise, hands, sent } = fields();
  organise.render(null, new Map());
  organise.render(job("a"), new Map());
  organise.render(job("b", { tags: ["best"], group: "sweep" }), new Map());
  await organise.put("tags", []); // Dash's callbacks come late
  await organise.put("job_name", "a");
  await organise.put("group", null);
  assert.deepEqual(sent, []);
  hands["job-tags"].hasTouched = true;
  await organise.put("tags", ["best", "mine"]);
  assert.deepEqual(sent, [["PATCH", "/jobs/b", { tags: ["best", "mine"] }]]);
});
