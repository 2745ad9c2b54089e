/**
 * Proxies for what the daemon asks of the outside (registries). As in the original, what is configured is put into the
 * environment, where this process and the containerd that it starts find it.
 */
import type {Logger} from '@longshore/base';
import type {Config} from './config.ts';

/** As `docker info` shows them: without credentials. */
export interface ShownProxies {
  httpProxy: string;
  httpsProxy: string;
  noProxy: string;
}

type ProxyOptions = Pick<Config, 'httpProxy' | 'httpsProxy' | 'noProxy'>;

/** Changes `env`. What it had is gone, with a warning. */
export function applyProxies(config: ProxyOptions, env: NodeJS.ProcessEnv, log: Logger): void {
  const values = {HTTP_PROXY: config.httpProxy, HTTPS_PROXY: config.httpsProxy, NO_PROXY: config.noProxy};
  for (const [name, value] of Object.entries(values)) {
    if (value === '') continue;
    for (const each of [name, name.toLowerCase()]) {
      const before = env[each] ?? '';
      if (before !== '' && before !== value) {
        log.warn(
          {name: each, 'old-value': maskCredentials(before), 'new-value': maskCredentials(value)},
          'overriding existing proxy variable with value from configuration',
        );
      }
      env[each] = value;
    }
  }
}

export function shownProxies(env: NodeJS.ProcessEnv): ShownProxies {
  const read = (name: string) => env[name] || env[name.toLowerCase()] || '';
  return {
    httpProxy: maskCredentials(read('HTTP_PROXY')),
    httpsProxy: maskCredentials(read('HTTPS_PROXY')),
    noProxy: read('NO_PROXY'),
  };
}

/** User and password of a URL as x's; other texts as they are. */
export function maskCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1xxxxx:xxxxx@');
}

/** What is wrong with a proxy's address, or undefined. */
export function proxyFault(name: string, text: string): string | undefined {
  if (text === '') return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!url || url.hostname === '') return `invalid --${name} ${JSON.stringify(maskCredentials(text))}: it is no URL`;
  if (url.protocol === 'http:' || url.protocol === 'https:') return undefined;
  return `--${name}: proxies of the protocol ${url.protocol}// are not supported, only http:// and https://`;
}
