import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { test } from 'tap';
import { VERSION } from '../../dist/src/common/version.js';
import { collectorFor, until } from '../instruments/support';
import { familiesOf, lineValue } from './support';

const linux = process.platform === 'linux' ? {} : { skip: 'Linux only' };

test('values of the process are between what the kernel says before and after', async (t) => {
  const collector = collectorFor(t, { flushWorkers: 1, storage: [], defaultMetrics: true });
  await collector.exposition();
  const before = process.resourceUsage();
  const families = await familiesOf(collector);
  const after = process.resourceUsage();
  const between = (name: string, low: number, high: number, labels = {}): void => {
    const value = lineValue(families, name, labels)!;
    t.ok(value >= low && value <= high, `${low} <= ${name} ${value} <= ${high}`);
  };
  between('process_cpu_user_seconds_total', before.userCPUTime / 1e6, after.userCPUTime / 1e6);
  between('process_cpu_system_seconds_total', before.systemCPUTime / 1e6, after.systemCPUTime / 1e6);
  between(
    'process_cpu_seconds_total',
    (before.userCPUTime + before.systemCPUTime) / 1e6,
    (after.userCPUTime + after.systemCPUTime) / 1e6,
  );
  between('process_resident_memory_max_bytes', before.maxRSS * 1024, after.maxRSS * 1024);
  between('process_page_faults_total', before.minorPageFault, after.minorPageFault, { kind: 'minor' });
  between('process_context_switches_total', before.voluntaryContextSwitches, after.voluntaryContextSwitches, {
    kind: 'voluntary',
  });
  const uptime = process.uptime();
  between('process_uptime_seconds', uptime - 20, uptime);
  between('process_start_time_seconds', Date.now() / 1000 - uptime - 1, Date.now() / 1000 - uptime + 1);
  t.equal(lineValue(families, 'nodejs_version_info', { version: process.version }), 1);
  t.equal(lineValue(families, 'ringmeter_build_info', { version: VERSION }), 1);
});

test('memory and files are what /proc says', linux, async (t) => {
  const collector = collectorFor(t, { flushWorkers: 1, storage: [], defaultMetrics: true });
  await collector.exposition();
  const families = await familiesOf(collector);
  const status = readFileSync('/proc/self/status', 'utf8');
  const kilobytes = (word: string): number => Number(new RegExp(`${word}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
  for (const [name, word] of [
    ['process_resident_memory_bytes', 'VmRSS'],
    ['process_virtual_memory_bytes', 'VmSize'],
    ['process_heap_bytes', 'VmData'],
  ]) {
    const value = lineValue(families, name)!;
    t.ok(Math.abs(value / kilobytes(word) - 1) < 0.1, `${name} ${value}, ${word} ${kilobytes(word)}`);
  }
  t.equal(lineValue(families, 'process_threads'), readdirSync('/proc/self/task').length);
  const open = readdirSync('/proc/self/fd').length - 1;
  t.ok(Math.abs(lineValue(families, 'process_open_fds')! - open) <= 2, `${open} files`);
  const [limit] = /(?<=Max open files\s+)\d+/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  t.equal(lineValue(families, 'process_max_fds'), limit === undefined ? undefined : Number(limit));
});

test('the machine and its devices are what /proc says', linux, async (t) => {
  const collector = collectorFor(t, { defaultMetrics: true });
  const families = await familiesOf(collector);
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  t.equal(lineValue(families, 'system_memory_total_bytes'), Number(/MemTotal:\s+(\d+)/.exec(meminfo)![1]) * 1024);
  const device = /^\s*lo:\s+(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'));
  if (device !== null && device[1] !== '0') {
    const received = lineValue(families, 'system_network_receive_bytes_total', { device: 'lo' })!;
    t.ok(received > 0 && received <= Number(device[1]), `${received} bytes before, ${device[1]} after`);
  }
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  t.ok(Math.abs(lineValue(families, 'system_uptime_seconds')! - uptime) < 20);
  const idle = Number(/^cpu +\d+ \d+ \d+ (\d+)/.exec(readFileSync('/proc/stat', 'utf8'))![1]) / 100;
  t.ok(Math.abs(lineValue(families, 'system_cpu_seconds_total', { mode: 'idle' })! - idle) < 60);
});

test('the heap is what V8 says', async (t) => {
  const collector = collectorFor(t, { defaultMetrics: true });
  const families = await familiesOf(collector);
  const { heapTotal, external } = process.memoryUsage();
  const close = (name: string, expected: number, labels = {}): void => {
    const value = lineValue(families, name, labels)!;
    t.ok(Math.abs(value - expected) <= 0.3 * expected + 2 ** 20, `${name}: ${value}, V8 says ${expected}`);
  };
  close('nodejs_heap_size_total_bytes', heapTotal);
  close('nodejs_external_memory_bytes', external);
  for (const { space_name, space_size } of getHeapSpaceStatistics())
    if (!space_name.startsWith('new'))
      close('nodejs_heap_space_size_total_bytes', space_size, { space: space_name.replace(/_space$/, '') });
});

test('delay and utilization of the event loop show how long it was kept busy', async (t) => {
  const collector = collectorFor(t, { defaultMetrics: { system: false } });
  await collector.exposition();
  await until(
    'a sample',
    async () => lineValue(await familiesOf(collector), 'nodejs_eventloop_lag_max_seconds') !== undefined,
  );
  const end = performance.now() + 700;
  while (performance.now() < end);
  let families = await familiesOf(collector);
  await until('the sample after a block', async () => {
    families = await familiesOf(collector);
    return lineValue(families, 'nodejs_eventloop_lag_max_seconds')! > 0.5;
  });
  t.ok(lineValue(families, 'nodejs_eventloop_lag_max_seconds')! < 5);
  t.ok(lineValue(families, 'nodejs_eventloop_lag_p50_seconds')! < 0.5, 'the other delays were shorter');
  t.ok(lineValue(families, 'nodejs_eventloop_utilization_ratio')! > 0.3);
  await until('what has been seen is not shown for ever', async () => {
    return lineValue(await familiesOf(collector), 'nodejs_eventloop_lag_max_seconds')! < 0.5;
  });
});

test(
  'the library counts itself as stats() does, and its workers by the time the scheduler gave them',
  linux,
  async (t) => {
    const collector = collectorFor(t, {
      flushWorkers: 2,
      storage: [],
      defaultMetrics: { prefix: 'x_', system: false },
    });
    collector.counter('c').increment(Number.NaN);
    for (let index = 0; index < 100; index++) collector.counter('c').increment();
    let families = await familiesOf(collector);
    await until('both workers have told their time', async () => {
      families = await familiesOf(collector);
      return lineValue(families, 'ringmeter_worker_cpu_seconds_total')! > 0.01;
    });
    const stats = collector.stats();
    t.equal(lineValue(families, 'ringmeter_invalid_total'), stats.invalid);
    t.equal(lineValue(families, 'ringmeter_invalid_total'), 1);
    const recorded = lineValue(families, 'ringmeter_recorded_total')!;
    t.ok(recorded > 100 && recorded <= stats.recorded, `${recorded} of ${stats.recorded}`);
    t.equal(lineValue(families, 'ringmeter_ring_capacity_events'), stats.ringCapacity);
    t.ok(lineValue(families, 'ringmeter_sampling_seconds_total')! > 0);
    const times = readdirSync('/proc/self/task').map(
      (task) => Number(readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9,
    );
    const total = times.reduce((sum, time) => sum + time, 0);
    t.ok(lineValue(families, 'ringmeter_worker_cpu_seconds_total')! < total, 'less than that of all threads');
  },
);
