/** Most values of a column in one block: so many that the longest encoding has a length of one byte. */
export const LONGEST_BLOCK = 30;

/**
 * A column of a block, encoded by itself in the way that takes the fewest bytes. Nothing at all: every value is 0.
 * Otherwise a byte that says how, and then:
 *
 *     0 to 32            integers: the first value, the least difference of two neighbours (both varints), and by how much
 *                        each difference is larger than that, in as many bits as the byte says
 *     CONSTANT_INTEGER   a varint
 *     CONSTANT           64 bits
 *     XOR                the first value in 64 bits, then each one's difference from its neighbour, bit by bit:
 *                        0 = none; 1,0 = the bits that changed are within those of the change before, which follow;
 *                        1,1 = leading zeros (5 bits), changed bits less one (6 bits), and those
 *     RAW                64 bits each
 *
 * Sources: the integers are frame-of-reference coded differences, "Compressing Relations and Indexes" (Goldstein et al.,
 * ICDE 1998); XOR is from "Gorilla: A Fast, Scalable, In-Memory Time Series Database" (Pelkonen et al., VLDB 2015), 4.1.2.
 */
export const CODE = { CONSTANT_INTEGER: 33, CONSTANT: 34, XOR: 35, RAW: 36 } as const;
