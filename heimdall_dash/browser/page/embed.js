/* One chart alone, for a frame in a notebook or a wiki: `?job=…&embed=<chart or metric>`. Everything
   else of the page is there and out of sight, so the chart lives as it does on the page. Which card it
   is, Charts says (`is-framed`). */

/**
 * @param {Document} page
 * @param {string|null} chart
 * @param {string} waiting  what stands there until the chart does
 */
export function embed(page, chart, waiting) {
  if (chart === null) return;
  page.documentElement.classList.add("is-embedded");
  const said = page.createElement("p");
  said.className = "embed-waiting";
  said.textContent = waiting;
  page.body.append(said);
}
