import type * as PromClient from 'prom-client';
import { prometheusStyle, type SumOf } from './prometheus-style';
import { versionOf } from './version';

const NAME = '@prometheus-io/client';

interface WorkerRegistry {
  new (): { workerMetrics(): Promise<string> };
  setRegistries(registry: PromClient.Registry): void;
}

/** Loads only on Node 22 or newer, and has the interface that prom-client has, and more. */
const library = require(NAME) as typeof PromClient & { WorkerRegistry: WorkerRegistry };
const { WorkerRegistry } = library;

const sumOf: SumOf = {
  render: () => {
    const registry = new WorkerRegistry();
    return () => registry.workerMetrics();
  },
  answer: (_, registry) => {
    WorkerRegistry.setRegistries(registry);
    new WorkerRegistry();
  },
};

export const contender = prometheusStyle(`${NAME} ${versionOf(NAME)}`, library, sumOf);
