// The scripts of the page, loaded in their order, as one object. Those that touch the browser only
// do so when they are called.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const folder = new URL("../../heimdall_dash/assets/", import.meta.url);
const require = createRequire(import.meta.url);

for (const name of readdirSync(folder).sort()) {
  if (name.endsWith(".js") && !name.startsWith("90_")) require(new URL(name, folder).pathname);
}

export const core = globalThis.heimdallCore;

export function golden(name) {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8"));
}
