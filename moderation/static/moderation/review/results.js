// @ts-check
/** The rows of an answer that failed, by the case or the subject they were about. */

/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {import("./types.js").Failure} Failure */
/** @typedef {import("./api.js").BatchAnswer} BatchAnswer */

const GOOD = new Set(["applied", "unchanged"]);

/** @param {Entry} entry @param {BatchAnswer} answer @returns {Failure[]} */
export function failures(entry, { results }) {
  return results.flatMap(({ status, error, subject }, at) =>
    GOOD.has(status)
      ? []
      : [{ case: entry.rows[at]?.case ?? null, subject: subject?.id ?? null, status, error: error ?? "" }],
  );
}

/** @param {string[]} cases @param {Failure[]} failed */
export const without = (cases, failed) => cases.filter((id) => !failed.some((each) => each.case === id));
