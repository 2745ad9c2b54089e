/** Containers that go for the runtime that starts them: through /proc/self/exe, its descriptors, and mounts over /proc. */
import {execFileSync} from 'node:child_process';
import {readdirSync, realpathSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {poll} from '@longshore/testing';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';
import {lookAround, makeOutside, secret} from './outside.ts';

const engine = sharedEngine(test);

/** Opens what runs in the container and is not its own, and tries to write to it when that has ended. */
const catcher = `
echo '#!/proc/self/exe' >/evil; chmod 755 /evil; ln -s /proc/self/exe /link
while true; do
  for p in /proc/[0-9]*; do
    [ -e $p/exe ] || continue
    [ $p/exe -ef /bin/busybox ] && continue
    { echo caught
      for i in 1 2 3 4 5 6 7 8 9 10; do
        if true 2>/dev/null >>/proc/self/fd/9; then echo writable; fi
        [ -e $p ] && sleep 0.1
      done
    } 9<$p/exe
  done 2>/dev/null
done`;

test.serial('the runtime cannot be overwritten through /proc/self/exe', async t => {
  t.timeout(60_000);
  const runtime = realpathSync(
    execFileSync('which', ['runc'], {env: {PATH: `${process.env.PATH}:/usr/sbin:/sbin`}})
      .toString()
      .trim(),
  );
  const {path} = engine().executables;
  const files = [
    runtime,
    ...readdirSync(path)
      .filter(name => /^(docker|containerd|runc)/.test(name))
      .map(name => join(path, name)),
  ];
  const before = files.map(file => identityOf(file));
  await engine().dockerOk('run', '-d', '--name', 'catcher', '--cap-add', 'SYS_PTRACE', 'busybox', 'sh', '-c', catcher);
  const seen = () => engine().dockerOk('logs', 'catcher');
  let rounds = 0;
  const catchOne = async () => {
    const commands = [['/evil'], ['/link', 'init'], ['true']];
    await Promise.all(commands.map(command => engine().docker('exec', 'catcher', ...command)));
    rounds++;
    return (await seen()).includes('caught') && rounds >= 3;
  };
  await poll(catchOne, {timeout: 40_000, what: 'a process of the runtime to be caught'});
  for (const entry of ['/proc/self/exe', '/proc/self/fd/3']) {
    const started = await engine().docker('run', '--rm', 'busybox', entry, 'init');
    t.not(started.exitCode, 0, entry);
  }
  t.false((await seen()).includes('writable'));
  await engine().dockerOk('rm', '-f', 'catcher');
  t.deepEqual(files.map(identityOf), before);
  t.is(await engine().dockerOk('run', '--rm', 'busybox', 'echo', 'alive'), 'alive');
});

function identityOf(file: string): string {
  const {ino, size, ctimeNs} = statSync(file, {bigint: true});
  return `${file} ${ino} ${size} ${ctimeNs}`;
}

test.serial('no descriptor of the engine is a working directory', async t => {
  t.timeout(60_000);
  const outside = makeOutside(engine());
  const look = ['sh', '-c', lookAround(outside.path)];
  const reached = await engine().dockerOk('run', '--rm', '-v', '/:/host:ro', '-w', '/host', 'busybox', ...look);
  t.is(reached, secret, 'what looks for the secret finds it');
  const links = 'for n in 3 4 5 6 7 8 9 10 11 12 13; do ln -s /proc/self/fd/$n /link-$n; done; sleep 60';
  await engine().dockerOk('run', '-d', '--name', 'linked', 'busybox', 'sh', '-c', links);
  await engine().dockerOk('commit', 'linked', 'with-links');
  for (let number = 3; number <= 13; number++) {
    const directories = [`/proc/self/fd/${number}`, `/link-${number}`, `/proc/1/fd/${number}`];
    const outputs = await Promise.all([
      ...directories.map(directory => engine().docker('exec', '-w', directory, 'linked', ...look)),
      engine().docker('run', '--rm', '-w', directories[number % 2] as string, 'with-links', ...look),
    ]);
    for (const {stdout, stderr} of outputs) t.false(`${stdout}${stderr}`.includes(secret), `${number}`);
  }
  t.deepEqual(outside.changes(), []);
  await engine().dockerOk('rm', '-f', 'linked');
});

test.serial('nothing is mounted into /proc', async t => {
  t.timeout(60_000);
  const {scratch} = engine().paths;
  await engine().dockerOk('run', '--name', 'procs', 'busybox', 'ln', '-s', '/proc', '/p');
  await engine().dockerOk('commit', 'procs', 'with-proc-link');
  const refused = [
    ...['/proc', '/proc/sys', '/proc/1/attr', '/tmp/../proc/self', '/proc/sysrq-trigger', '/p/sys', '/p'].map(
      target => ['-v', `${scratch}:${target}`],
    ),
    ['-v', 'named:/proc/kcore'],
    // A tmpfs would be let in: it hides files, and nothing is written through it.
    ['--mount', `type=bind,source=/proc/sys,target=/proc/sys`],
  ];
  for (const settings of refused) {
    const {exitCode, stderr} = await engine().docker('run', '--rm', ...settings, 'with-proc-link', 'true');
    t.not(exitCode, 0, settings.join(' '));
    t.regex(stderr, /proc/, settings.join(' '));
  }
  const uptime = `${engine().paths.configFile}:/proc/uptime`;
  t.is(await engine().dockerOk('run', '--rm', '-v', uptime, 'busybox', 'cat', '/proc/uptime'), '{}', 'as lxcfs does');
  await engine().dockerOk('rm', 'procs');
});
