import { shown } from '../common/errors';
import { showsOnly } from '../common/inspection';
import { checkBoolean, checkNumber, checkOptions, invalidOption } from '../common/options-check';
import { ownFile } from '../common/own-file';
import { checkDelivery } from '../delivery/delivery-options';
import type { DeliveryOptions, StorageDescription } from '../delivery/types';
import { checkHttpOptions, checkUrl, HTTP_OPTIONS, type HttpOptions } from '../net/http-options';

/** Where notifications go, and how they are delivered: as snapshots to a storage. */
export interface NotifierOptions extends HttpOptions, Omit<DeliveryOptions, 'interval'> {
  /** Root of an Alertmanager (`http://127.0.0.1:9093`), or the whole address of a webhook. */
  url: string;
  /**
   * Milliseconds after which an alert is re-sent while it fires, and for 15 minutes after it was resolved.
   * Default: 60 000 for an Alertmanager, for which it cannot be 0; 0 = never, for a webhook.
   */
  resendInterval?: number;
  /**
   * Whether firing alerts are sent as resolved when the collector closes. Default: true for a webhook, since nothing
   * would resolve them later; false for an Alertmanager, where they expire unless the next process re-sends them.
   */
  resolveOnClose?: boolean;
}

/** The description of a notifier that is sent to the workers. */
export interface NotifierDescription extends StorageDescription {
  /** Milliseconds; 0 = never. */
  readonly resendInterval: number;
  readonly resolveOnClose: boolean;
}

/** What backends of notifiers are made with. */
export interface NotifierBackendOptions {
  readonly url: string;
  readonly http: HttpOptions;
  readonly resendInterval: number;
}

export abstract class Notifier {
  protected constructor(readonly description: NotifierDescription) {}
}

// hides the options: they contain passwords
showsOnly(Notifier as never, ({ description: { kind, delivery } }: Notifier) => ({ kind, name: delivery.name }));

/** Sends alerts to an Alertmanager, which groups and routes them: its API v2. */
export class AlertmanagerNotifier extends Notifier {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(options: NotifierOptions) {
    super(
      describe('AlertmanagerNotifier', 'alertmanager', ownFile(__dirname, 'alertmanager-backend'), options, {
        resend: [60_000, 1],
        resolveOnClose: false,
      }),
    );
  }
}

/** Posts alerts that begin to fire or are resolved, as JSON in the shape that Alertmanager's own webhooks have. */
export class WebhookNotifier extends Notifier {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(options: NotifierOptions) {
    super(
      describe('WebhookNotifier', 'webhook', ownFile(__dirname, 'webhook-backend'), options, {
        resend: [0, 0],
        resolveOnClose: true,
      }),
    );
  }
}

interface NotifierDefaults {
  /** Milliseconds: the default, and the least. */
  readonly resend: readonly [number, number];
  readonly resolveOnClose: boolean;
}

function describe(
  what: string,
  kind: string,
  module: string,
  options: NotifierOptions,
  { resend: [defaultResend, leastResend], resolveOnClose: defaultResolve }: NotifierDefaults,
): NotifierDescription {
  const given = checkOptions(`${what} options`, options, [
    'url',
    'resendInterval',
    'resolveOnClose',
    'name',
    'timeout',
    'queue',
    'retry',
    ...HTTP_OPTIONS,
  ]);
  const resendInterval = checkNumber('resendInterval', given.resendInterval, defaultResend, leastResend, 2 ** 31 - 1);
  const http = checkHttpOptions(what, given);
  const { name, timeout, queue, retry } = given;
  return {
    kind,
    module,
    options: { url: checkUrl(`url of ${what}`, given.url), http, resendInterval } satisfies NotifierBackendOptions,
    delivery: checkDelivery(kind, { name, timeout, queue, retry, interval: 0 }),
    resendInterval,
    resolveOnClose: checkBoolean(`resolveOnClose of ${what}`, given.resolveOnClose, defaultResolve),
  };
}

/** Checks the description, not the class: another copy of the package may have made it. */
function isNotifier(one: unknown): boolean {
  const { description } = (typeof one === 'object' && one !== null ? one : {}) as Partial<Notifier>;
  return typeof description?.module === 'string' && typeof description.resendInterval === 'number';
}

/** @throws RingmeterError RINGMETER_INVALID_OPTION */
export function checkNotifiers(notifiers: unknown = []): readonly Notifier[] {
  if (!Array.isArray(notifiers) || !notifiers.every(isNotifier))
    invalidOption(`notifiers must be an array of notifiers, got ${shown(notifiers)}`);
  return notifiers;
}
