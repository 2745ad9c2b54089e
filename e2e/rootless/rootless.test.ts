/** An ordinary user's own engine: nothing of it is root's. The tests are one story, in order. */
import {execFileSync} from 'node:child_process';
import {readFileSync, statSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {env} from 'node:process';
import {loadBusyboxImage, poll} from '@longshore/testing';
import test from 'ava';
import {OrdinaryUser, whyNot} from './ordinary-user.ts';

const reason = await whyNot();
if (reason !== undefined && env.CI) throw new Error(`rootless engines cannot be tested here: ${reason}`);
if (reason !== undefined) console.log(`rootless engines cannot be tested here: ${reason}`);

/** Of slirp4netns: the loopback of the host, as it is seen from inside. */
const registry = '10.0.2.2:5000';

const story = reason === undefined ? test.serial : test.serial.skip;
let user: OrdinaryUser;

if (reason === undefined) {
  test.before('a machine with an ordinary user', async t => {
    for (const program of ['rootlesskit', 'slirp4netns', 'newuidmap', 'docker-registry']) {
      t.notThrows(() => execFileSync('which', [program]), `${program} is missing: run tools/setup`);
    }
    user = await OrdinaryUser.make();
  });
  test.after.always('is gone in the end', () => user?.[Symbol.asyncDispose]());
  test.afterEach.always('what the daemon said, after a failure', async t => {
    if (!t.passed) t.log((await user.outside(`tail -n 40 ${user.log}`)).stdout);
  });
}

story('who may not start it is told', async t => {
  const alone = await user.sh('dockerd');
  t.is(alone.code, 1);
  t.regex(alone.stderr, /dockerd needs to be started with root privileges\. To run dockerd in rootless mode/);
  t.regex(
    (await user.outside(`HOME=/root XDG_RUNTIME_DIR=/run ${user.directory}/bin/dockerd --rootless`)).stderr,
    /rootless mode needs a user namespace: start the daemon with dockerd-rootless\.sh/,
  );
  t.regex((await user.outside(`${user.directory}/bin/dockerd-rootless.sh`)).stderr, /it is for unprivileged users/);
  t.regex(
    (await user.sh('XDG_RUNTIME_DIR= dockerd-rootless.sh')).stderr,
    /XDG_RUNTIME_DIR needs to be set and writable/,
  );
  t.regex((await user.sh('dockerd-rootless.sh install')).stderr, /is a command of dockerd-rootless-setuptool\.sh/);
  const remapped = await user.sh('dockerd-rootless.sh --userns-remap default');
  t.regex(remapped.stderr, /userns-remap/);
  t.not(remapped.code, 0);
  const check = await user.sh('dockerd-rootless-setuptool.sh check --force --skip-iptables');
  t.deepEqual([check.code, check.stdout.trim()], [0, '[INFO] Requirements are satisfied'], check.stderr);
});

story('it is in the directories of the user', async t => {
  await user.startDaemon('--insecure-registry', registry);
  const info = JSON.parse(await user.docker('info', '--format', '{{json .}}'));
  t.is(info.DockerRootDir, join(user.home, '.local/share/docker'));
  t.true(info.SecurityOptions.includes('name=rootless'));
  t.is(info.CgroupDriver, 'none');
  t.false(info.MemoryLimit || info.PidsLimit || info.CpuCfsQuota);
  t.regex(info.Warnings[0], /^WARNING: Running in rootless-mode without cgroups\. /);
  for (const name of ['docker', 'docker.sock', 'docker.pid']) {
    const {mode, uid} = statSync(join(user.run, name));
    t.true((mode & 0o1000) !== 0, `${name} has the sticky bit`);
    t.is(uid, user.uid, name);
  }
});

story('images come and go, with what only root could unpack', async t => {
  await loadBusyboxImage(user.api);
  const config = join(user.directory, 'registry.yml');
  const storage = {filesystem: {rootdirectory: join(user.directory, 'registry')}};
  await writeFile(
    config,
    JSON.stringify({version: 0.1, log: {level: 'warn'}, storage, http: {addr: '127.0.0.1:5000'}}),
  );
  await user.serve(['/usr/bin/docker-registry', 'serve', config]);
  const ping = async () => (await user.outside('busybox wget -qO- http://127.0.0.1:5000/v2/')).code === 0;
  await poll(ping, {timeout: 30_000, what: 'the registry to answer'});
  // A layer that removes something, and one with a device, which only root of the host could make.
  await user.docker('run', '--name', 'changed', 'busybox', 'sh', '-c', 'rm -r /home /bin/ls; mkdir /home; touch /new');
  await user.docker('commit', 'changed', `${registry}/changed`);
  await user.docker('push', '--quiet', `${registry}/changed`);
  await user.docker('rm', 'changed');
  await user.docker('rmi', `${registry}/changed`);
  await user.docker('pull', '--quiet', `${registry}/changed`);
  const script = 'echo /home/* /new; [ -e /bin/ls ] || echo gone';
  t.is(await user.docker('run', '--rm', `${registry}/changed`, 'sh', '-c', script), '/home/* /new\ngone');
  const device = await user.outside(
    `cd ${user.directory}/dev && mkdir -p tree/bin && cp /bin/busybox tree/bin/sh && mknod tree/disk b 7 0 && tar -c -C tree -f ../tree.tar . && rm -r tree`,
  );
  t.is(device.code, 0, device.stderr);
  await user.docker('import', join(user.directory, 'tree.tar'), 'device');
  t.is(await user.docker('run', '--rm', 'device', '/bin/sh', '-c', 'echo /*'), '/bin /dev /etc /proc /sys');
});

story('containers run without cgroups', async t => {
  const limited = await user.sh(
    'docker run -d --name main --memory 64m --cpus 1 --oom-score-adj -500 busybox sh -c "echo said; exec sleep 1000"',
  );
  t.is(limited.code, 0, limited.stderr);
  t.regex(limited.stderr, /does not support memory limit capabilities.*Limitation discarded/);
  t.regex(limited.stderr, /NanoCPUs discarded/);
  t.is(await user.docker('logs', 'main'), 'said');
  const pid = await user.docker('inspect', '--format', '{{.State.Pid}}', 'main');
  t.regex(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\\t${user.uid}\\t`, 'm'));
  t.is(await user.docker('exec', '-u', 'user', 'main', 'id', '-u'), '1000');
  t.regex(await user.docker('top', 'main', '-o', 'pid,args'), /sleep 1000/);
  const paused = await user.sh('docker pause main');
  t.regex(paused.stderr, /cannot pause container .*cgroup not exist/);
  const one = async (...args: string[]) => (await user.docker('run', '--rm', ...args)).trim();
  t.is(
    await one('--device', '/dev/null:/dev/nothing', 'busybox', 'sh', '-c', '[ -c /dev/nothing ] && echo there'),
    'there',
  );
  t.is(await one('--privileged', 'busybox', 'sh', '-c', 'mount -t tmpfs none /tmp && echo mounted'), 'mounted');
  t.is(
    await one(
      '--pid',
      'host',
      '--ipc',
      'host',
      '--network',
      'host',
      'busybox',
      'sh',
      '-c',
      `[ -d /proc/${pid} ] && echo seen`,
    ),
    'seen',
  );
  t.is(
    await one('--network', 'container:main', 'busybox', 'ping', '-c', '1', '-q', '172.17.0.1').then(text =>
      /1 packets received/.test(text),
    ),
    true,
  );
  t.is(await user.docker('stop', '-t', '1', 'main'), 'main');
  await user.docker('rm', 'main');
});

story('ports are those of the host', async t => {
  const get = (port: number) => user.outside(`timeout 5 busybox wget -qO- http://127.0.0.1:${port}/`);
  const serve = 'mkdir /www; echo hello > /www/index.html; exec httpd -f -h /www';
  await user.docker(
    'run',
    '-d',
    '--name',
    'web',
    '--stop-timeout',
    '1',
    '-p',
    '8080:80',
    '-p',
    '127.0.0.1:8081:80',
    'busybox',
    'sh',
    '-c',
    serve,
  );
  for (const port of [8080, 8081]) {
    t.is(await poll(async () => (await get(port)).stdout, {timeout: 30_000, what: 'the container to answer'}), 'hello');
  }
  t.is((await user.sh('docker port web 80/tcp')).stdout, '0.0.0.0:8080\n[::]:8080\n127.0.0.1:8081');
  // The host's own: nobody sees it from inside.
  await user.serve(['/bin/busybox', 'httpd', '-f', '-p', '8090', '-h', '/etc']);
  const isServed = async () =>
    (await user.outside('timeout 5 busybox wget -qO- http://127.0.0.1:8090/group')).code === 0;
  await poll(isServed, {timeout: 30_000, what: 'the port to be taken'});
  const taken = await user.sh('docker run --rm -p 8090:80 busybox true');
  t.is(taken.code, 125);
  t.regex(taken.stderr, /address already in use/);
  await user.docker('run', '-d', '--name', 'next', '-p', '127.0.0.1:8090-8095:80', 'busybox', 'sh', '-c', serve);
  t.is(await user.docker('port', 'next', '80/tcp'), '127.0.0.1:8091');
  t.is(await poll(async () => (await get(8091)).stdout, {timeout: 30_000, what: 'the container to answer'}), 'hello');
  t.regex((await user.sh('docker run --rm -p 80:80 busybox true')).stderr, /cannot expose privileged port 80/);
  await user.docker('rm', '-f', 'next');
  t.not((await get(8091)).code, 0);
  await user.docker('network', 'create', 'mine');
  await user.docker('network', 'connect', 'mine', 'web');
  t.is(await user.docker('run', '--rm', '--network', 'mine', 'busybox', 'wget', '-qO-', 'http://web/'), 'hello');
});

story('files belong to the user and to the subordinate ids', async t => {
  await user.docker(
    'run',
    '--rm',
    '-v',
    'kept:/data',
    'busybox',
    'sh',
    '-c',
    'echo kept > /data/file; chown 1000 /data/file',
  );
  const file = join(user.home, '.local/share/docker/volumes/kept/_data/file');
  t.is(statSync(file).uid, 2_000_000 + 1000 - 1);
  t.is((await user.sh('docker cp web:/www/index.html - | tar -xO')).stdout, 'hello');
  const own = await user.sh(
    'mkdir ~/own && docker run --rm -v ~/own:/own busybox touch /own/file && stat -c %u ~/own/file',
  );
  t.is(own.stdout, String(user.uid));
});

story('it stops without a trace, and starts again', async t => {
  await user.docker('update', '--restart', 'always', 'web');
  t.is(await user.stopDaemon(), 0);
  const rest = await poll(
    async () => {
      const left = (await user.processes()).filter(each => !/docker-registry|busybox/.test(each));
      return left.length === 0 ? ['none'] : undefined;
    },
    {timeout: 30_000, what: 'all processes of the engine to end'},
  );
  t.deepEqual(rest, ['none']);
  await user.startDaemon();
  const get = async () => (await user.outside('timeout 5 busybox wget -qO- http://127.0.0.1:8080/')).stdout;
  t.is(await poll(get, {timeout: 30_000, what: 'the container to answer again'}), 'hello');
  t.is(await user.docker('run', '--rm', '-v', 'kept:/data', 'busybox', 'cat', '/data/file'), 'kept');
  const context = `docker context create rootless --docker host=unix://${user.socket} && unset DOCKER_HOST && docker context use rootless && docker ps -q`;
  t.regex((await user.sh(context)).stdout, /^rootless\nrootless\n[0-9a-f]{12}$/);
  await user.docker('rm', '-f', 'web');
  t.is(await user.stopDaemon(), 0);
});
