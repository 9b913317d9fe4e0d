import { readFileSync, statSync } from 'node:fs';
import type { HttpOptions, TlsOptions } from './http-options';

/** A text, or the path of a file with the text, which is read again when the file has changed. */
class FileText {
  private version = '';
  private text = '';

  constructor(private readonly path: string) {}

  /** @throws Error if the file cannot be read */
  read(): string {
    const { mtimeMs, ctimeMs, size, ino } = statSync(this.path);
    const version = `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
    if (version !== this.version) {
      this.text = readFileSync(this.path, 'utf8');
      this.version = version;
    }
    return this.text;
  }
}

const PEMS = ['ca', 'cert', 'key'] as const;
type Pems = Partial<Record<(typeof PEMS)[number], string>>;

/** The files of an HTTP client: certificates and the bearer token. Rotated files take effect at the next request. */
export class HttpFiles {
  private readonly token: FileText | undefined;
  private readonly pems: readonly (readonly [keyof Pems, FileText | string])[];

  constructor(
    { bearerTokenFile }: HttpOptions,
    private readonly tls: TlsOptions = {},
  ) {
    this.token = bearerTokenFile === undefined ? undefined : new FileText(bearerTokenFile);
    this.pems = PEMS.flatMap((name) => {
      const given = tls[name];
      if (given === undefined) return [];
      return [[name, given.includes('-----BEGIN') ? given : new FileText(given)] as const];
    });
  }

  /** @throws Error if the file cannot be read, or has no token in it */
  bearerToken(): string | undefined {
    const token = this.token?.read().trim();
    // the text may be a secret: it is not shown
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      throw new Error('bearerTokenFile contains no valid bearer token');
    return token;
  }

  /** TLS options with the certificates as they are now; the same object while no file has changed. */
  resolved(known: (TlsOptions & Pems) | undefined): TlsOptions & Pems {
    const now = Object.fromEntries(
      this.pems.map(([name, pem]) => [name, typeof pem === 'string' ? pem : pem.read()]),
    ) as Pems;
    return known !== undefined && PEMS.every((name) => known[name] === now[name]) ? known : { ...this.tls, ...now };
  }
}
