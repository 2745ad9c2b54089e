/**
 * What a container does to its own layer is there at its next start: links where /dev, /proc, /sys, /dev/shm and the files
 * of the engine are mounted. Nothing outside of its root is touched, and the start ends as the original's does.
 */
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {debianExecutables, type Engine} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

/** It may take mounts away, and so change what lies below them. */
const flags = '--cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined'.split(' ');

const swaps: [name: string, script: string][] = [
  [
    'a file of the engine',
    'umount /etc/hosts; rm -f /etc/hosts; ln -s ../../../../../..$VICTIM/file /etc/hosts; wc -l < /etc/hosts',
  ],
  ['a directory for a file', 'umount /etc/hosts; rm -f /etc/hosts; mkdir /etc/hosts; ls /etc/hosts'],
  [
    '/etc itself',
    'umount /etc/hosts /etc/resolv.conf /etc/hostname; [ -d /etc2 ] || { mv /etc /etc2; ln -s /etc2 /etc; }; ls /etc2',
  ],
  ['/sys', 'umount -l /sys; rmdir /sys; ln -s /tmp /sys; echo done'],
  ['/proc', 'umount -l /proc; rmdir /proc; ln -s ../../../../../..$VICTIM /proc; echo done'],
  ['/dev', 'umount -l /dev; rm -rf /dev; ln -s ../../../../../..$VICTIM /dev; ls -A /tmp'],
  ['/dev/shm', 'umount -l /dev; rm -rf /dev; mkdir /dev; ln -s /tmp /dev/shm; ls /tmp'],
];

interface Outcome {
  first: string;
  second: string;
  exitCode: number;
  error: string;
  victim: string[];
}

/** The same container twice, in the engine's words without what differs by nature. */
async function startTwice(engine: Engine, index: number, script: string): Promise<Outcome> {
  const {scratch, root} = engine.paths;
  const victim = join(scratch, `victim${index}`);
  mkdirSync(victim, {recursive: true});
  writeFileSync(join(victim, 'file'), 'kept\n');
  const name = `swap${index}`;
  const command = script.replaceAll('$VICTIM', victim);
  const docker = (...args: string[]) => engine.run([engine.executables.docker, ...args]);
  const first = await docker('run', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', command);
  const second = await docker('start', '-a', name);
  const {State: state} = await engine.api.get<{State: {ExitCode: number; Error: string}}>(`/containers/${name}/json`);
  await docker('rm', '-f', name);
  const clean = (text: string) =>
    text
      .replaceAll(root, '<root>')
      .replace(/[0-9a-f]{64}/g, '<id>')
      .replace('failed to create task for container: ', '')
      .replace(/: unknown/g, '')
      .replace(/\/proc\/self\/fd\/\d+/g, '<fd>');
  checkKept(victim);
  return {
    first: clean(String(first.stdout)),
    second: clean(String(second.stdout)),
    exitCode: state.ExitCode,
    error: clean(state.Error),
    victim: readdirSync(victim),
  };
}

function checkKept(victim: string): void {
  const text = readFileSync(join(victim, 'file'), 'utf8');
  if (text !== 'kept\n') throw new Error(`${victim} was written to: ${text}`);
}

test('links that a container leaves where the next start mounts', async t => {
  t.timeout(240_000);
  const [ours, original] = await Promise.all([
    openEngine(t, {}),
    openEngine(t, {executables: debianExecutables, leakCheck: false}),
  ]);
  const all = (engine: Engine) =>
    swaps.reduce<Promise<Outcome[]>>(
      async (before, [, script], index) => [...(await before), await startTwice(engine, index, script)],
      Promise.resolve([]),
    );
  const [own, theirs] = await Promise.all([all(ours), all(original)]);
  for (const [index, [name]] of swaps.entries()) {
    // Debian's runc makes links at the end of that of /dev, outside of the root: ours must not get that far.
    if (name === '/dev') t.like(own[index], {exitCode: 0, error: ''}, name);
    else t.deepEqual(own[index], theirs[index], name);
    t.deepEqual(own[index]?.victim, ['file'], name);
  }
  t.true(own.some(({error}) => error !== '') && own.some(({error}) => error === ''), 'both ends were seen');
});
