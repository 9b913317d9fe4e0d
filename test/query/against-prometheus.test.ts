import { test } from 'tap';
import { RingmeterError } from '../../dist/src/common/errors.js';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import { parseExpression } from '../../dist/src/query/parse.js';
import { printExpression } from '../../dist/src/query/print.js';
import { needs } from '../engines/engine';
import { Prometheus } from '../engines/servers';
import { randomFrom } from '../history/values';
import { type Answer, Asked, difference, told } from './compare';
import { Generator } from './generator';
import { KNOWN_DIFFERENCES, knownDifferences, NOT_READ } from './known';
import { OTHERS, SCALARS, VECTORS, WRONG } from './queries';
import { END, encodeSamples, makeSamples, START, sourceOf } from './samples';

/**
 * Always the same, unless told: once in some 10 000 expressions the maths libraries' last digits become a difference, by
 * a comparison or a rounding.
 */
const SEED = Number(process.env.RINGMETER_SEED ?? 242);
/** Queries that are made from the grammar. */
const GENERATED = Number(process.env.RINGMETER_QUERIES ?? 400);
/** Queries at one time. */
const TOGETHER = 8;
const STEP = 70_000;
/** Prometheus writes longer expressions in several lines. */
const LONGEST_LINE = 80;

interface Query {
  expression: string;
  /** An instant query at `start`, without an `end`. */
  start: number;
  end?: number;
}

/** Which of equal values comes first is chance; so, of computed ones, is the last digit. */
function orderOf({ expression, end }: Query): 'labels' | 'values' | 'none' {
  if (end !== undefined) return 'labels';
  return /^(sort|sort_desc|topk|bottomk)\([^(]*\)$/.test(expression) ? 'values' : 'none';
}

test(`answers are those of a real Prometheus (RINGMETER_SEED=${SEED})`, needs('prometheus'), async (t) => {
  const prometheus = await Prometheus.receiver(t);
  const samples = makeSamples(randomFrom(1));
  const written = await fetch(prometheus.writeUrl, { method: 'POST', body: encodeSamples(samples) });
  t.equal(written.status, 204, 'Prometheus has the samples');
  const asked = new Asked(prometheus.base);
  const engine = createQueryEngine(sourceOf(samples));

  const tell = async ({ expression, start, end }: Query): Promise<Answer> => {
    try {
      const result =
        end === undefined ? await engine.instant(expression, start) : await engine.range(expression, start, end, STEP);
      return told(result);
    } catch (error) {
      if (error instanceof RingmeterError || (error as RingmeterError).code === 'RINGMETER_INVALID_QUERY')
        return { error: (error as Error).message };
      throw error;
    }
  };
  const wrong: string[] = [];
  const seen = new Set<string>();
  let values = 0;
  const compare = async (query: Query): Promise<void> => {
    const [expected, actual] = await Promise.all([
      query.end === undefined
        ? asked.instant(query.expression, query.start)
        : asked.range(query.expression, query.start, query.end, STEP),
      tell(query),
    ]);
    values += expected.error === undefined ? expected.series.size : 0;
    const found = difference(expected, actual, orderOf(query));
    if (found === undefined) return;
    const known = knownDifferences(query.expression);
    for (const name of known) seen.add(name);
    if (known.length === 0) wrong.push(`${query.expression}  [${query.start}, ${query.end ?? '-'}]\n    ${found}`);
  };

  const random = randomFrom(SEED);
  const time = (): number => START - 60_000 + Math.floor(random() * (END - START + 360_000));
  const times = [START + 900_000, START + 1_500_250, time(), time()];
  const generator = new Generator(random, times);
  const queries: Query[] = [];
  const askBoth = (expression: string): void => {
    queries.push({ expression, start: times[queries.length % times.length] });
    queries.push({ expression, start: START + 7_000 * (queries.length % 50), end: END + 200_000 });
  };
  for (const expression of [...VECTORS, ...SCALARS]) {
    for (const start of times) queries.push({ expression, start });
    askBoth(expression);
  }
  for (const expression of OTHERS) for (const start of times) queries.push({ expression, start });
  for (let index = 0; index < GENERATED; index++) askBoth(generator.vector(1 + (index % 4)));

  const waiting = [...queries];
  await Promise.all(
    Array.from({ length: TOGETHER }, async () => {
      for (let query = waiting.pop(); query !== undefined; query = waiting.pop()) await compare(query);
    }),
  );
  for (const expression of WRONG) {
    t.ok((await asked.instant(expression, times[0])).error, `Prometheus refuses ${expression}`);
    t.ok((await tell({ expression, start: times[0] })).error, `so do we: ${expression}`);
  }
  for (const expression of NOT_READ) {
    t.notOk((await asked.instant(expression, times[0])).error, `Prometheus reads ${expression}`);
    t.ok((await tell({ expression, start: times[0] })).error, `not so we: ${expression}`);
  }
  const printed: Record<string, [ours: string, theirs: string]> = {};
  for (const expression of [...VECTORS, ...SCALARS].filter(({ length }) => length < LONGEST_LINE)) {
    const [ours, theirs] = [printExpression(parseExpression(expression)), await asked.format(expression)];
    if (ours !== theirs) printed[expression] = [ours, theirs];
  }
  t.same(printed, {}, 'expressions are written as Prometheus writes them');
  t.same(wrong, []);
  t.same([...seen].sort(), Object.keys(KNOWN_DIFFERENCES).sort(), 'every difference that is listed is there');
  const expressions = new Set(queries.map(({ expression }) => expression)).size;
  t.comment(`${expressions} expressions, ${queries.length} queries, ${values} series compared`);
  t.ok(expressions >= 500 && values > 5_000);
});
