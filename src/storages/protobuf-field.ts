/** Wire types of protobuf. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;

/** The tag that begins a field on the wire. */
export function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

export function wireTypeOf(tag: number): number {
  return tag & 7;
}
