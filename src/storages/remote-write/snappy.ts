// the package has no types of its own
const snappy = require('snappyjs') as { compress(input: Uint8Array): Uint8Array };

/** The block format, without framing. */
export const { compress } = snappy;
