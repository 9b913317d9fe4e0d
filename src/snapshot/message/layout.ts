/*
 * A message: a snapshot as bytes, for a receiver that has no access to the arena. A sender's messages are a sequence: each
 * declares only the metrics and series that the ones before have not declared, and has the values of all.
 *
 *     0  magic              uint32   also tells the order of bytes, which is that of the machine
 *     4  version | flags    uint16 each
 *     8  sequence           uint32   number of the message; the first one is 0
 *    12  bytes              uint32   of the whole message
 *    16  stream             float64  tells senders apart: a random integer
 *    24  timestamp          float64  wall-clock milliseconds of the collect
 *    32  sections
 *    ..  checksum           uint32   CRC-32 of everything before it; then 4 bytes of zeros
 *
 * A section is its tag and the length of its contents (uint32 each), the contents, and zeros up to a multiple of 8 bytes.
 * Receivers skip sections whose tag they do not know. Metrics are numbered in the order in which they are declared, the series
 * of a metric as the sender likes.
 *
 *     METRICS  of each new metric: length (uint32), definition as JSON
 *     SERIES   of each new series: metric, number, length of its labels (uint32 each), start (float64), labels as in the key
 *              of a series (see registry/series-key.ts). A number that was declared before now stands for another series
 *     STARTS   of each series that has begun to count anew: metric, number (uint32 each), start (float64)
 *     COLUMNS  of each metric: its number, how many numbers of series it has (uint32 each), the columns of each (float64);
 *              NaN for a series that is not there
 */
export const MAGIC = 0x47534d52;
export const VERSION = 1;
/** The receiver forgets what the messages before have declared. */
export const COMPLETE = 1;

export const HEADER = {
  MAGIC: 0,
  VERSION: 4,
  FLAGS: 6,
  SEQUENCE: 8,
  BYTES: 12,
  STREAM: 16,
  TIMESTAMP: 24,
  SIZE: 32,
} as const;
export const TAG = { METRICS: 1, SERIES: 2, STARTS: 3, COLUMNS: 4 } as const;
/** Bytes of a section before its contents, and of the end of a message. */
export const SECTION_BYTES = 8;
export const TRAILER_BYTES = 8;
export const ALIGNMENT = 8;

/** The order of bytes of this machine, for DataView. */
export const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
