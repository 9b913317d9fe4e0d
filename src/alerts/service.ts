import type { Arena } from '../arena/arena';
import { messageOf, RingmeterError } from '../common/errors';
import type { Settings } from '../common/settings';
import { warn } from '../common/warning';
import type { RulesView } from '../endpoint/api/rules-view';
import { createQueryEngine } from '../query/engine';
import { ShiftedSource } from '../query/shifted-source';
import type { SampleSource } from '../query/types';
import type { CallbackValue } from '../snapshot/collect';
import { ChangeRing } from './change-ring';
import { CombinedSource } from './combined-source';
import { GroupRunner, type RunnerHost } from './group-runner';
import { registerRuleMetrics } from './metrics';
import { NotifierQueue } from './notifier-queue';
import { openSilences, openStates, type RulePort } from './port';
import { RuleBoard } from './rule-board';
import { type HistoryTimes, makeRuleClock, type RuleClock } from './rule-clock';
import { rulesView } from './rules-view';
import { SampleLog } from './sample-log';

/** The measured series, on the history's own clock. */
export interface RuleHistory extends SampleSource, HistoryTimes {
  /** The history's clock minus the wall clock, in milliseconds. */
  readonly ahead?: number;
}

/** The rules and notifiers of a collector on one thread of the flushing side. */
export class RuleService {
  /** The source for queries, on the wall clock: measured series, and series recorded by rules. */
  readonly source: SampleSource;
  readonly readings: CallbackValue[];
  /** What the HTTP API shows. */
  readonly view: RulesView;
  private readonly board: RuleBoard;
  private readonly clock: RuleClock;
  private readonly closing = new AbortController();
  private readonly notifiers: readonly NotifierQueue[];
  private readonly runners: readonly GroupRunner[];

  /**
   * @param mark the calling thread's
   * @param history the measured series
   */
  constructor(arena: Arena, port: RulePort, mark: number, history: RuleHistory) {
    const board = new RuleBoard(port.board, mark);
    this.board = board;
    const log = new SampleLog(port.log, mark);
    const source = new CombinedSource([history, log]);
    this.source = new ShiftedSource(source, () => history.ahead ?? 0);
    this.clock = makeRuleClock(board.clockOffset, history);
    this.notifiers = port.notifiers.map((notifier) => new NotifierQueue(arena, notifier, mark));
    const host: RunnerHost = {
      board,
      log,
      changes: new ChangeRing(port.changes, board),
      silences: openSilences(port),
      notifiers: this.notifiers,
      externalLabels: (arena.settings as Settings).defaultLabels,
      engine: createQueryEngine(source),
      clock: this.clock,
      closing: this.closing.signal,
    };
    const states = openStates(port);
    this.view = rulesView(port.groups, states, () => this.clock.wallAhead);
    let firstRule = 0;
    this.runners = port.groups.map((group, number) => {
      const runner = new GroupRunner(host, group, number, firstRule, states[number]);
      firstRule += group.rules.length;
      return runner;
    });
    this.readings = registerRuleMetrics(arena, board, port.groups, this.notifiers);
  }

  /** Milliseconds after which `tick` should be called again. */
  get dueIn(): number {
    const now = this.clock.now();
    return Math.min(...this.runners.map((runner) => runner.dueIn(now)), ...this.notifiers.map((one) => one.dueIn));
  }

  /** Starts due evaluations and deliveries. Called at every turn of the thread's loop. */
  tick(): void {
    const now = this.clock.now();
    for (const runner of this.runners) runner.tick(now);
    for (const notifier of this.notifiers) notifier.tick();
  }

  /** Stops all evaluations, then notifies and closes the notifiers. */
  async close(): Promise<void> {
    this.board.close();
    this.closing.abort(new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed'));
    try {
      await Promise.all(this.runners.map((runner) => runner.close()));
    } catch (error) {
      warn('RINGMETER_RULE_FAILED', `the evaluation of rules could not be closed: ${messageOf(error)}`);
    }
    await Promise.all(this.notifiers.map((notifier) => notifier.close()));
  }
}
