/** A temporary overload: the request is answered with 503. */
export class Busy extends Error {
  override readonly name = 'Busy';
}
