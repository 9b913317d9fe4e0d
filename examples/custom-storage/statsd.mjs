/**
 * A storage that sends every snapshot to a StatsD server, as lines over UDP: `name:value|type|#label:value,...`.
 *
 * This file runs in a worker thread of its own, which has nothing to share with the service but what stands in `options`.
 * StatsD counts increases, and a snapshot has totals: the module remembers what it has sent.
 */
import { createSocket } from 'node:dgram';

/** @typedef {import('ringmeter').StorageModuleContext<{ host: string; port: number }>} Context */

/** What fits into a packet on every network. */
const PACKET_BYTES = 1_400;

const socket = createSocket('udp4');
/** @type {Map<string, number>} */
let sent = new Map();

/**
 * Whoever rejects is called again with the same snapshot.
 *
 * @param {import('ringmeter').StoredSnapshot} snapshot
 * @param {Context} context
 */
export async function store(snapshot, { options }) {
  const totals = new Map(sent);
  const lines = snapshot.metrics().flatMap((metric) => linesOf(metric, totals));
  for (const packet of packets(lines)) await send(packet, options);
  // only now: an attempt that fails is repeated as a whole
  sent = totals;
}

/** Called when the collector closes, or the process ends. */
export function close() {
  socket.close();
}

/**
 * @param {import('ringmeter').Metric} metric
 * @param {Map<string, number>} totals
 */
function linesOf({ name, type, value, sum, labels }, totals) {
  const tags = Object.entries(labels).map(([label, text]) => `${label}:${text.replace(/[|,#\n]/g, '_')}`);
  const suffix = tags.length === 0 ? '' : `|#${tags.join()}`;
  /** @param {string} name @param {number} total */
  const increase = (name, total) => {
    const key = name + suffix;
    const increased = total - (totals.get(key) ?? 0);
    totals.set(key, total);
    return increased === 0 ? [] : [`${name}:${increased}|c${suffix}`];
  };
  if (type === 'gauge') return [`${name}:${value}|g${suffix}`];
  if (type === 'counter') return increase(name, value);
  return [...increase(`${name}.count`, value), ...increase(`${name}.sum`, sum ?? 0)];
}

/** @param {readonly string[]} lines */
function* packets(lines) {
  let packet = '';
  for (const line of lines) {
    if (packet !== '' && packet.length + line.length >= PACKET_BYTES) {
      yield packet;
      packet = '';
    }
    packet += packet === '' ? line : `\n${line}`;
  }
  if (packet !== '') yield packet;
}

/**
 * @param {string} packet
 * @param {{ host: string; port: number }} to
 */
function send(packet, { host, port }) {
  return new Promise((resolve, reject) => {
    socket.send(packet, port, host, (error) => (error ? reject(error) : resolve(undefined)));
  });
}
