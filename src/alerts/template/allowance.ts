import { limited } from '../../query/failure';

/** Characters that one template may produce, discarded ones included; each step counts as one. */
export const MOST_CHARACTERS = 2 ** 18;

/** Throws if a text would be too long for a template. Call it before making the text. */
export function checkLength(characters: number): void {
  if (characters > MOST_CHARACTERS)
    throw limited(`the template exceeds the limit of ${MOST_CHARACTERS} characters or steps`);
}

/** Steps of regular expressions that one template may take: a thread needs a second for them at most. */
const MOST_MATCHING = 20_000_000;

/** The budget of one expansion of a template. */
export class Allowance {
  private used = 0;
  private matching = 0;

  take(characters: number): void {
    this.used += characters;
    checkLength(this.used);
  }

  /** Call before matching a regular expression that may take so many steps. */
  match(steps: number): void {
    this.matching += steps;
    if (this.matching > MOST_MATCHING)
      throw limited(
        `the regular expressions of the template need ${this.matching} steps, more than the limit of ${MOST_MATCHING}`,
      );
  }
}
