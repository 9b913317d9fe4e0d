/**
 * What the clients of an endpoint may take, and for how long. A scraper needs one connection and a few headers, sends no
 * body or a short one, waits for one answer before it asks again, and reads what it asked for.
 */

/** What node's parser takes before it hangs up. */
export const PARSER = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
  // whatever the process was started with
  insecureHTTPParser: false,
} as const;

/** How long a client may take to agree with a TLS server. */
export const HANDSHAKE_MS = 5_000;

/** A connection on which nothing happens at all. */
export const SILENCE_MS = 90_000;

/** One more, and the one that has been idle the longest is closed. */
export const MOST_CONNECTIONS = 256;

/** Requests of one connection that wait for the answers before theirs. One more, and it is cut off. */
export const MOST_WAITING = 4;

/** An answer is sent in pieces of so many bytes: each one that is taken is a sign of life of its client. */
export const PIECE_BYTES = 2 ** 20;

/** An answer of which no piece is taken for so long is cut off. */
export const PATIENCE_MS = 10_000;

/** The same while others need its place. */
export const PRESSED_PATIENCE_MS = 1_000;

/** Bytes of all different bodies that answers are made and sent from; or a few bodies, where one is that large. */
export const MOST_BYTES = 64 * 2 ** 20;
export const FEWEST_BODIES = 4;

/** How long a request waits for room for its answer, looking so often. */
export const ROOM_PATIENCE_MS = 2_000;
export const ROOM_LOOK_MS = 20;

/** While some are being answered, rendering takes half of the thread's time at most, in turns that are no longer. */
export const LONGEST_REST_MS = 100;

/** Different selections of metrics that are rendered from one snapshot. */
export const MOST_SELECTIONS = 16;

/** Bytes of a form in the body of a request: an expression takes some hundred. */
export const FORM_BYTES = 2 ** 18;

/** Bytes of an answer of the API. */
export const ANSWER_BYTES = 16 * 2 ** 20;

/** Answers of the API that are made at one time, others that wait for them, and for how long. */
export const API_AT_ONCE = 4;
export const API_WAITING = 64;
export const API_PATIENCE_MS = 10_000;

/** How long answers that are being sent may still take when the endpoint closes. */
export const GRACE_MS = 3_000;
