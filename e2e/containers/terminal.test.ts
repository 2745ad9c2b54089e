/** `docker run -it` and its relatives on a real pseudo-terminal. */

import {poll} from '@longshore/testing';
import test from 'ava';
import {dockerClients} from '../harness/clients.ts';
import {sharedEngine} from '../harness/shared-engine.ts';
import {Terminal} from '../harness/terminal.ts';

const engine = sharedEngine(test);

/** Asks until the answer is right: a client sets the size a moment after the shell is there. */
async function expectSize(terminal: Terminal, size: string): Promise<void> {
  const ask = () => {
    terminal.type('stty size\r');
    return terminal.shown.includes(size);
  };
  await poll(ask, {interval: 200, what: `the size ${size} inside the container`});
}

for (const client of dockerClients) {
  const open = (...args: string[]) => new Terminal(engine(), [client.path(engine()), ...args]);

  test(`${client.name}: an interactive shell with the terminal's size, and resized`, async t => {
    using terminal = open('run', '--rm', '-it', 'busybox', 'sh');
    await terminal.expect('# ');
    terminal.type('tty\r');
    await terminal.expect('/dev/pts/0');
    await expectSize(terminal, '24 80');
    terminal.resize({rows: 50, columns: 132});
    await expectSize(terminal, '50 132');
    terminal.type('exit 5\r');
    t.is(await terminal.exited, 5);
  });

  test(`${client.name}: Ctrl-C interrupts the process in the container`, async t => {
    using terminal = open(
      'run',
      '--rm',
      '-it',
      'busybox',
      'sh',
      '-c',
      'trap "echo caught; exit 4" INT; echo go; while :; do sleep 0.1; done',
    );
    await terminal.expect('go');
    terminal.type('\x03');
    await terminal.expect('caught');
    t.is(await terminal.exited, 4);
  });

  test(`${client.name}: Ctrl-P Ctrl-Q detaches and the container goes on`, async t => {
    const name = `detached-${client.name.replaceAll(/\W/g, '')}`;
    using terminal = open('run', '-it', '--name', name, 'busybox', 'sh');
    await terminal.expect('# ');
    terminal.type('\x10\x11');
    t.is(await terminal.exited, 0);
    t.is(await engine().dockerOk('inspect', '-f', '{{.State.Running}}', name), 'true');
    using again = open('attach', name);
    again.type('echo back $((40 + 2))\r');
    await again.expect('back 42');
    again.type('exit\r');
    t.is(await again.exited, 0);
    await engine().dockerOk('rm', name);
  });

  test(`${client.name}: exec -it`, async t => {
    const id = await engine().dockerOk('run', '-d', 'busybox', 'sleep', '60');
    using terminal = open('exec', '-it', id, 'sh');
    await terminal.expect('# ');
    await expectSize(terminal, '24 80');
    terminal.type('exit 6\r');
    t.is(await terminal.exited, 6);
    await engine().dockerOk('rm', '-f', id);
  });
}
