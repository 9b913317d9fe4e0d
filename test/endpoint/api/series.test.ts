import { test } from 'tap';
import type { ApiCall, Handler } from '../../../dist/src/endpoint/api/api.js';
import { failureOf } from '../../../dist/src/endpoint/api/failure.js';
import { Parameters } from '../../../dist/src/endpoint/api/parameters.js';
import {
  answerLabels,
  answerLabelValues,
  answerSeries,
  type ReadHistory,
} from '../../../dist/src/endpoint/api/series.js';
import type { LabelSet, SampleSeries } from '../../../dist/src/query/types.js';

const HANDLERS: Record<string, (reading: ReadHistory) => Handler> = {
  series: answerSeries,
  'label values': answerLabelValues,
  labels: answerLabels,
};

/** How often the event loop has turned, in all and since the labels of a series were read last. */
class Loop {
  turns = 0;
  private readAt = 0;
  private isOver = false;

  read(): void {
    this.readAt = this.turns;
  }

  get turnsSince(): number {
    return this.turns - this.readAt;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    const turn = (): void => {
      this.turns++;
      if (!this.isOver) setImmediate(turn);
    };
    setImmediate(turn);
    return work.finally(() => {
      this.isOver = true;
    });
  }
}

/** Reads so many series, whose labels are made when they are read, as those of a history are. */
function reading(count: number, labelsOf: (id: number) => LabelSet, loop: Loop): ReadHistory {
  const [times, values] = [Float64Array.of(1), Float64Array.of(1)];
  const seriesOf = (id: number): SampleSeries => ({
    times,
    values,
    get labels() {
      loop.read();
      return labelsOf(id);
    },
  });
  const source = {
    select: () => [],
    *slices() {
      for (let id = 0; id < count; id += 1_000) yield Array.from({ length: 1_000 }, (_, at) => seriesOf(id + at));
    },
  };
  return (read) => read(source, new AbortController().signal);
}

async function ask(handler: Handler, loop: Loop): Promise<string[]> {
  const parameters = new Parameters(new URLSearchParams({ 'match[]': 'x' }));
  const call: ApiCall = { parameters, parts: { name: 'id' }, signal: new AbortController().signal };
  const { data } = await loop.during(Promise.resolve(handler(call)));
  return JSON.parse([...data].join(''));
}

test('200,000 series with long labels exceed the limits of a request as those of a query', async (t) => {
  const text = 'x'.repeat(400);
  for (const [name, handlerOf] of Object.entries(HANDLERS)) {
    const loop = new Loop();
    const labelsOf = (id: number): LabelSet =>
      name === 'labels' ? { [`${text}${id}`]: '1' } : { __name__: 'x', id: `${text}${id}` };
    const failure = await ask(handlerOf(reading(200_000, labelsOf, loop)), loop).then(() => undefined, failureOf);
    t.same([failure?.status, failure?.type], [422, 'execution'], name);
    const message = /^the evaluation needs \d+ bytes for labels and results, more than the limit of \d+$/;
    t.match(failure?.message, message, name);
  }
});

test('120,000 series are listed in order, each once, and the event loop turns while they are sorted', async (t) => {
  const different = 100_000;
  // no order in which texts sort
  const idOf = (id: number): string => String(((id % different) * 7_919) % different);
  const ids = Array.from({ length: different }, (_, id) => String(id)).sort();
  const expected: Record<string, unknown[]> = {
    series: ids.map((id) => ({ __name__: 'x', id })),
    'label values': ids,
    labels: ids.slice(0, 5).map((id) => `l${id}`),
  };
  for (const [name, handlerOf] of Object.entries(HANDLERS)) {
    const loop = new Loop();
    const names = new Set(ids.slice(0, 5));
    const labelsOf = (id: number): LabelSet =>
      name === 'labels' ? { [`l${names.has(idOf(id)) ? idOf(id) : ids[0]}`]: '1' } : { id: idOf(id), __name__: 'x' };
    t.strictSame(await ask(handlerOf(reading(120_000, labelsOf, loop)), loop), expected[name], name);
    t.ok(loop.turns > 10, `${name}: ${loop.turns} turns`);
    if (name !== 'labels') t.ok(loop.turnsSince > 2, `${name}: ${loop.turnsSince} turns since a series was read`);
  }
});
