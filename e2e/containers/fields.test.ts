/** Fields of Config and HostConfig, each looked at from inside of the container or through the API. */
import {join} from 'node:path';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const docker = (...args: string[]) => engine().dockerOk(...args);
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const run = (...args: string[]) => docker('run', '--rm', ...args);
/** Creates by the API, starts, waits, and gives the output. */
async function output(body: Record<string, unknown>, version = 'v1.51'): Promise<string> {
  const {Id: id} = await engine().api.post<{Id: string}>(`/${version}/containers/create`, {Image: 'busybox', ...body});
  await engine().api.post(`/containers/${id}/start`);
  await engine().api.post(`/containers/${id}/wait`);
  const result = await docker('logs', id);
  await docker('rm', '-f', id);
  return result;
}
const status = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status";

test('capabilities, no-new-privileges, seccomp', async t => {
  t.regex(await run(...sh(status)), /CapEff:\t00000000a80425fb[\s\S]*NoNewPrivs:\t0\nSeccomp:\t2/);
  t.regex(await run('--cap-drop', 'ALL', '--cap-add', 'net_admin', ...sh(status)), /CapEff:\t0000000000001000/);
  t.regex(await run('--cap-drop', 'CAP_CHOWN', ...sh(status)), /CapEff:\t00000000a80425fa/);
  t.regex(await run('--security-opt', 'no-new-privileges', ...sh(status)), /NoNewPrivs:\t1/);
  t.regex(await run('--security-opt', 'seccomp=unconfined', ...sh(status)), /Seccomp:\t0/);
  t.regex(await run('-u', '1000', ...sh(status)), /CapPrm:\t0000000000000000[\s\S]*CapBnd:\t00000000a80425fb/);
  const privileged = await run('--privileged', ...sh(`${status}; ls /dev/loop0; grep ' /sys ' /proc/mounts`));
  t.regex(privileged, /Seccomp:\t0/);
  t.regex(privileged, /\/dev\/loop0/);
  t.regex(privileged, /^sysfs \/sys sysfs rw,/m);
});

test('user, its groups, and further ones by name and number', async t => {
  t.is(await run('-u', 'user', '--group-add', 'root', '--group-add', '55', ...sh('id -G')), '1000 0 55 2000');
  t.is(await run('-u', '7:8', ...sh('id -u; id -G')), '7\n8');
  t.regex(
    (await engine().docker('run', '--rm', '--group-add', 'nosuch', 'busybox')).stderr,
    /unable to find group nosuch/,
  );
});

test('read-only root, and paths that are masked or read-only', async t => {
  t.regex((await engine().docker('run', '--rm', '--read-only', ...sh('touch /x'))).stderr, /Read-only file system/);
  t.is(await run('--read-only', '--tmpfs', '/t', ...sh('touch /t/x /dev/shm/x && echo ok')), 'ok');
  const probe = 'cat /proc/timer_list | wc -c; (: > /proc/sys/kernel/hostname) 2>&1; ls -A /sys/firmware | wc -l';
  t.regex(await run(...sh(probe)), /^0\n.*Read-only file system\n0$/);
  const open = await output({
    Cmd: ['sh', '-c', 'grep -c " /proc/" /proc/mounts'],
    HostConfig: {MaskedPaths: [], ReadonlyPaths: []},
  });
  t.is(open, '0');
  const own = await output({Cmd: ['sh', '-c', 'ls -A /etc | wc -l'], HostConfig: {MaskedPaths: ['/etc']}});
  t.is(own, '0');
  t.is(await run('--security-opt', 'systempaths=unconfined', ...sh('grep -c " /proc/" /proc/mounts; true')), '0');
});

test('names: hostname, domain, further hosts, name servers', async t => {
  const flags = [
    '-h',
    'box',
    '--domainname',
    'example.test',
    '--add-host',
    'one:1.2.3.4',
    '--add-host',
    'gate:host-gateway',
  ];
  flags.push('--dns', '9.9.9.9', '--dns-search', 'find.test', '--dns-option', 'ndots:3');
  const text = await run(...flags, ...sh('hostname; cat /proc/sys/kernel/domainname /etc/hosts /etc/resolv.conf'));
  t.regex(text, /^box\nexample.test\n/);
  t.regex(text, /1\.2\.3\.4\tone\n172\.\d+\.0\.1\tgate\n172\.\S+\tbox\.example\.test box/);
  t.regex(text, /nameserver 9\.9\.9\.9\nsearch find\.test\noptions ndots:3/);
});

test('namespaces of the host and of another container', async t => {
  await docker('run', '-d', '--name', 'owner', '--ipc', 'shareable', '-h', 'owner', 'busybox', 'sleep', '600');
  t.regex(await run('--pid', 'container:owner', ...sh('ps')), /sleep 600/);
  await run('--ipc', 'container:owner', ...sh('echo shared > /dev/shm/x'));
  t.is(await docker('exec', 'owner', 'cat', '/dev/shm/x'), 'shared');
  t.is(await run('--network', 'container:owner', ...sh('hostname')), 'owner');
  const inode = (kind: string) => engine().run(['readlink', `/proc/self/ns/${kind}`]);
  for (const [flag, kind] of [
    ['pid', 'pid'],
    ['uts', 'uts'],
    ['ipc', 'ipc'],
    ['cgroupns', 'cgroup'],
  ] as const) {
    t.is(await run(`--${flag}`, 'host', ...sh(`readlink /proc/self/ns/${kind}`)), (await inode(kind)).stdout, kind);
  }
  t.not(await run('--cgroupns', 'private', ...sh('readlink /proc/self/ns/cgroup')), (await inode('cgroup')).stdout);
  t.is(await run('--ipc', 'none', ...sh('grep -c " /dev/shm " /proc/mounts; true')), '0');
  await docker('run', '-d', '--name', 'closed', '--ipc', 'private', 'busybox', 'sleep', '600');
  const join = await engine().docker('run', '--rm', '--ipc', 'container:closed', 'busybox', 'true');
  t.regex(join.stderr, /non-shareable/);
  await docker('rm', '-f', 'owner', 'closed');
});

test('init, terminal, working directory, environment, entrypoint', async t => {
  t.regex(await run('--init', ...sh('cat /proc/1/cmdline | tr "\\0" " "')), /^\/sbin\/docker-init -- sh/);
  t.is(await run('-e', 'A=1', '-e', 'PATH', '-w', '/made/here', ...sh('echo $A $PWD')), '1 /made/here');
  t.is(await output({Entrypoint: ['echo', 'a'], Cmd: ['b', 'c']}), 'a b c');
  t.is(await output({Entrypoint: [''], Cmd: ['echo', 'reset']}), 'reset');
  t.is(await output({Entrypoint: 'pwd', Cmd: null}), '/');
});

test('a container without any network', async t => {
  t.is(await output({NetworkDisabled: true, Cmd: ['sh', '-c', 'ls /sys/class/net']}), 'lo');
});

test('annotations and cgroup parent reach the runtime', async t => {
  const parent = `${engine().paths.cgroupParent}/below`;
  const flags = ['--annotation', 'com.example=yes', '--cgroup-parent', parent];
  const id = await docker('run', '-d', ...flags, 'busybox', 'sleep', '600');
  const {stdout} = await engine().ctr('containers', 'info', id);
  t.is(JSON.parse(stdout).Spec.annotations['com.example'], 'yes');
  t.regex(await docker('exec', id, 'cat', '/proc/1/cgroup'), new RegExp(`${parent}/${id}`));
  await docker('rm', '-f', id);
  // Nobody but its user knows when a parent is not needed any more.
  await engine().run(['sh', '-c', `rmdir /sys/fs/cgroup/*${parent} /sys/fs/cgroup${parent}`]);
});

test('stop signal and timeout', async t => {
  const script = 'trap "echo got; exit 9" USR1; while :; do sleep 0.1; done';
  await docker('run', '-d', '--name', 'sig', '--stop-signal', 'USR1', ...sh(script));
  await docker('stop', 'sig');
  t.is(await docker('inspect', '-f', '{{.State.ExitCode}}', 'sig'), '9');
  t.is(await docker('logs', 'sig'), 'got');
  await docker('run', '-d', '--name', 'deaf', '--stop-timeout', '1', 'busybox', 'sleep', '600');
  const begin = Date.now();
  await docker('stop', 'deaf');
  t.true(Date.now() - begin < 9000);
  t.is(await docker('inspect', '-f', '{{.State.ExitCode}}', 'deaf'), '137');
  await docker('rm', 'sig', 'deaf');
});

test('options that exclude each other', async t => {
  const refused = async (args: string[], message: RegExp) =>
    t.regex((await engine().docker('create', ...args, 'busybox', 'true')).stderr, message);
  await refused(['--network', 'container:x', '-h', 'a'], /conflicting options: hostname and the network mode/);
  await refused(['--network', 'container:x', '--dns', '1.1.1.1'], /conflicting options: dns and the network mode/);
  await refused(['--network', 'container:x', '-p', '80:80'], /conflicting options: port publishing and the container/);
  await refused(['--network', 'container:x', '--add-host', 'a:1.1.1.1'], /custom host-to-IP mapping/);
  await refused(['--uts', 'host', '-h', 'a'], /conflicting options: hostname and the UTS mode/);
  const warned = await engine().docker('create', '--network', 'host', '-p', '80:80', 'busybox', 'true');
  t.regex(warned.stderr, /Published ports are discarded when using host network mode/);
});

test('requests of older API versions', async t => {
  const inspect = async (body: Record<string, unknown>, version: string) => {
    const {Id} = await engine().api.post<{Id: string}>(`/${version}/containers/create`, {Image: 'busybox', ...body});
    const answer = await engine().api.get<Record<string, Record<string, unknown>>>(`/${version}/containers/${Id}/json`);
    await engine().api.delete(`/containers/${Id}`);
    return answer;
  };
  const old = await inspect({HostConfig: {Annotations: {a: 'b'}, ConsoleSize: [1, 2]}}, 'v1.39');
  t.like(old.HostConfig, {IpcMode: 'shareable', ConsoleSize: [0, 0]});
  t.is(old.HostConfig?.Annotations, undefined);
  t.false('ImageManifestDescriptor' in old);
  t.true('ImageManifestDescriptor' in (await inspect({}, 'v1.48')));
  const source = join(engine().paths.scratch);
  const mount = {Type: 'volume', Source: 'v', Target: '/v', VolumeOptions: {Subpath: 'a'}};
  const answer = await engine().api.send<{message: string}>('/v1.44/containers/create', {
    ...{method: 'POST', body: {Image: 'busybox', HostConfig: {Mounts: [mount]}}},
  });
  t.deepEqual([answer.status, answer.body.message], [400, 'VolumeOptions.Subpath needs API v1.45 or newer']);
  const misplaced = {Type: 'bind', Source: source, Target: '/v', VolumeOptions: {}};
  const bad = await engine().api.send<{message: string}>('/containers/create', {
    ...{method: 'POST', body: {Image: 'busybox', HostConfig: {Mounts: [misplaced]}}},
  });
  t.is(bad.body.message, 'VolumeOptions must not be specified on mount type "bind"');
  const mac = {MacAddress: '02:42:ac:11:00:99'};
  const {Warnings: warnings} = await engine().api.post<{Warnings: string[]}>('/containers/create', {
    Image: 'busybox',
    ...mac,
  });
  t.regex(warnings[0] ?? '', /container-wide MacAddress field is now deprecated/);
  t.is((await inspect(mac, 'v1.43')).Config?.MacAddress, mac.MacAddress);
});
