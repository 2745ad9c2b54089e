/** Serves on the sockets it was started with, as after systemd's socket activation. For listen.test.ts. */
import {argv} from 'node:process';
import {discardLogger} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import {openListeners} from './listen.ts';

const [, , host = '', count = '', names = ''] = argv;
try {
  const listeners = await openListeners({
    hosts: [host],
    group: '',
    groupIsGiven: false,
    activated: {count: Number(count), names: names === '' ? [] : names.split(':')},
    tls: undefined,
    insecureTcpIsIntended: true,
    log: discardLogger(),
  });
  listeners.serve(async ({response}) => response.send(200, 'text/plain', listeners.addresses.join(' ')));
} catch (error) {
  console.error(messageOf(error));
  process.exit(1);
}
