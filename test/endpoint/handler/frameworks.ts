import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { Server as HapiServer } from '@hapi/hapi';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import type { MetricsHandler } from 'ringmeter';
import type { Test } from 'tap';

const express4: typeof express = require('express4');

/** What a framework's application sends at `/by-hand`. */
type Body = () => Promise<Uint8Array>;

/** Each opens a server that answers every method at `/metrics` with the handler. @returns its origin */
export const FRAMEWORKS: Record<string, (t: Test, handler: MetricsHandler, byHand: Body) => Promise<string>> = {
  node: (t, handler) => listening(t, createServer(handler)),
  'express 5': (t, handler, byHand) => listening(t, createServer(expressApp(express, handler, byHand))),
  'express 4': (t, handler, byHand) => listening(t, createServer(expressApp(express4, handler, byHand))),
  fastify: async (t, handler, byHand) => {
    const app = fastify({ forceCloseConnections: true });
    app.all('/metrics', handler.fastify);
    app.get('/by-hand', byHand);
    t.teardown(() => app.close());
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
  koa: (t, handler, byHand) => {
    const app = new Koa();
    app.use(async (context) => {
      if (context.path === '/by-hand') context.body = await byHand();
      else await handler.koa(context);
    });
    return listening(t, createServer(app.callback()));
  },
  hapi: async (t, handler, byHand) => {
    const server = new HapiServer({ port: 0, host: '127.0.0.1' });
    server.route({ method: ['GET'], path: '/metrics', handler: handler.hapi });
    server.route({ method: ['POST', 'PUT', 'DELETE'], path: '/metrics', handler: handler.hapi });
    server.route({ method: 'GET', path: '/by-hand', handler: async (_request, h) => h.response(await byHand()) });
    await server.start();
    t.teardown(() => server.stop({ timeout: 0 }));
    return server.info.uri;
  },
  hono: (t, handler) => {
    const app = new Hono();
    app.all('/metrics', (context) => handler.fetch(context.req.raw));
    return listening(
      t,
      webServer(async (request) => app.fetch(request)),
    );
  },
  'a server of Request and Response': (t, handler) => listening(t, webServer(handler.fetch)),
};

function expressApp(make: typeof express, handler: MetricsHandler, byHand: Body): express.Express {
  const app = make();
  app.use('/metrics', handler);
  app.get('/by-hand', async (_request, response) => void response.send(await byHand()));
  return app;
}

/** Serves what takes a `Request` and returns a `Response`, as Bun and Deno do. */
function webServer(answer: (request: Request) => Promise<Response>): Server {
  return createServer(async ({ method, url, headers }, response) => {
    const answered = await answer(new Request(`http://localhost${url}`, { method, headers: headers as never }));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  });
}

/** @returns the origin of an HTTP/2 server without TLS */
export const http2 = (t: Test, handler: MetricsHandler): Promise<string> => listening(t, createHttp2Server(handler));

async function listening(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
