/* REST, and the server's clock as its answers tell it. */

/** @type {number|null} */
let clockOffsetMs = null; // the server's clock minus ours, from its answers' Date header

export class HttpError extends Error {
  /** @param {number} status  @param {*} detail  what the server said, as it said it */
  constructor(status, detail) {
    super(typeof detail === "string" ? detail : `HTTP ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

/**
 * JSON of a REST call, null for 204. Throws HttpError, or TypeError when nobody answers.
 * @param {string} method
 * @param {string} url
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  noteClock(answer.headers.get("Date"));
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new HttpError(answer.status, said ? said.detail : null);
  return said;
}

/** @param {string|null} date */
function noteClock(date) {
  const served = Date.parse(date || "");
  if (!Number.isFinite(served)) return;
  const offset = served + 500 - Date.now();
  if (clockOffsetMs === null || Math.abs(offset - clockOffsetMs) > 1000) clockOffsetMs = offset;
}

/**
 * Now by the server's clock, within about a second; small differences count as none.
 * @returns {number}
 */
export function serverNow() {
  return Date.now() + (Math.abs(clockOffsetMs || 0) > 2000 ? clockOffsetMs ?? 0 : 0);
}
