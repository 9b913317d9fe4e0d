import { messageOf, RingmeterError, shown } from '../common/errors';
import { type AlertChange, type AlertInfo, describeAlert } from './alert-info';
import { type AlertCallback, ChangeListener } from './change-listener';
import { ChangeRing } from './change-ring';
import type { GroupState, Silences, StoredChange } from './documents';
import { openSilences, openStates, type RulePort } from './port';
import { RuleBoard } from './rule-board';
import { makeRuleClock, type RuleClock } from './rule-clock';
import type { SharedDocument } from './shared-document';
import { checkSilence, type SilenceOptions } from './silences';

/** A collector's alerts on the collector's own thread. No method waits for a worker. */
export class Alerting {
  private readonly states: readonly SharedDocument<GroupState>[];
  private readonly silences: SharedDocument<Silences>;
  private readonly board: RuleBoard;
  private readonly changes: ChangeRing;
  private readonly clock: RuleClock;
  private listener: ChangeListener | undefined;

  /** @param mark the calling thread's */
  constructor(
    private readonly port: RulePort,
    mark: number,
  ) {
    this.states = openStates(port);
    this.silences = openSilences(port);
    this.board = new RuleBoard(port.board, mark);
    this.changes = new ChangeRing(port.changes, this.board);
    this.clock = makeRuleClock(this.board.clockOffset);
  }

  /** The alerts that are pending or firing after the last evaluations. */
  alerts(): AlertInfo[] {
    const silences = this.silences.read() ?? [];
    const now = Date.now();
    return this.port.groups.flatMap((group, number) =>
      (this.states[number].read()?.rules ?? [])
        .flatMap(({ alerts }) => alerts)
        .filter(({ state }) => state !== 'resolved')
        .map((alert) => describeAlert(group, alert, silences, now, this.clock.wallAhead)),
    );
  }

  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  onAlert(callback: AlertCallback): () => void {
    if (typeof callback !== 'function')
      throw new RingmeterError(
        'RINGMETER_INVALID_OPTION',
        `the callback of onAlert must be a function, got ${shown(callback)}`,
      );
    this.listener ??= new ChangeListener(this.board, this.changes, (group, change) => this.describe(group, change));
    return this.listener.add(callback);
  }

  /** @returns its id. @throws RingmeterError RINGMETER_INVALID_OPTION, RINGMETER_OUT_OF_MEMORY */
  silence(options: SilenceOptions): string {
    const silence = checkSilence(options);
    try {
      this.silences.write([...this.lasting(), silence]);
    } catch (error) {
      throw new RingmeterError(
        'RINGMETER_OUT_OF_MEMORY',
        `no memory for another silence, remove some: ${messageOf(error)}`,
      );
    }
    return silence.id;
  }

  /** @returns whether there was such a silence */
  unsilence(id: string): boolean {
    const lasting = this.lasting();
    const others = lasting.filter((silence) => silence.id !== id);
    if (others.length < lasting.length) this.silences.write(others);
    return others.length < lasting.length;
  }

  async stop(): Promise<void> {
    await this.listener?.stop();
  }

  private lasting(): Silences {
    const now = Date.now();
    return (this.silences.read() ?? []).filter(({ until }) => until > now);
  }

  private describe(number: number, { state, time, alert }: StoredChange): AlertChange {
    const { wallAhead } = this.clock;
    const silences = this.silences.read() ?? [];
    const info = describeAlert(this.port.groups[number], alert, silences, time + wallAhead, wallAhead);
    return { ...info, state, time: time + wallAhead };
  }
}
