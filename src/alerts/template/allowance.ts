import { limited } from '../../query/failure';

/** Characters that one template may make, those included that come to nothing; each step counts as one. */
export const MOST_CHARACTERS = 2 ** 18;

/** Throws if a text is longer than a template may make one. To be called before it is made. */
export function checkLength(characters: number): void {
  if (characters > MOST_CHARACTERS)
    throw limited(`the template makes more than ${MOST_CHARACTERS} characters, or takes as many steps`);
}

/** Steps of regular expressions that one template may take: a thread needs a second for them at most. */
const MOST_MATCHING = 20_000_000;

/** What one expansion of a template has made so far. */
export class Allowance {
  private used = 0;
  private matching = 0;

  take(characters: number): void {
    this.used += characters;
    checkLength(this.used);
  }

  /** To be called before a regular expression is tried that may take so many steps. */
  match(steps: number): void {
    this.matching += steps;
    if (this.matching > MOST_MATCHING)
      throw limited(
        `the regular expressions of the template need ${this.matching} steps, and may take ${MOST_MATCHING}`,
      );
  }
}
