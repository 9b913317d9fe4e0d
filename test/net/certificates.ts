import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

export interface Certificates {
  /** Paths. */
  ca: string;
  cert: string;
  key: string;
}

/** A certificate for 127.0.0.1 and `metrics.test`, by a certificate authority that nobody knows. Needs openssl. */
export function makeCertificates(t: Test): Certificates {
  const folder = t.testdir({});
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=test authority');
  openssl('req', ...newKey, '-keyout', at('key.pem'), '-out', at('request.pem'), '-subj', '/CN=test');
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:metrics.test\n');
  const authority = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names')];
  openssl('x509', '-req', '-in', at('request.pem'), '-out', at('cert.pem'), ...authority);
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') };
}

/** The texts of certificates. */
export function readCertificates({ ca, cert, key }: Certificates): Certificates {
  const text = (path: string): string => readFileSync(path, 'utf8');
  return { ca: text(ca), cert: text(cert), key: text(key) };
}
