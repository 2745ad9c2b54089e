/** Addresses of log collectors: `proto://host:port`. */

/** A host with an optional port; the port is text, as it was given. */
export interface HostPort {
  host: string;
  port: string;
}

/** Splits `host:port`, `[::1]:port` or a bare host. Undefined when there are too many colons. */
export function splitHostPort(text: string): HostPort | undefined {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) return {host: bracketed[1] ?? '', port: bracketed[2] ?? ''};
  const [host = '', port = '', ...more] = text.split(':');
  return more.length > 0 ? undefined : {host, port};
}

/** The scheme and what is behind `://`; undefined when there is none. */
export function splitScheme(address: string): [scheme: string, rest: string] | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(address);
  return match ? [(match[1] as string).toLowerCase(), match[2] as string] : undefined;
}
