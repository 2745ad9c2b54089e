/** Links in an image where a mount point should be, before a start and swapped during it. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';
import {makeOutside, type Outside, secret} from './outside.ts';

const engine = sharedEngine(test);
let outside: Outside;
let inside: string;
const rounds = process.env.LONGSHORE_LONG ? 200 : 12;

test.serial('an image with links to the machine is made', async t => {
  t.timeout(30_000);
  outside = makeOutside(engine());
  inside = join(engine().paths.scratch, 'inside');
  mkdirSync(inside);
  writeFileSync(join(inside, 'file'), 'given');
  const up = '../../../../../../../../..';
  const script = `ln -s ${outside.path} /absolute; ln -s ${up}${outside.path} /relative; ln -s ${outside.path}/none /dangling
    ln -s ${outside.path}/passwd /etc/shadow; mkdir /volume; ln -s ${outside.path} /volume/link`;
  await engine().dockerOk('run', '--name', 'linking', 'busybox', 'sh', '-c', script);
  t.regex(await engine().dockerOk('commit', 'linking', 'linking'), /^sha256:/);
});

const settings: [name: string, args: string[]][] = [
  ...['absolute', 'relative', 'dangling'].flatMap((link): [string, string[]][] => [
    [`a directory on a link, ${link}`, ['-v', `@:/${link}`]],
    [`a directory behind a link, ${link}`, ['-v', `@:/${link}/new/deep`]],
    [`a file behind a link, ${link}`, ['-v', `@/file:/${link}/new-file`]],
    [`a volume behind a link, ${link}`, ['-v', `/${link}/volume`]],
    [`a volume on a link, ${link}`, ['-v', `/${link}`]],
    [`a tmpfs behind a link, ${link}`, ['--tmpfs', `/${link}/tmpfs`]],
    [`a working directory behind a link, ${link}`, ['-w', `/${link}/work`]],
  ]),
  ['a volume that is filled from a link', ['-v', '/volume']],
  ['a read-only root', ['--read-only', '-v', '@:/absolute/new', '--tmpfs', '/relative/tmpfs']],
];

test.serial('links where mount points should be lead to nothing of the machine', async t => {
  t.timeout(120_000);
  const look = 'cat /absolute/file /relative/file /volume/link/file /etc/shadow 2>/dev/null; true';
  const run = async ([name, args]: (typeof settings)[number]) => {
    const filled = args.map(arg => arg.replace('@', inside));
    const {stdout, stderr} = await engine().docker('run', '--rm', ...filled, 'linking', 'sh', '-c', look);
    t.false(stdout.includes(secret) || stdout.includes('planted'), `${name}: ${stdout} ${stderr}`);
    t.deepEqual(outside.changes(), [], name);
  };
  for (let at = 0; at < settings.length; at += 3) await Promise.all(settings.slice(at, at + 3).map(run));
});

test.serial("links in the place of the engine's own mounts lead to nothing of the machine", async t => {
  t.timeout(60_000);
  const places = ['/etc/hosts', '/etc/resolv.conf', '/etc/hostname', '/etc/mtab', '/proc', '/sys', '/dev', '/etc'];
  const cases = places.map(async (place, index) => {
    const name = `place-${index}`;
    const target = ['/etc/hosts', '/etc/resolv.conf', '/etc/hostname'].includes(place)
      ? `${outside.path}/file`
      : outside.path;
    // What is mounted there has to go first, which takes a privileged container.
    const script = `umount -l ${place}; rm -rf ${place}; exec ln -s ${target} ${place}`;
    await engine().dockerOk('run', '--privileged', '--name', name, 'busybox', 'sh', '-c', script);
    await engine().dockerOk('commit', name, name);
    const command = ['sh', '-c', 'cat /etc/hosts /etc/hostname /file /dev/file /sys/file 2>/dev/null; : >/etc/hosts'];
    const {stdout} = await engine().docker('run', '--rm', name, ...command);
    t.false(stdout.includes(secret), `${place}: ${stdout}`);
    const user = await engine().docker('run', '--rm', '-u', 'planted', name, 'id');
    t.not(user.exitCode, 0, `${place}: a user of the machine`);
    await engine().docker('cp', join(inside, 'file'), `${name}:${place}/copied`);
    t.deepEqual(outside.changes(), [], place);
    await engine().dockerOk('rm', name);
  });
  await Promise.all(cases);
});

test.serial('links that are swapped during starts lead to nothing of the machine', async t => {
  t.timeout(rounds * 5000);
  const script = `cd /shared; mkdir d; ln -s ${outside.path} link
    while true; do mv d kept; mv link d; mv d link; mv kept d; done`;
  await engine().dockerOk('run', '-d', '--name', 'swapping', '-v', 'shared:/shared', 'busybox', 'sh', '-c', script);
  let started = 0;
  for (let round = 0; round < rounds; round++) {
    const args = [
      '-v',
      'shared:/shared',
      '-v',
      `${inside}:/shared/d/new-${round}`,
      '--tmpfs',
      `/shared/d/tmpfs-${round}`,
    ];
    const look = `cat /shared/d/file ${outside.path}/file 2>/dev/null; echo started`;
    const {stdout} = await engine().docker('run', '--rm', ...args, 'busybox', 'sh', '-c', look);
    t.false(stdout.includes(secret));
    if (stdout.includes('started')) started++;
    t.deepEqual(outside.changes(), []);
  }
  t.log(`${started} of ${rounds} started`);
  t.true(started > 0);
  await engine().dockerOk('rm', '-f', 'swapping');
});
