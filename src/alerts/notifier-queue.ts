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

/** Milliseconds after which a thread that waits for a delivery polls at the latest. */
const LOOK_MS = 20;

/** An alert, and whether it is silenced now. */
export interface Told {
  readonly alert: Alert;
  readonly silenced: boolean;
}

/** The time of a notification. */
export interface StepTime {
  /** On the rules' clock. */
  readonly time: number;
  /** The wall clock minus the rules' clock, in milliseconds. */
  readonly wallAhead: number;
}

/** One thread's access to the queue of one notifier. */
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
  get dueIn(): number {
    return this.channel.queue.waiting > 0 ? this.port.delivery.firstDelay / 8 : Number.POSITIVE_INFINITY;
  }

  /** Delivers waiting notifications if this thread holds the lease. */
  tick(): void {
    this.delivery.tick();
  }

  /**
   * Queues the notification that is due for a group, and notes the time in its alerts. While delivering fails, no alert
   * is re-sent: the waiting notifications already contain it.
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

  /** Queues, when the collector closes, `resolved` for each firing alert that was sent: nobody would send it later. */
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

  /** Waits until the thread that holds the lease has delivered the waiting notifications and closed the notifier. */
  async close(): Promise<void> {
    const { channel } = this;
    if (channel.state !== STATE.CLOSED) channel.state = STATE.CLOSING;
    while (channel.state !== STATE.CLOSED) {
      this.delivery.tick();
      await channel.changed(LOOK_MS);
    }
  }

  /** Whether to send an alert; the same decision as Prometheus' (rules/alerting.go, "needsSending"). */
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
