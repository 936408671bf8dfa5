// Reads scenarios as JSON lines and answers with what the browser's column store holds after each:
// the other half of tests/test_column_store.py. A step is a snapshot or a frame.
import { createInterface } from "node:readline";
import { emptyStore, fromSnapshot, applyFrame } from "../../heimdall_dash/browser/series/columns.js";
import { judge } from "./judge.mjs";


function play(steps) {
  let store = emptyStore("job");
  const actions = [];
  for (const step of steps) {
    if (step.snapshot) {
      store = fromSnapshot("job", step.snapshot);
      actions.push("snapshot");
      continue;
    }
    const { action } = judge(store, step.frame);
    actions.push(action === "apply" ? applyFrame(store, step.frame) : action);
  }
  const { cursor, stream, total, columns, notFinite } = store;
  return { actions, cursor, stream, total, columns, not_finite: notFinite };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(play(JSON.parse(line)))}\n`);
}
