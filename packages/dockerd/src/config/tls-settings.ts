/** What the TLS options mean together, and what is missing of them. */
import {existsSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import type {Config} from './config.ts';

export interface TlsSettings {
  /** Clients must show a certificate of our authority. */
  verify: boolean;
  /** Paths of PEM files; `ca` is empty for the authorities that the runtime knows. */
  ca: string;
  cert: string;
  key: string;
}

/** Of the environment, as the original reads it. */
export interface TlsEnvironment {
  /** DOCKER_CERT_PATH: directory of ca.pem, cert.pem and key.pem. */
  certPath: string;
  /** DOCKER_TLS_VERIFY is set to something. */
  tlsVerify: boolean;
}

type TlsOptions = Pick<Config, 'tls' | 'tlsVerify' | 'tlsCaCert' | 'tlsCert' | 'tlsKey'>;

/**
 * Undefined without TLS. Naming `--tlsverify` at all, even as false, turns TLS on; TLS alone verifies clients, only
 * `--tlsverify=false` does not.
 */
export function tlsSettings(config: TlsOptions, environment: TlsEnvironment): TlsSettings | undefined {
  const verify = config.tlsVerify ?? (environment.tlsVerify ? true : undefined);
  if (verify === undefined && !config.tls) return undefined;
  const directory = environment.certPath || join(homedir(), '.docker');
  const standard = (name: string) => {
    const path = join(directory, name);
    return existsSync(path) ? path : '';
  };
  return {
    verify: verify ?? true,
    ca: config.tlsCaCert || standard('ca.pem'),
    cert: config.tlsCert || standard('cert.pem'),
    key: config.tlsKey || standard('key.pem'),
  };
}

/** False when nobody has said that TCP without authentication is what they want: the start is slowed down then. */
export function insecureTcpIsIntended({tls, tlsVerify}: Pick<Config, 'tls' | 'tlsVerify'>): boolean {
  return tls === false || tlsVerify !== undefined;
}
