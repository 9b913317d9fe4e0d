import { Helper } from '../load/messages';
import type { TextRequest, TextServer } from '../load/text-server-process';
import type { RequestLabels } from '../workload';
import type { Contender, LabelledMetric, Library, Metric, OpenOptions, Served } from './contender';

/**
 * No metrics, but what a server with metrics has around it whatever the library: its handler makes the label objects, and
 * a scraper fetches as many bytes, from a process that does nothing else.
 */
export const contender: Contender = { title: 'no metrics, a scraper beside it', kinds: [], open };

/** Exported, so that V8 has to make the label object, as it has to for a library whose code it does not inline. */
export let lastLabels: RequestLabels | undefined;

const metric: Metric & LabelledMetric = {
  run: () => {},
  record: (labels) => {
    lastLabels = labels;
  },
  read: () => ({ count: 0 }),
};

function open({ series }: OpenOptions): Library {
  return { plain: () => metric, labelled: () => metric, serve: () => serve(series) };
}

async function serve(series: number): Promise<Served> {
  const helper = await Helper.start<TextRequest, TextServer>('text-server-process');
  const { url } = await helper.ask({ series });
  return { url, close: async () => helper.end() };
}
