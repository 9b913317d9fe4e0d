import { whileWanted } from './cancel-flag';
import type { FlushTask, FlushTasks } from './messages';
import type { FlushService } from './service';

/** Runs one task on the thread that has the service. */
export function perform<T extends FlushTask>(
  service: FlushService,
  task: T,
  input: FlushTasks[T]['input'],
): Promise<FlushTasks[T]['output']> {
  return tasks[task](service, input);
}

const tasks: {
  [T in FlushTask]: (service: FlushService, input: FlushTasks[T]['input']) => Promise<FlushTasks[T]['output']>;
} = {
  exposition: (service, { names }) => service.exposition(names),
  json: (service) => service.json(),
  metrics: (service) => service.metrics(),
  lint: (service) => service.lint(),
  cardinality: (service) => service.cardinality(),
  dashboard: (service) => service.dashboard.json(),
  store: (service) => service.store(),
  end: async (service) => {
    await service.end();
    return undefined;
  },
  query: (service, { storage, query }) => service.query(storage, query),
  stack: (service, { timeout }) => service.mainThreadStack(timeout),
  instant: ({ queries }, { expression, time, timeout, flag }) =>
    whileWanted(flag, (signal) => queries.instant(expression, time, { signal, timeout })),
  range: ({ queries }, { expression, start, end, step, timeout, flag }) =>
    whileWanted(flag, (signal) => queries.range(expression, start, end, step, { signal, timeout })),
  listen: (service, { settings, control }) => service.listen(settings, control),
};
