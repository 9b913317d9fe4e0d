/** Routers 2.0 to 2.2 keep no pattern: only functions that match paths, one for each path of a mount. */
export type Matcher = (path: string) => false | { path: string; params: Params };

type Params = Readonly<Record<string, string | readonly string[]>>;

/** A character, or a run of percent-encoded bytes, which belong to one value. */
const UNIT = /(?:%[\da-f]{2})+|[\s\S]/gi;
/** Most value positions that are tried for one path, and most units that are examined for them. */
const MOST_TRIES = 32;
const MOST_STEPS = 20_000;

/**
 * Finds the pattern of a mount by probing its matcher with other paths: a part of the path is a parameter's value if
 * the matcher accepts another value in its place for that parameter. The rest of the request's path is literal.
 *
 * @returns undefined if it cannot be found, as for a regular expression
 */
export function probePattern(matchers: readonly Matcher[], path: string): string | undefined {
  for (const matcher of matchers) {
    const match = matcher(path);
    // the name of what path-to-regexp makes
    if (match !== false)
      return matcher.name === 'match' ? new Probe(matcher, match.path, match.params).find() : undefined;
  }
  return undefined;
}

class Probe {
  private readonly units: readonly string[];
  private readonly names: readonly string[];
  private readonly values: readonly string[];
  private tries = 0;
  private steps = 0;

  constructor(
    private readonly matcher: Matcher,
    path: string,
    private readonly params: Params,
  ) {
    this.units = path.match(UNIT) ?? [];
    this.names = Object.keys(params);
    this.values = Object.values(params).map((value) => (typeof value === 'string' ? value : value.join('/')));
  }

  /** @param text the pattern so far, with a marker in the place of each value @param from the unit that comes next */
  find(text = '', from = 0, value = 0): string | undefined {
    if (value === this.values.length) return this.verified(text + this.units.slice(from).join(''));
    for (let at = from, before = text; at < this.units.length; before += this.units[at++]) {
      if (this.tries >= MOST_TRIES || ++this.steps > MOST_STEPS) return undefined;
      const end = this.endOf(this.values[value], at);
      const found = end === undefined ? undefined : this.find(before + marker(value), end, value + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The index of the unit after a value that starts at `begin`. */
  private endOf(value: string, begin: number): number | undefined {
    let length = 0;
    let at = begin;
    while (at < this.units.length && length < value.length) {
      const text = decoded(this.units[at++]);
      this.steps++;
      if (!value.startsWith(text, length)) return undefined;
      length += text.length;
    }
    return length === value.length ? at : undefined;
  }

  private verified(text: string): string | undefined {
    this.tries++;
    if (!this.takes(text)) return undefined;
    // with case-insensitive routing the request chose the case: normalize to lower case
    const lower = text.toLowerCase();
    const literal = this.takes(lower) ? lower : text;
    return this.names.reduce((pattern, name, value) => pattern.replace(marker(value), () => this.sign(name)), literal);
  }

  /** A wildcard's value is a list of segments. */
  private sign(name: string): string {
    return `${Array.isArray(this.params[name]) ? '*' : ':'}${name}`;
  }

  /** Whether the matcher returns exactly the marker of each position as the value of its parameter. */
  private takes(text: string): boolean {
    const match = this.matcher(text);
    if (match === false || match.path !== text) return false;
    const { params } = match;
    return (
      Object.keys(params).length === this.names.length &&
      this.names.every((name, value) => String(params[name]) === marker(value))
    );
  }
}

/** No path of a request has this control character. */
const marker = (value: number): string => `\u0001${value}\u0001`;

function decoded(unit: string): string {
  try {
    return decodeURIComponent(unit);
  } catch {
    return unit;
  }
}
