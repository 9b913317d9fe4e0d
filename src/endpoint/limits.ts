/**
 * Limits for the clients of an endpoint. A scraper needs one connection and a few headers, sends no body or a short
 * one, waits for each answer before the next request, and reads its answers.
 */

/** Limits of node's HTTP parser. */
export const PARSER = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
  // overrides the option of the command line
  insecureHTTPParser: false,
} as const;

/** Timeout of the TLS handshake. */
export const HANDSHAKE_MS = 5_000;

/** Idle timeout of a connection. */
export const SILENCE_MS = 90_000;

/** Most connections; for a further one, the longest idle one is closed (LRU). */
export const MOST_CONNECTIONS = 256;

/** Most pipelined requests that wait on one connection; one more closes the connection. */
export const MOST_WAITING = 4;

/** An answer is sent in pieces of so many bytes; each piece that the client reads restarts its timeout. */
export const PIECE_BYTES = 2 ** 20;

/** A connection whose client reads no piece of its answer for so long is closed. */
export const STALL_TIMEOUT_MS = 10_000;

/** The same while other clients wait for a connection or for memory. */
export const PRESSED_STALL_TIMEOUT_MS = 1_000;

/** Bytes of all distinct bodies that are being made or sent; at least FEWEST_BODIES bodies, however large. */
export const MOST_BYTES = 64 * 2 ** 20;
export const FEWEST_BODIES = 4;

/** How long a request waits for room for its answer, and how often it polls. */
export const ROOM_MAX_WAIT_MS = 2_000;
export const ROOM_CHECK_MS = 20;

/** While answers are being sent, the thread rests after a rendering as long as that took, at most so long. */
export const LONGEST_REST_MS = 100;

/** Different selections of metrics that are rendered from one snapshot. */
export const MOST_SELECTIONS = 16;

/** Bytes of a form in the body of a request: an expression takes some hundred. */
export const FORM_BYTES = 2 ** 18;

/** Bytes of an answer of the API. */
export const ANSWER_BYTES = 16 * 2 ** 20;

/** Answers of the API that are made concurrently, requests that may wait for them, and for how long. */
export const API_AT_ONCE = 4;
export const API_WAITING = 64;
export const API_MAX_WAIT_MS = 10_000;

/** Grace period for answers that are being sent when the endpoint closes. */
export const GRACE_MS = 3_000;
