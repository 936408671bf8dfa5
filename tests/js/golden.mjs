// The examples that Python's tests read as well.
import { readFileSync } from "node:fs";

export function golden(name) {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8"));
}
