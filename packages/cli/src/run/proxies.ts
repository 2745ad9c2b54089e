/** The proxies of config.json, as environment of new containers. */
import type {ConfigFile, ProxyConfig} from '../client/config-file.ts';

const variables: Record<string, keyof ProxyConfig> = {
  HTTP_PROXY: 'httpProxy',
  HTTPS_PROXY: 'httpsProxy',
  NO_PROXY: 'noProxy',
  FTP_PROXY: 'ftpProxy',
  ALL_PROXY: 'allProxy',
};

/** `HTTP_PROXY=…` and `http_proxy=…`, from the entry of this engine or from `default`. */
export function proxyEnvironment(config: ConfigFile, host: string): string[] {
  const proxies = config.proxies?.[host] ?? config.proxies?.default;
  if (!proxies) return [];
  return Object.entries(variables).flatMap(([name, key]) => {
    const value = proxies[key];
    return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : [];
  });
}
