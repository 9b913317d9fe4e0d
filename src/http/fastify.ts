import { listenTo } from './instrument-server';
import { openServerMeter } from './open-server-meter';
import type { AnyRequest, HttpMetricsOptions } from './options';
import type { ServerMeter } from './server-meter';
import type { AnyResponse } from './watch-response';

/** What the plugin needs of fastify, 4.10 and later. */
export interface FastifyLike {
  readonly server: unknown;
  addHook(name: 'onRequest', hook: never): unknown;
}

interface FastifyRequest {
  readonly raw: AnyRequest;
  readonly routeOptions: { readonly url?: string };
}

/**
 * A fastify plugin that records the requests of the server that it is registered with, wherever their routes are. Register
 * it first. The functions among its options are given node's request, fastify's `request.raw`.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad names, labels and buckets
 */
export function fastifyMetrics(fastify: FastifyLike, options: HttpMetricsOptions, done: (error?: Error) => void): void {
  let meter: ServerMeter;
  try {
    meter = openServerMeter(options);
  } catch (error) {
    done(error as Error);
    return;
  }
  // requests that fastify answers before its hooks are there too, and upgrades
  listenTo(fastify.server as never, meter);
  const onRequest = (request: FastifyRequest, reply: { raw: AnyResponse }, next: () => void): void => {
    const exchange = meter.observe(request.raw, reply.raw);
    if (exchange !== undefined) exchange.route = request.routeOptions.url;
    next();
  };
  fastify.addHook('onRequest', onRequest as never);
  done();
}

// what fastify-plugin does: the hook is for the whole server, not for an encapsulated context
Object.assign(fastifyMetrics, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'ringmeter',
  [Symbol.for('plugin-meta')]: { name: 'ringmeter', fastify: '>=4.10' },
});
