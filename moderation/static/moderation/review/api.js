// @ts-check
/** The REST API as this page uses it: one function per request, three kinds of failure. */

import { config } from "./config.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").Result} Result */
/** @typedef {{batch: string, results: Result[]}} BatchAnswer */

const TIMEOUT = 30_000;
/** So many cases are claimed with one request. */
export const MOST = 100;

/** No answer, or one that asks to come back later: the same request may be sent again. */
export class TryLater extends Error {
  /** @param {string} message @param {number} [seconds] */
  constructor(message, seconds = 0) {
    super(message);
    this.seconds = seconds;
  }
}

/** The session is not (any longer) the one this page was made for. */
export class NotSignedIn extends Error {}

/** The server said no for good; `message` is its own sentence. */
export class Refused extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * The token of the page's own sign-in. Django makes a new one at every sign-in, so a request of this
 * page can never be made in the name of somebody who signed in later in the same browser.
 */
let { csrf } = config;
let skew = 0;

/** The server's clock, in milliseconds. */
export const serverNow = () => Date.now() + skew;

/** @param {string} name */
const cookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

/**
 * @param {string} method
 * @param {string} path below the API's root, or from the host's
 * @param {{body?: string, key?: string, keepalive?: boolean}} [options]
 * @returns {Promise<any>}
 */
async function call(method, path, { body, key, keepalive = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "X-CSRFToken": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let response;
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    const address = path.startsWith("/") ? path : config.api + path;
    response = await fetch(address, { method, headers, body, keepalive, signal });
  } catch (error) {
    throw new TryLater(String(error));
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (date && Math.abs(date - Date.now() - skew) > 2_000) skew = date - Date.now();
  return response.ok ? read(response) : fail(response);
}

/** @param {Response} response */
async function read(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    throw new TryLater(String(error)); // cut off on the way
  }
}

/** @param {Response} response @returns {Promise<never>} */
async function fail(response) {
  const { status } = response;
  let detail = response.statusText;
  try {
    detail = (await response.json()).detail || detail;
  } catch {
    // Not from us (a proxy's page): the status says enough.
  }
  if (status >= 500 || status === 429 || status === 408) {
    throw new TryLater(detail, Number(response.headers.get("Retry-After")) || 0);
  }
  if (status === 401) throw new NotSignedIn(detail);
  throw new Refused(detail, status);
}

/**
 * Runs `send`; on a 403 finds out whether the session changed, and once more if it is still ours.
 * @template T
 * @param {() => Promise<T>} send
 */
async function inOwnSession(send) {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 403) throw error;
    const me = await call("GET", "me/");
    if (me.id !== config.user.id) throw new NotSignedIn(me.username ?? "");
    const fresh = cookie(config.csrfCookie);
    if (!fresh || fresh === csrf) throw error;
    csrf = fresh;
    return send();
  }
}

/** @param {string} path @param {unknown} [data] @param {string} [key] */
function post(path, data = {}, key) {
  const body = JSON.stringify(data);
  return inOwnSession(() => call("POST", path, { body, key }));
}

export const api = {
  /** @returns {Promise<any>} */
  me: () => call("GET", "me/"),
  /** @returns {Promise<any[]>} */
  queues: () => call("GET", "queues/"),
  /** @param {number} limit @returns {Promise<{cases: Case[], open: number}>} */
  claim: (limit) => post(`queues/${config.queue.slug}/claim/`, { limit }),
  /** Those of some cases that are still to be had. @param {string[]} cases @returns {Promise<Case[]>} */
  async claimThese(cases) {
    const found = [];
    for (let at = 0; at < cases.length; at += MOST) {
      found.push(...(await post("claims/", { cases: cases.slice(at, at + MOST) })).cases);
    }
    return found;
  },
  /** The nearest decided pictures. @param {{type: string, id: string}[]} subjects @returns {Promise<{items: import("./types.js").Precedence[]}>} */
  precedents: (subjects) => post("precedents/", { subjects }),
  /** What was on the screen. @param {{subject: string, seen: string}[]} pictures */
  exposed: (pictures) => post("exposure/", { pictures }),
  /** What I hold, in all queues. @returns {Promise<{cases: Case[]}>} */
  claims: () => call("GET", "claims/"),
  /** Those still ours. @param {string[]} cases @returns {Promise<{cases: {id: string, expires_at: string}[]}>} */
  renew: (cases) => post("claims/renew/", { cases }),
  releaseAll: () => post("claims/release/"),
  /** @param {object[]} decisions @param {string} key @returns {Promise<BatchAnswer>} */
  decide: (decisions, key) => post("decisions/", { decisions }, key),
  /** @param {string} batch @returns {Promise<BatchAnswer>} */
  undo: (batch) => post(`batches/${batch}/undo/`),
  /**
   * My decisions of this shift, newest first.
   * @param {number} [before] only those before this one
   * @returns {Promise<{items: import("./types.js").Past[], more: boolean}>}
   */
  shift: (before) => call("GET", before ? `${config.shift}?before=${before}` : config.shift),
};
