import { shown } from '../common/errors';
import { checkBoolean, checkInteger, checkOneOf, checkOptions, invalidOption } from '../common/options-check';
import { ownFile } from '../common/own-file';
import { checkDelivery, DELIVERY_OPTIONS } from '../delivery/delivery-options';
import type { DeliveryOptions, StorageDescription } from '../delivery/types';
import { checkCommonLabels } from '../instruments/common-labels';
import { checkHttpOptions, checkUrl, HTTP_OPTIONS, type HttpOptions } from '../net/http-options';
import type { LabelValue } from '../registry/label-pairs';
import { DescribedStorage } from './described';
import type { PushgatewayBackendOptions } from './pushgateway/pushgateway-backend';
import type { RemoteWriteBackendOptions } from './remote-write/remote-write-backend';

/** Exactly one of `pushgateway` and `remoteWrite`, and how the server is reached. */
export interface PrometheusStorageOptions extends HttpOptions, DeliveryOptions {
  pushgateway?: PushgatewayOptions;
  remoteWrite?: RemoteWriteOptions;
}

/** One group of a Pushgateway. */
export interface PushgatewayOptions {
  /** The gateway's root, for instance `http://127.0.0.1:9091`. */
  url: string;
  job: string;
  /** Further labels of the group. Metrics must not have them. */
  grouping?: Readonly<Record<string, LabelValue>>;
  /** `PUT` replaces the whole group, `POST` only the metrics of the same names. Default `PUT`. */
  method?: 'PUT' | 'POST';
  /** Whether the group is deleted when the collector closes. Default false. */
  deleteOnClose?: boolean;
}

/** A receiver of Prometheus remote write. */
export interface RemoteWriteOptions {
  /** The receiver's whole address, for instance `http://127.0.0.1:9090/api/v1/write`. */
  url: string;
  /** `auto` (the default) sends 2.0, and 1.0 to a receiver that does not know 2.0. */
  version?: 'auto' | 1 | 2;
  /** Labels of every series that has no label of that name. `job` and `instance` are what a scrape would add. */
  labels?: Readonly<Record<string, LabelValue>>;
  /** Samples (lines) in one request. A series is not divided: a larger one is sent alone. Default 5 000. */
  maxSamplesPerSend?: number;
}

/** Sends snapshots to Prometheus' own receivers: a Pushgateway, or anything that takes remote write. */
export class PrometheusStorage extends DescribedStorage {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION and those of bad label names */
  constructor(options: PrometheusStorageOptions) {
    super(describeStorage(options));
  }
}

function describeStorage(options: PrometheusStorageOptions): StorageDescription {
  const given = checkOptions('PrometheusStorage options', options, [
    'pushgateway',
    'remoteWrite',
    ...HTTP_OPTIONS,
    ...DELIVERY_OPTIONS,
  ]);
  const { pushgateway, remoteWrite } = given;
  if ((pushgateway === undefined) === (remoteWrite === undefined))
    invalidOption('PrometheusStorage needs either pushgateway or remoteWrite');
  const http = checkHttpOptions('PrometheusStorage', given);
  if (pushgateway !== undefined)
    return {
      kind: 'pushgateway',
      module: ownFile(__dirname, 'pushgateway/pushgateway-backend'),
      options: { ...checkPushgateway(pushgateway), http } satisfies PushgatewayBackendOptions,
      delivery: checkDelivery('pushgateway', given),
      omitsStorageMetrics: true,
    };
  return {
    kind: 'remote-write',
    module: ownFile(__dirname, 'remote-write/remote-write-backend'),
    options: { ...checkRemoteWrite(remoteWrite!), http } satisfies RemoteWriteBackendOptions,
    delivery: checkDelivery('remote-write', given),
    keepsPrevious: true,
    omitsStorageMetrics: true,
  };
}

function checkPushgateway(options: PushgatewayOptions): Omit<PushgatewayBackendOptions, 'http'> {
  const { url, job, grouping, method, deleteOnClose } = checkOptions('pushgateway', options, [
    'url',
    'job',
    'grouping',
    'method',
    'deleteOnClose',
  ]);
  if (typeof job !== 'string' || job === '')
    invalidOption(`pushgateway.job must be a string that is not empty, got ${shown(job)}`);
  const labels = checkCommonLabels('pushgateway.grouping', grouping);
  if (Object.hasOwn(labels, 'job'))
    invalidOption('pushgateway.grouping must not contain job: use the option pushgateway.job');
  return {
    url: checkUrl('pushgateway.url', url),
    job,
    grouping: labels,
    method: checkOneOf('pushgateway.method', method, 'PUT', ['PUT', 'POST']),
    deleteOnClose: checkBoolean('pushgateway.deleteOnClose', deleteOnClose, false),
  };
}

function checkRemoteWrite(options: RemoteWriteOptions): Omit<RemoteWriteBackendOptions, 'http'> {
  const { url, version, labels, maxSamplesPerSend } = checkOptions('remoteWrite', options, [
    'url',
    'version',
    'labels',
    'maxSamplesPerSend',
  ]);
  if (version !== undefined && version !== 'auto' && version !== 1 && version !== 2)
    invalidOption(`remoteWrite.version must be 'auto', 1 or 2, got ${shown(version)}`);
  return {
    url: checkUrl('remoteWrite.url', url),
    version: version ?? 'auto',
    labels: checkCommonLabels('remoteWrite.labels', labels),
    maxSamplesPerSend: checkInteger('remoteWrite.maxSamplesPerSend', maxSamplesPerSend, 5_000, 1, 1_000_000),
  };
}
