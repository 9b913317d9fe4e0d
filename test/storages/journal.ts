import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryOptions } from 'ringmeter';
import { checkDelivery } from '../../dist/src/delivery/delivery-options.js';
import { DescribedStorage } from '../../dist/src/storages/described.js';
import { MODE } from '../fixtures/storages/journal.cjs';

export { MODE };

/** One thing that happened to a backend. */
export interface Line {
  event: 'open' | 'try' | 'stored' | 'close';
  name: string;
  thread: number;
  /** Wall-clock milliseconds. */
  at: number;
  /** Of the counter `n`. */
  value?: number;
  timestamp?: number;
  previous?: number;
}

const folders: string[] = [];
// they are written to until the last collector is closed
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A storage of the library's own kind whose backend writes down what happens to it, and fails as it is told. */
export class Journal extends DescribedStorage {
  private readonly modes: Int32Array;

  private constructor(
    private readonly file: string,
    control: SharedArrayBuffer,
    delivery: DeliveryOptions,
    keepsPrevious: boolean,
  ) {
    super({
      kind: 'journal',
      module: require.resolve('../fixtures/storages/journal.cjs'),
      options: { file, control },
      delivery: checkDelivery('journal', delivery),
      keepsPrevious,
    });
    this.modes = new Int32Array(control);
  }

  static make(delivery: DeliveryOptions = {}, keepsPrevious = false): Journal {
    const folder = mkdtempSync(join(tmpdir(), 'ringmeter-journal-'));
    folders.push(folder);
    return new Journal(join(folder, 'journal.jsonl'), new SharedArrayBuffer(4), delivery, keepsPrevious);
  }

  set mode(mode: number) {
    Atomics.store(this.modes, 0, mode);
  }

  lines(event?: Line['event']): Line[] {
    if (!existsSync(this.file)) return [];
    // a thread that is terminated may leave half a line behind
    const whole = readFileSync(this.file, 'utf8').split('\n').slice(0, -1);
    const lines = whole.map((line) => JSON.parse(line) as Line);
    return event === undefined ? lines : lines.filter((line) => line.event === event);
  }

  get values(): (number | undefined)[] {
    return this.lines('stored').map(({ value }) => value);
  }
}
