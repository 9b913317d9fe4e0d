import type { Arena } from '../arena/arena';
import { messageOf } from '../common/errors';
import type { Settings } from '../common/settings';
import { warn } from '../common/warning';
import { type Channel, STATE } from '../delivery/channel';
import { Delivery } from '../delivery/delivery';
import { openBackend } from '../delivery/open';
import { openChannel } from '../delivery/port';
import { type Alert, noteSent, sentTo } from './alert-state';
import { type Notification, type NotifiedAlert, toQueued } from './notification';
import type { NotifierPort } from './port';

/** How often a thread that waits for a delivery looks, at least. */
const LOOK_MS = 20;

/** An alert, and whether nobody is to be told of it now. */
export interface Told {
  readonly alert: Alert;
  readonly silenced: boolean;
}

/** When alerts are told. */
export interface StepTime {
  /** By the rules' clock. */
  readonly time: number;
  /** Milliseconds that the wall clock is ahead of it. */
  readonly wallAhead: number;
}

/** One notifier as one thread has it. */
export class NotifierQueue {
  readonly channel: Channel;
  private readonly delivery: Delivery;

  constructor(
    arena: Arena,
    private readonly port: NotifierPort,
    mark: number,
  ) {
    this.channel = openChannel(port, mark);
    const { description, delivery } = port;
    const { defaultLabels } = arena.settings as Settings;
    const makeBackend = () =>
      openBackend(description.module, {
        name: delivery.name,
        options: description.options,
        defaultLabels,
        families: () => [],
        exclusively: (action) => this.channel.exclusively(action),
      });
    const wording = { code: 'RINGMETER_NOTIFICATION_FAILED', receiver: 'notifier', item: 'notification' } as const;
    this.delivery = new Delivery(this.channel, delivery, makeBackend, { arena, families: () => [], wording });
  }

  get name(): string {
    return this.port.delivery.name;
  }

  /** Milliseconds after which a waiting notification may have to be tried again. */
  get patience(): number {
    return this.channel.queue.waiting > 0 ? this.port.delivery.firstDelay / 8 : Number.POSITIVE_INFINITY;
  }

  /** Delivers what waits, where it is this thread's turn. */
  tick(): void {
    this.delivery.tick();
  }

  /**
   * Puts into the queue what this notifier has to be told of a group, and notes it with the alerts. Where delivering fails
   * already, nothing is repeated: what waits will say it.
   */
  async notify(
    group: Omit<Notification, 'alerts'>,
    alerts: readonly Told[],
    { time, wallAhead }: StepTime,
  ): Promise<boolean> {
    const isFailing = this.channel.queue.isFailing;
    const due = alerts.filter(({ alert, silenced }) => !silenced && this.isDue(alert, time, isFailing));
    return this.send(
      group,
      due.map(({ alert }) => alert),
      (alert) => notified(alert, wallAhead),
      time,
    );
  }

  /** The same at the end: what it was told to fire is resolved, since nobody will say so later. */
  async resolve(
    group: Omit<Notification, 'alerts'>,
    alerts: readonly Alert[],
    { time, wallAhead }: StepTime,
  ): Promise<void> {
    if (!this.port.resolveOnClose) return;
    const known = alerts.filter((alert) => alert.state === 'firing' && sentTo(alert, this.name) !== undefined);
    const resolved = (alert: Alert): NotifiedAlert => ({
      ...notified(alert, wallAhead),
      state: 'resolved',
      endsAt: time + wallAhead,
    });
    await this.send(group, known, resolved, time);
  }

  /** Delivers what waits and closes, on whichever thread has the notifier. */
  async close(): Promise<void> {
    const { channel } = this;
    if (channel.state !== STATE.CLOSED) channel.state = STATE.CLOSING;
    while (channel.state !== STATE.CLOSED) {
      this.delivery.tick();
      await channel.changed(LOOK_MS);
    }
  }

  /** As Prometheus decides it (rules/alerting.go, "needsSending"). */
  private isDue(alert: Alert, time: number, isFailing: boolean): boolean {
    const { state, resolvedAt = 0 } = alert;
    const sent = sentTo(alert, this.name);
    if (state === 'pending') return false;
    if (sent === undefined) return state === 'firing';
    if (state === 'resolved' && resolvedAt > sent) return true;
    const { resendInterval } = this.port;
    return resendInterval > 0 && !isFailing && time - sent >= resendInterval;
  }

  private async send(
    group: Omit<Notification, 'alerts'>,
    alerts: readonly Alert[],
    show: (alert: Alert) => NotifiedAlert,
    time: number,
  ): Promise<boolean> {
    if (alerts.length === 0) return false;
    try {
      await this.channel.queue.append(toQueued({ ...group, alerts: alerts.map(show) }), false);
    } catch (error) {
      warn('RINGMETER_NOTIFICATION_FAILED', `notifier ${this.name}: ${messageOf(error)}`);
      return false;
    }
    for (const alert of alerts) noteSent(alert, this.name, time);
    return true;
  }
}

function notified(
  { state, labels, annotations, value, activeAt, firedAt, resolvedAt }: Alert,
  wallAhead: number,
): NotifiedAlert {
  return {
    state: state === 'resolved' ? 'resolved' : 'firing',
    labels,
    annotations,
    value,
    startsAt: (firedAt ?? activeAt) + wallAhead,
    ...(state === 'resolved' ? { endsAt: resolvedAt! + wallAhead } : {}),
  };
}
