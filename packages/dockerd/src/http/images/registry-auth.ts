/** The X-Registry-Auth header: credentials of the user for one registry. */
import type {AuthConfig} from '@longshore/api/engine';
import type {RegistryCredentials} from '../../core/images/image-store.ts';

/** Undefined without credentials. A header that cannot be read counts as none, as with the original. */
export function readRegistryAuth(header: string): RegistryCredentials | undefined {
  return credentialsOf(decode(header));
}

/** Undefined when none of it is given. */
export function credentialsOf(config: AuthConfig): RegistryCredentials | undefined {
  const [user = '', ...secret] = config.auth ? Buffer.from(config.auth, 'base64').toString().split(':') : [];
  const credentials = {
    username: config.auth ? user : (config.username ?? ''),
    password: config.auth ? secret.join(':').replace(/\0+$/, '') : (config.password ?? ''),
    identityToken: config.identitytoken ?? '',
    registryToken: config.registrytoken ?? '',
  };
  return Object.values(credentials).some(value => value !== '') ? credentials : undefined;
}

function decode(header: string): AuthConfig {
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    if (typeof value !== 'object' || value === null) return {};
    const texts = Object.entries(value).filter(([, each]) => typeof each === 'string');
    return Object.fromEntries(texts.map(([key, each]) => [key.toLowerCase(), each]));
  } catch {
    return {};
  }
}
