import type { FlushCase } from '../benchmarks/flush';
import { casesOf, cell, libraries, peerRatio } from './columns';
import { plural, table } from './format';
import type { Suite } from './suite';

const FLUSH = 'flush';

const COLUMNS = [
  ['total', 'ms'],
  ['longest gap of the main thread', 'gapMs'],
  ['of it, not waiting for a processor', 'ownGapMs'],
  ['the gap in a time without a flush', 'quietGapMs'],
] as const;

export function flushSection(suite: Suite): string {
  const { contenders, titles } = libraries(suite, FLUSH);
  const rows = casesOf<FlushCase>(suite, FLUSH).flatMap((parameters) =>
    COLUMNS.map(([name, column]) => {
      const query = (contender: string) => ({ benchmark: FLUSH, contender, parameters, row: 'flush', column });
      return [
        `${parameters.target}, ${plural(parameters.series, 'counter')}: ${name}`,
        ...contenders.map((contender) => cell(suite, query(contender))),
        peerRatio(suite, query('')),
      ];
    }),
  );
  return [
    'Every series has changed since the flush before. Milliseconds until everything has arrived at a server in another',
    'process, or in a file. prom-client pushes to a Pushgateway, the OpenTelemetry SDK exports with its periodic reader, both',
    'from the main thread.',
    '',
    table([['', ...titles, 'best peer / ringmeter'], ...rows]),
  ].join('\n');
}
