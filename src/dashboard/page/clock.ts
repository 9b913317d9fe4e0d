let offset = 0;

/** The server has told its time: clocks of two machines differ. */
export function heardTime(time: number): void {
  offset = time - Date.now();
}

/** What time it is where the numbers come from, in milliseconds. */
export function serverNow(): number {
  return Date.now() + offset;
}
