import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Body } from '../endpoint/bodies';

/** The build's output for `page` and the chart library, relative to `dist/src/dashboard`. */
const FOLDER = join(__dirname, '..', '..', 'dashboard');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The files of the page, read once. */
export class Assets {
  /** A hash of all files. It is part of their URLs, so that clients can cache them forever. */
  readonly version: string;
  readonly page: Body;
  private readonly files: ReadonlyMap<string, Body>;

  constructor() {
    const names = readdirSync(FOLDER).filter((name) => Object.hasOwn(TYPES, extname(name)));
    const texts = new Map(names.sort().map((name) => [name, readFileSync(join(FOLDER, name))]));
    const hash = createHash('sha256');
    for (const [name, text] of texts) hash.update(name).update(text);
    this.version = hash.digest('hex').slice(0, 16);
    const html = texts.get('index.html')!.toString().replaceAll('{version}', this.version);
    texts.set('index.html', Buffer.from(html));
    this.files = new Map([...texts].map(([name, text]) => [name, bodyOf(name, text)]));
    this.page = this.files.get('index.html')!;
  }

  find(version: string, name: string): Body | undefined {
    return version === this.version ? this.files.get(name) : undefined;
  }
}

function bodyOf(name: string, text: Buffer): Body {
  return new Body({ contentType: TYPES[extname(name)], body: new Uint8Array(text) });
}
