import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from '../atomics/turn';
import { messageOf } from '../common/errors';
import { warn } from '../common/warning';
import { keyOf } from '../query/labels';
import type { QueryEngine } from '../query/types';
import type { Alert, Alerts, AlertTransition } from './alert-state';
import type { ChangeRing } from './change-ring';
import type { GroupState, RuleState, Silences, StoredChange } from './documents';
import { evaluateAlerting, evaluateRecording, type PreparedRule, prepareRule } from './evaluate-rule';
import type { NotifierQueue } from './notifier-queue';
import type { RuleBoard } from './rule-board';
import { GIVEN_TIME, type RuleClock } from './rule-clock';
import type { ResolvedGroup } from './rules';
import type { RuleSample, SampleLog } from './sample-log';
import type { SharedDocument } from './shared-document';
import { silencedBy } from './silences';

/** What the group runners of a thread share. */
export interface RunnerHost {
  readonly board: RuleBoard;
  readonly log: SampleLog;
  readonly changes: ChangeRing;
  readonly silences: SharedDocument<Silences>;
  readonly notifiers: readonly NotifierQueue[];
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly engine: Pick<QueryEngine, 'instant'>;
  /** Default: history and wall clock go by the times passed to `tick`. */
  readonly clock?: RuleClock;
  /** Aborted when the collector closes, which aborts running evaluations. */
  readonly closing: AbortSignal;
}

/** Milliseconds between two attempts to take a group's lease. */
const LOOK_MS = 10;

/**
 * Evaluates one group, on the thread that holds the group's lease. The state is written atomically at the end of an
 * evaluation: if the thread is terminated before, the evaluation has no effect, and the next thread continues after the
 * last complete one.
 */
export class GroupRunner {
  private running: Promise<void> | undefined;
  private readonly rules: readonly PreparedRule[];
  private memory: Memory | undefined;
  /** Whether the last run failed: consecutive failures are warned about once. */
  private refused = false;

  /**
   * @param number of the group
   * @param firstRule the number of its first rule, counted over all groups
   */
  constructor(
    private readonly host: RunnerHost,
    private readonly group: ResolvedGroup,
    private readonly number: number,
    private readonly firstRule: number,
    private readonly document: SharedDocument<GroupState>,
  ) {
    this.rules = group.rules.map(prepareRule);
  }

  /** Milliseconds until the next step. Steps are multiples of the interval since 1970, hence equal on all threads. */
  dueIn(now: number): number {
    return this.group.interval - (now % this.group.interval);
  }

  /** Starts an evaluation if one is due and this thread gets the lease. Called at every turn of the thread's loop. */
  tick(now: number): void {
    const { host, number } = this;
    if (this.running !== undefined || host.board.isClosed) return;
    if (this.dueStep(now) === undefined || !host.board.lease(number)) return;
    this.running = this.run(now).finally(() => {
      this.running = undefined;
      host.board.giveUpLease(number);
    });
  }

  /** Resolves the alerts at the notifiers, under the group's lease; only the first of all threads does so. */
  async close(): Promise<void> {
    const { host, number } = this;
    await this.running;
    while (!host.board.lease(number)) await sleep(LOOK_MS);
    try {
      const { state, alerts } = await this.recall();
      if (state?.closed !== false) return;
      const { wallAhead } = this.clock;
      const now = { time: this.clock.now(), wallAhead };
      const all = alerts.flatMap((alerts) => [...alerts.values()]);
      for (const notifier of host.notifiers) await notifier.resolve(this.shown, all, now);
      this.document.write({ ...state, closed: true });
    } finally {
      host.board.giveUpLease(number);
    }
  }

  private get clock(): RuleClock {
    return this.host.clock ?? GIVEN_TIME;
  }

  private get shown() {
    return { group: this.group.name, interval: this.group.interval };
  }

  /** The newest step not evaluated yet. If the clock was set back by more than an interval, steps start anew. */
  private dueStep(now: number): number | undefined {
    const { interval } = this.group;
    const last = this.host.board.lastStep(this.number);
    const newest = Math.floor(now / interval) * interval;
    return newest > last || newest < last - interval ? newest : undefined;
  }

  private async run(now: number): Promise<void> {
    const { board } = this.host;
    let step: number | undefined;
    try {
      const { state } = await this.recall();
      step = this.dueStep(now);
      if (step === undefined) return;
      const start = performance.now();
      await this.evaluate(step);
      const missed = state === undefined ? 0 : Math.round((step - state.time) / this.group.interval) - 1;
      if (missed > 0) board.count(this.number, 'missed', missed);
      board.count(this.number, 'evaluations', 1);
      board.noteDuration(this.number, (performance.now() - start) / 1000);
      this.refused = false;
    } catch (error) {
      // the memory may be ahead of the stored state: drop it, and reload the stored state at the next step
      this.memory = undefined;
      if (step !== undefined) board.setLastStep(this.number, step);
      if (!this.refused) warn('RINGMETER_RULE_FAILED', `group ${this.group.name}: ${messageOf(error)}`);
      this.refused = true;
    }
  }

  /** The state after the last evaluation, which may have run on another thread. */
  private async recall(): Promise<Memory> {
    const { document, group, host, number } = this;
    if (this.memory?.version === document.version) return this.memory;
    const { version } = document;
    const state = document.read();
    const alerts = group.rules.map((_, index) => toMap(state?.rules[index].alerts ?? []));
    this.memory = { version, state, alerts };
    if (state !== undefined) {
      if (host.board.lastStep(number) < state.time) host.board.setLastStep(number, state.time);
      await host.changes.publish(number, state.changes);
    }
    return this.memory;
  }

  private async evaluate(time: number): Promise<void> {
    const { host, document, number } = this;
    const { state, alerts } = this.memory!;
    const changes: StoredChange[] = [];
    const results: RuleState[] = [];
    for (const [index, rule] of this.rules.entries()) {
      const changed = (alert: Alert, to: AlertTransition): void => {
        const sequence = (state?.changeCount ?? 0) + changes.length + 1;
        changes.push({ sequence, rule: index, state: to, time, alert: { ...alert } });
      };
      results.push(await this.evaluateRule(index, rule, alerts[index], time, changed));
      // a short evaluation does not let the event loop turn by itself, and there may be many rules
      await turn();
    }
    const rules = statesOf(results, alerts);
    const changeCount = (state?.changeCount ?? 0) + changes.length;
    const next: GroupState = { time, rules, changes, changeCount, closed: false };
    // checked before notifying: if the state with the times of sending cannot be stored, every step would notify again
    document.check({ ...next, rules: this.withSending(rules, time) });
    document.write(next);
    this.memory = { version: document.version, state: next, alerts };
    host.board.setLastStep(number, time);
    if (await this.notify(results, alerts, time)) {
      document.write({ ...next, rules: statesOf(results, alerts) });
      this.memory = { version: document.version, state: next, alerts };
    }
    await host.changes.publish(number, changes);
  }

  /** The state as it would be if every alert had been sent to every notifier. */
  private withSending(rules: readonly RuleState[], time: number): RuleState[] {
    const sentAt = Object.fromEntries(this.host.notifiers.map(({ name }) => [name, time]));
    return rules.map((rule) => ({ ...rule, alerts: rule.alerts.map((alert) => ({ ...alert, sentAt })) }));
  }

  private async evaluateRule(
    index: number,
    rule: PreparedRule,
    alerts: Alerts,
    time: number,
    changed: (alert: Alert, to: AlertTransition) => void,
  ): Promise<RuleState> {
    const { board, log } = this.host;
    const start = performance.now();
    let lastError = '';
    try {
      const at = this.clock.toHistory(time);
      await log.write(this.firstRule + index, at, await this.give(rule, alerts, { at, time }, changed));
    } catch (error) {
      lastError = messageOf(error);
      board.count(this.number, 'failures', 1);
      const before = this.memory!.state?.rules[index].health;
      if (before !== 'err' && !this.host.closing.aborted)
        warn('RINGMETER_RULE_FAILED', `rule ${rule.name} of group ${this.group.name}: ${lastError}`);
    }
    const evaluationTime = (performance.now() - start) / 1000;
    return { health: lastError === '' ? 'ok' : 'err', lastError, lastEvaluation: time, evaluationTime, alerts: [] };
  }

  private give(
    rule: PreparedRule,
    alerts: Alerts,
    { at, time }: { at: number; time: number },
    changed: (alert: Alert, to: AlertTransition) => void,
  ): Promise<RuleSample[]> {
    const { engine, externalLabels, closing: signal } = this.host;
    const context = { engine, externalLabels, time: at, now: time, signal };
    return rule.kind === 'record'
      ? evaluateRecording(rule, this.group.limit, context)
      : evaluateAlerting(rule, alerts, this.group.limit, context, changed);
  }

  /** Notifies for all rules except failed ones, and notes the time in the alerts. @returns whether anything was sent */
  private async notify(results: readonly RuleState[], alerts: readonly Alerts[], time: number): Promise<boolean> {
    if (this.host.notifiers.length === 0) return false;
    const silences = this.host.silences.read() ?? [];
    const { wallAhead } = this.clock;
    const told = alerts
      .filter((_, index) => results[index].health === 'ok')
      .flatMap((alerts) => [...alerts.values()])
      .map((alert) => ({ alert, silenced: silencedBy(silences, alert.labels, time + wallAhead).length > 0 }));
    let sent = false;
    for (const notifier of this.host.notifiers)
      if (await notifier.notify(this.shown, told, { time, wallAhead })) sent = true;
    return sent;
  }
}

/** This thread's cache of the group's state, and the version that it caches. */
interface Memory {
  readonly version: number;
  readonly state: GroupState | undefined;
  /** Of each rule. */
  readonly alerts: readonly Alerts[];
}

function statesOf(results: readonly RuleState[], alerts: readonly Alerts[]): RuleState[] {
  return results.map((result, index) => ({ ...result, alerts: [...alerts[index].values()] }));
}

function toMap(alerts: readonly Alert[]): Alerts {
  // copied: evaluations modify alerts in place
  return new Map(alerts.map((alert) => [keyOf(alert.labels), { ...alert, sentAt: { ...alert.sentAt } }]));
}
