import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Contender, Library, Loop } from '../contenders/contender';
import { timed } from '../measure/bursts';
import { GapWatch } from '../measure/gaps';
import { Ledger } from '../measure/ledger';
import { median } from '../measure/statistics';
import { everySeries, Order } from '../workload';
import type { Reply, Request, ThreadData } from './threads';

/** A worker thread that records when it is told to. */
class RecordingThread {
  private readonly order: Order;
  private readonly ledger: Ledger;
  private watch: GapWatch | undefined;

  constructor(
    private readonly library: Library,
    private readonly run: Loop,
    private readonly read: () => unknown,
    private readonly data: ThreadData,
  ) {
    this.order = new Order(data.series);
    this.ledger = new Ledger(data.kind, data.series);
  }

  async answer(request: Request): Promise<Reply> {
    if ('everySeries' in request) return this.recordEverySeries();
    if ('records' in request) return this.record(request.records);
    if ('milliseconds' in request) return this.bursts(request.milliseconds, request.pause);
    if ('watch' in request) return this.gap(request.watch);
    return { wrong: this.data.handle === undefined ? this.ledger.differs((await this.read()) as never) : undefined };
  }

  private recordEverySeries(): Reply {
    const all = everySeries(this.data.series);
    this.run(all);
    this.ledger.account(all);
    return { records: all.length };
  }

  /** As fast as it goes. */
  private record(records: number): Reply {
    let done = 0;
    while (done < records) {
      this.order.moveOn();
      const some = this.order.now.subarray(0, records - done);
      this.run(some);
      this.ledger.account(some);
      done += some.length;
    }
    return { records: done };
  }

  private async bursts(milliseconds: number, pause: boolean): Promise<Reply> {
    const times: number[] = [];
    let records = 0;
    const deadline = performance.now() + milliseconds;
    while (performance.now() < deadline) {
      this.order.moveOn();
      const { now } = this.order;
      times.push(timed(this.run, now));
      records += now.length;
      this.ledger.account(now);
      if (pause) await this.library.settle?.();
    }
    // who reads on another thread has a right to what has been published
    await this.library.settle?.();
    return { records, ns: median(times) };
  }

  private gap(watch: boolean): Reply {
    if (watch) {
      this.watch = new GapWatch();
      return {};
    }
    const gap = this.watch?.take();
    this.watch?.end();
    return { gap };
  }
}

async function start(data: ThreadData): Promise<void> {
  const { contender } = require(join('..', 'contenders', data.contender)) as { contender: Contender };
  const library = await contender.open({ series: data.series, joins: data.handle });
  const metric = library.labelled(data.kind, data.name);
  const run = metric.bind?.(data.series) ?? metric.run;
  const thread = new RecordingThread(library, run, () => metric.read(), data);
  library.answerSum?.(parentPort!);
  data.control.on('message', async (request: Request) => data.control.postMessage(await thread.answer(request)));
  data.control.postMessage({});
}

start(workerData as ThreadData);
