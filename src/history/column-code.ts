/** Most values of a column in one block: the length of the longest encoding then still fits into one byte. */
export const LONGEST_BLOCK = 30;

/**
 * The encoding of one column of a block, independent of other columns. The encoder uses the form with the fewest
 * bytes. An empty encoding means: every value is 0. Otherwise the first byte is one of these codes:
 *
 *     0 to 32            integers: the first value, the least difference of two neighbours (both varints), then of each
 *                        difference its excess over the least one, in as many bits as the code says
 *     CONSTANT_INTEGER   a varint
 *     CONSTANT           64 bits
 *     XOR                the first value in 64 bits, then for each value its XOR with the value before:
 *                        0 = none; 1,0 = the bits that changed are within those of the change before, which follow;
 *                        1,1 = leading zeros (5 bits), changed bits less one (6 bits), and those
 *     RAW                64 bits each
 *
 * Sources: the integers are frame-of-reference coded differences, "Compressing Relations and Indexes" (Goldstein et al.,
 * ICDE 1998); XOR is from "Gorilla: A Fast, Scalable, In-Memory Time Series Database" (Pelkonen et al., VLDB 2015), 4.1.2.
 */
export const CODE = { CONSTANT_INTEGER: 33, CONSTANT: 34, XOR: 35, RAW: 36 } as const;
