import { sharedMemory } from '../atomics/shared-memory';
import { makePorts, type StoragePort } from '../delivery/port';
import type { GroupState, Silences } from './documents';
import type { Notifier } from './notifier';
import { RuleBoard } from './rule-board';
import type { ResolvedGroup } from './rules';
import { SampleLog } from './sample-log';
import { SharedDocument } from './shared-document';

/** Bytes of address space, resident where used: for one group's state, for silences, for changes not yet told. */
const STATE_BYTES = 4 * 2 ** 20;
const SILENCES_BYTES = 2 ** 20;
const CHANGES_BYTES = 4 * 2 ** 20;
const LOG_BYTES = 32 * 2 ** 20;

/** A notifier as threads see it. */
export interface NotifierPort extends StoragePort {
  /** Milliseconds; 0 = never. */
  readonly resendInterval: number;
  readonly resolveOnClose: boolean;
}

/** Rules and notifiers as threads see them: their definitions and their shared memory. */
export interface RulePort {
  readonly groups: readonly ResolvedGroup[];
  readonly notifiers: readonly NotifierPort[];
  /** One for each group. */
  readonly states: readonly SharedArrayBuffer[];
  readonly board: SharedArrayBuffer;
  readonly log: SharedArrayBuffer;
  readonly silences: SharedArrayBuffer;
  readonly changes: SharedArrayBuffer;
}

/** Called once, on the collector's thread. */
export function makeRulePort(groups: readonly ResolvedGroup[], notifiers: readonly Notifier[]): RulePort {
  const ports = makePorts(notifiers, 0);
  return {
    groups,
    notifiers: ports.map((port, index) => {
      const { resendInterval, resolveOnClose } = notifiers[index].description;
      return { ...port, resendInterval, resolveOnClose };
    }),
    states: groups.map(() => SharedDocument.allocate(STATE_BYTES)),
    board: RuleBoard.allocate(groups.length),
    log: SampleLog.allocate(LOG_BYTES),
    silences: SharedDocument.allocate(SILENCES_BYTES),
    changes: sharedMemory(CHANGES_BYTES, 'maxMemory'),
  };
}

export function openStates({ states }: RulePort): SharedDocument<GroupState>[] {
  return states.map((buffer) => new SharedDocument<GroupState>(buffer));
}

export function openSilences({ silences }: RulePort): SharedDocument<Silences> {
  return new SharedDocument<Silences>(silences);
}

/** Releases the leases and locks of a thread that has ended. */
export function cleanUpAfterRuleThread({ board, log }: RulePort, mark: number, ended: number): void {
  new RuleBoard(board, mark).cleanUpAfter(ended);
  new SampleLog(log, mark).cleanUpAfter(ended);
}
