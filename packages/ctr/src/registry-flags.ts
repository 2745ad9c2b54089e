/** Flags of the commands that talk to a registry, and the client that they describe. */
import {openRegistry} from '@longshore/oci';
import {bool, type Flag, text, unsupported} from './command/command.ts';
import type {FlagValues} from './command/flag-values.ts';

export const registryFlags: Flag[] = [
  bool('skip-verify', 'Skip SSL certificate validation', 'k'),
  bool('plain-http', 'Allow connections using plain HTTP'),
  text('user', 'User[:password] Registry user and password', 'u'),
  text('refresh', 'Refresh token for authorization server'),
  text('hosts-dir', 'Custom hosts configuration directory'),
  ...unsupported(
    'put the files into a hosts directory and name it with --hosts-dir',
    text('tlscacert', 'Path to TLS root CA'),
    text('tlscert', 'Path to TLS client certificate'),
    text('tlskey', 'Path to TLS client key'),
  ),
  ...unsupported(
    'not implemented by this ctr yet',
    bool('http-dump', 'Dump all HTTP request/responses when interacting with container registry'),
    bool('http-trace', 'Enable HTTP tracing for registry interactions'),
  ),
];

export function registryOf(flags: FlagValues): ReturnType<typeof openRegistry> {
  const [username = '', ...rest] = flags.text('user').split(':');
  const refresh = flags.text('refresh');
  const credentials = refresh ? {identityToken: refresh} : username ? {username, password: rest.join(':')} : undefined;
  const hostsDir = flags.text('hosts-dir');
  return openRegistry({
    credentials: async () => credentials,
    plainHttp: flags.bool('plain-http'),
    skipVerify: flags.bool('skip-verify'),
    ...(hostsDir ? {hostsDir} : {}),
  });
}
