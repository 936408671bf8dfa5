/* One chart alone, for a frame in a notebook or a wiki: `?job=…&embed=<chart or metric>`. Everything
   else of the page is there and out of sight, so the chart lives as it does on the page. */

/**
 * What a frame shows: the card of that id, or of the metric of that name.
 * @param {string} chart
 * @returns {string}  a style sheet
 */
export function embedSheet(chart) {
  const card = [chart, `other:${chart}`].map((id) => `[data-chart=${JSON.stringify(id).replaceAll("<", "\\3c ")}]`).join(", ");
  return `.is-embedded .chart-card:not(${card}) { display: none; }`;
}

/**
 * @param {Document} page
 * @param {string|null} chart
 * @param {string} waiting  what stands there until the chart does
 */
export function embed(page, chart, waiting) {
  if (chart === null) return;
  page.documentElement.classList.add("is-embedded");
  const sheet = new CSSStyleSheet(); // not an element, which a content policy may refuse
  sheet.replaceSync(embedSheet(chart));
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
  const said = page.createElement("p");
  said.className = "embed-waiting";
  said.textContent = waiting;
  page.body.append(said);
}
