import { remember, remembered } from './dom.js';

const KEY = 'queries';
const MOST = 50;

/** Earlier expressions: arrow keys go through them as in a shell. */
export class QueryHistory {
  private readonly entries: string[] = read();
  private at = this.entries.length;
  /** The text that was typed before the user went back. */
  private draft = '';

  add(expression: string): void {
    const same = this.entries.indexOf(expression);
    if (same >= 0) this.entries.splice(same, 1);
    this.entries.push(expression);
    this.entries.splice(0, this.entries.length - MOST);
    this.at = this.entries.length;
    remember(KEY, JSON.stringify(this.entries));
  }

  /** @returns undefined at the end of the history */
  go(steps: 1 | -1, present: string): string | undefined {
    const next = this.at + steps;
    if (next < 0 || next > this.entries.length) return undefined;
    if (this.at === this.entries.length) this.draft = present;
    this.at = next;
    return this.entries[next] ?? this.draft;
  }
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(remembered(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
