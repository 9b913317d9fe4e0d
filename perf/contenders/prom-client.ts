import { once } from 'node:events';
import * as library from 'prom-client';
import { prometheusStyle, type SumOf } from './prometheus-style';
import { versionOf } from './version';

type Registries = Parameters<typeof library.AggregatorRegistry.aggregate>[0];

/** It has this for processes only: with messages of one's own it works for threads. */
const sumOf: SumOf = {
  render: (workers) => async () => {
    const replies = workers.map(async (worker) => {
      const replied = once(worker, 'message');
      worker.postMessage('metrics');
      return (await replied)[0] as object[];
    });
    return library.AggregatorRegistry.aggregate((await Promise.all(replies)) as unknown as Registries).metrics();
  },
  answer: (port, registry) => {
    port.on('message', async (message) => {
      if (message === 'metrics') port.postMessage(await registry.getMetricsAsJSON());
    });
  },
};

export const contender = prometheusStyle(`prom-client ${versionOf('prom-client')}`, library, sumOf);
