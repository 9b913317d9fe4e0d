let offset = 0;

/** Takes the time of the server: the clocks of the two machines differ. */
export function setServerTime(time: number): void {
  offset = time - Date.now();
}

/** The present time of the server, in milliseconds. */
export function serverNow(): number {
  return Date.now() + offset;
}
