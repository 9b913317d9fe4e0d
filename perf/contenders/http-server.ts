import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Served } from './contender';

const compress = promisify(gzip);

/**
 * How the peers are served in their own documentation: a request handler on the thread that records. Compressed where the
 * scraper accepts it, as people do who put a middleware in front.
 */
export async function serveText(contentType: string, render: () => Promise<string | Uint8Array>): Promise<Served> {
  const server = createServer(async (request, response) => {
    try {
      response.setHeader('Content-Type', contentType);
      const text = await render();
      if (!request.headers['accept-encoding']?.includes('gzip')) return response.end(text);
      response.setHeader('Content-Encoding', 'gzip');
      response.end(await compress(text));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/metrics`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
