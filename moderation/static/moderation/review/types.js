// @ts-check
/** The shapes that travel between the modules; nothing runs here. */

/**
 * @typedef {object} Media
 * @property {string | null} url
 * @property {string | null} thumb_url
 * @property {string | null} [poster_url] a clip's still
 * @property {number | null} [width]
 * @property {number | null} [height]
 * @property {string} [mime]
 * @property {string} [state]
 * @property {number | null} [seconds]
 */

/**
 * @typedef {object} Subject
 * @property {string} type
 * @property {string} id
 * @property {string} review_status
 * @property {string} title
 * @property {string} text
 * @property {string} source
 * @property {string} upstream_id
 * @property {Media | null} image
 * @property {Record<string, any>} context
 */

/**
 * A claimed case as the REST API gives it.
 * @typedef {object} Case
 * @property {string} id
 * @property {string} queue
 * @property {string} kind
 * @property {number} priority
 * @property {string} opened_at
 * @property {string} due_at
 * @property {string[]} why
 * @property {string | null} family
 * @property {{token: string, expires_at: string}} claim
 * @property {Subject} subject
 */

/**
 * @typedef {object} Reason
 * @property {string} slug
 * @property {string} label
 * @property {string} guide
 * @property {"low" | "medium" | "high" | "critical"} severity
 * @property {number | null} digit
 */

/**
 * One act of one person on one card or many, kept until the server has answered: sent alone, so that it is
 * undone alone.
 * @typedef {object} Entry
 * @property {string} id also the Idempotency-Key
 * @property {number} user
 * @property {string} tab the page load that made it
 * @property {number} at milliseconds
 * @property {string} title what the first card is called
 * @property {string} action
 * @property {string} reason
 * @property {string[]} cases those it decides or undoes
 * @property {Record<string, any>[]} rows the body's `decisions`, the same on every try
 * @property {boolean} [tried] a request may have reached the server
 * @property {string} [batch] the server's answer, where an undo is still to follow
 * @property {boolean} [undo]
 * @property {boolean} [asked] the undo may have reached the server
 */

/**
 * A decision of this shift, as the history lists it.
 * @typedef {object} Past
 * @property {number} id
 * @property {string} at
 * @property {string} batch
 * @property {number} together so many decisions were made at once with it: undone together too
 * @property {string | null} case
 * @property {string} action
 * @property {string} reason
 * @property {string} title
 * @property {{type: string, id: string}} subject
 * @property {string | null} thumb_url
 * @property {string} to
 * @property {boolean} undo it may still be undone
 * @property {"approve" | "reject" | ""} reverse what would turn it round, once it cannot be undone
 * @property {boolean} reopen
 * @property {boolean} standing nothing happened to the subject since
 */

/**
 * @typedef {object} Result
 * @property {{type: string, id: string} | null} subject
 * @property {"applied" | "unchanged" | "conflict" | "invalid" | "forbidden"} status
 * @property {string | null} review_status
 * @property {number | null} decision
 * @property {string | null} error
 */

/**
 * What one row of an act met.
 * @typedef {object} Failure
 * @property {string | null} case of a decision
 * @property {string | null} subject its id; of an undo too
 * @property {string} status as in a Result, or `too_old`
 * @property {string} error the server's own sentence
 */

/**
 * A decided picture that looks like another; `distance` in bits of 256.
 * @typedef {object} Precedent
 * @property {{type: string, id: string}} subject
 * @property {number} distance
 * @property {"approved" | "rejected"} review_status
 * @property {string | null} reason
 * @property {string} at
 * @property {string} by
 * @property {string | null} thumb_url
 */

/** @typedef {{subject: {type: string, id: string}, precedents: Precedent[]}} Precedence */

export {};
