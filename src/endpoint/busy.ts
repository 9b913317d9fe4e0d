/** Why a request cannot be answered now, but perhaps soon: it is answered with 503. */
export class Busy extends Error {
  override readonly name = 'Busy';
}
