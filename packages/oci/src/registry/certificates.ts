/** Docker's directory of certificates per registry: `<certs.d>/<host:port>/{*.crt,*.cert,*.key}`. */
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {rootCertificates} from 'node:tls';
import {EngineError} from '@longshore/errdefs';
import type {TlsOptions} from './http-client.ts';

/** Certificates for a host; empty when the directory has none for it. Throws `invalid-argument` for half a pair. */
export async function loadHostCertificates(certsDir: string, host: string): Promise<TlsOptions> {
  return await loadCertificates(join(certsDir, host));
}

/** Certificates of one directory. */
export async function loadCertificates(directory: string): Promise<TlsOptions> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw error;
  }
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const tls: TlsOptions = {};
  const authorities = await Promise.all(names.filter(name => name.endsWith('.crt')).map(read));
  if (authorities.length > 0) tls.ca = [...rootCertificates, ...authorities];
  for (const name of names.filter(name => name.endsWith('.cert'))) {
    const keyName = name.replace(/\.cert$/, '.key');
    if (!names.includes(keyName)) {
      const hint = 'CA certificates must use the extension .crt';
      throw new EngineError('invalid-argument', `missing key ${keyName} for client certificate ${name}. ${hint}`);
    }
    tls.cert = await read(name);
    tls.key = await read(keyName);
  }
  const orphan = names.find(name => name.endsWith('.key') && !names.includes(name.replace(/\.key$/, '.cert')));
  if (orphan) {
    const certificate = orphan.replace(/\.key$/, '.cert');
    throw new EngineError('invalid-argument', `missing client certificate ${certificate} for key ${orphan}`);
  }
  return tls;
}
