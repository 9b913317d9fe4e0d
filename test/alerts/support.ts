import { setImmediate as turn } from 'node:timers/promises';
import type { RuleGroup } from 'ringmeter';
import { ChangeRing } from '../../dist/src/alerts/change-ring.js';
import { checkGroup } from '../../dist/src/alerts/check-rules.js';
import { CombinedSource } from '../../dist/src/alerts/combined-source.js';
import type { GroupState, StoredChange } from '../../dist/src/alerts/documents.js';
import { GroupRunner } from '../../dist/src/alerts/group-runner.js';
import { makeRulePort, openSilences, openStates, type RulePort } from '../../dist/src/alerts/port.js';
import { RuleBoard } from '../../dist/src/alerts/rule-board.js';
import { SampleLog } from '../../dist/src/alerts/sample-log.js';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import { matchesAll } from '../../dist/src/query/matchers.js';
import type { LabelSet, Matcher, QueryEngine, SampleSeries, SampleSource } from '../../dist/src/query/types.js';

/** Series with samples at times of the test's choice. */
export class GivenSeries implements SampleSource {
  readonly series: { labels: LabelSet; times: number[]; values: number[] }[] = [];

  /** @param values one for each step; undefined = none */
  add(labels: LabelSet, start: number, step: number, values: readonly (number | undefined)[]): void {
    const present = values.flatMap((value, index) =>
      value === undefined ? [] : [{ time: start + index * step, value }],
    );
    this.series.push({
      labels,
      times: present.map(({ time }) => time),
      values: present.map(({ value }) => value),
    });
  }

  select(matchers: readonly Matcher[], from: number, to: number): readonly SampleSeries[] {
    return this.series
      .filter(({ labels }) => matchesAll(labels, matchers))
      .map(({ labels, times, values }) => {
        const kept = times.flatMap((time, index) => (time >= from && time <= to ? [index] : []));
        return {
          labels,
          times: Float64Array.from(kept, (index) => times[index]),
          values: Float64Array.from(kept, (index) => values[index]),
        };
      });
  }
}

/** A thread that evaluates one group, at the times it is told. Several can share what threads share. */
export class Evaluator {
  readonly board: RuleBoard;
  readonly log: SampleLog;
  readonly changes: ChangeRing;
  readonly source: SampleSource;
  readonly engine: QueryEngine;
  private readonly runner: GroupRunner;
  private readonly document;

  constructor(port: RulePort, mark: number, history: SampleSource) {
    this.board = new RuleBoard(port.board, mark);
    this.log = new SampleLog(port.log, mark);
    this.changes = new ChangeRing(port.changes, this.board);
    this.source = new CombinedSource([history, this.log]);
    this.engine = createQueryEngine(this.source);
    const [document] = openStates(port);
    this.document = document;
    this.runner = new GroupRunner(
      {
        board: this.board,
        log: this.log,
        changes: this.changes,
        silences: openSilences(port),
        notifiers: [],
        externalLabels: {},
        engine: this.engine,
        closing: new AbortController().signal,
      },
      port.groups[0],
      0,
      0,
      document,
    );
  }

  static of(group: RuleGroup, history: SampleSource, mark = 1): Evaluator {
    return new Evaluator(portOf(group), mark, history);
  }

  /** Begins to evaluate the step at a moment. */
  begin(time: number): void {
    this.runner.tick(time);
  }

  /** Evaluates the step at a moment, and waits until it is done. */
  async step(time: number): Promise<void> {
    this.begin(time);
    while (this.board.lastStep(0) !== time || !this.isFree()) await turn();
  }

  get state(): GroupState {
    return this.document.read()!;
  }

  async told(): Promise<StoredChange[]> {
    return (await this.changes.read(0)).changes.map(([, change]) => change);
  }

  /** `name{labels}` of alerts with their states, sorted. */
  alerts(): string[] {
    return this.state.rules
      .flatMap(({ alerts }) => alerts)
      .map(({ labels, state }) => `${show(labels)} ${state}`)
      .sort();
  }

  private isFree(): boolean {
    const free = this.board.lease(0);
    if (free) this.board.giveUpLease(0);
    return free;
  }
}

export function portOf(group: RuleGroup): RulePort {
  return makeRulePort([checkGroup(group, '', 60_000)], []);
}

export function show({ __name__ = '', ...labels }: LabelSet): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${__name__}{${pairs.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
}
