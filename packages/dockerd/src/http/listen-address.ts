import {lookup} from 'node:dns/promises';
import {isIP} from 'node:net';
import {EngineError} from '@longshore/errdefs';

/** The address to bind for a host name; IPv4 first, as the original does. Throws `invalid-argument`. */
export async function listenAddress(name: string): Promise<string> {
  if (isIP(name.split('%')[0] as string)) return name;
  try {
    const found = await lookup(name, {all: true});
    const chosen = found.find(({family}) => family === 4) ?? found[0];
    if (chosen) return chosen.address;
  } catch (error) {
    if (name === 'localhost') return '127.0.0.1'; // a host without /etc/hosts still has a loopback
    throw new EngineError('invalid-argument', `listen tcp: lookup ${name}: no such host`, {cause: error});
  }
  throw new EngineError('invalid-argument', `listen tcp: lookup ${name}: no such host`);
}
