/**
 * Limits on the unified hierarchy, by systemd and by directories: each limit of the container API, the file it ends up in and
 * its value, beside Debian's own Docker in the same guest; statistics, metrics, memory that runs out, and what the API
 * promises and this hierarchy does not have. With LONGSHORE_LONG=1 only.
 */
import test from 'ava';
import {type Guest, hasVirtualMachines, importBox, isLong, openGuest} from './guest.ts';

const story = hasVirtualMachines && isLong ? test.serial : test.serial.skip;
let guest: Guest;
const sh = (command: string) => guest.sh(command);

/** This engine with either way to make cgroups, and Debian's. */
type Engine = 'systemd' | 'cgroupfs' | 'original';
const engines: Engine[] = ['systemd', 'cgroupfs', 'original'];
const ours = engines.filter(engine => engine !== 'original');

const program = (engine: Engine) =>
  engine === 'original' ? '/usr/bin/docker' : `/longshore/bin/docker -H unix:///run/ls-${engine}.sock`;
const docker = (engine: Engine, args: string) => sh(`${program(engine)} ${args}`);
const tryDocker = (engine: Engine, args: string) => guest.machine.run(`${program(engine)} ${args}`);
const idOf = (engine: Engine, name: string) => docker(engine, `inspect -f '{{.Id}}' ${name}`);
const groupOf = async (engine: Engine, name: string) =>
  engine === 'cgroupfs'
    ? `/sys/fs/cgroup/docker/${await idOf(engine, name)}`
    : `/sys/fs/cgroup/system.slice/docker-${await idOf(engine, name)}.scope`;

/** Answers of an engine at its socket. */
async function api(engine: Engine, path: string): Promise<unknown> {
  const socket = engine === 'original' ? '/run/docker.sock' : `/run/ls-${engine}.sock`;
  const script = `require('http').get({socketPath: '${socket}', path: '${path}'}, answer => answer.pipe(process.stdout))`;
  return JSON.parse(await sh(`/longshore/node -e "${script}"`));
}

if (hasVirtualMachines && isLong) {
  test.before('a machine boots, with three engines', async t => {
    guest = await openGuest({variant: 'peers'});
    for (const engine of ours) {
      const directory = `/run/ls-${engine}`;
      // As the units have it: containers' cgroups are not the daemon's.
      await sh(`systemd-run --quiet --unit=ls-${engine} -p Type=notify -p TimeoutStartSec=infinity -p KillMode=process -p Delegate=yes \
-E PATH=/longshore/bin:/usr/sbin:/usr/bin:/sbin:/bin /longshore/bin/dockerd -H unix:///run/ls-${engine}.sock \
--data-root /var/lib/ls-${engine} --exec-root ${directory} --pidfile ${directory}.pid --bridge none \
--exec-opt native.cgroupdriver=${engine} || { journalctl -u ls-${engine} -o cat --no-pager; exit 1; }`);
    }
    await sh('systemctl start docker.service');
    for (const engine of engines) {
      await sh(importBox.replace('docker import', `${program(engine)} import`));
      t.log(
        `${engine}: ${await docker(engine, "info --format '{{.ServerVersion}} {{.CgroupDriver}} {{.CgroupVersion}}'")}`,
      );
    }
  });
  test.after.always('and is switched off', () => guest?.[Symbol.asyncDispose]());
  test.afterEach.always('what the daemons said, after a failure', async t => {
    if (t.passed) return;
    t.log((await guest.machine.run("journalctl -u 'ls-*' -p warning -o cat --no-pager | tail -n 40")).stdout);
  });
}

/** Every file of a cgroup that a limit of the API is written to; only some kernels have those of BFQ. */
const files = [
  ...['cpu.weight', 'cpu.max', 'cpu.idle', 'cpuset.cpus', 'cpuset.mems', 'pids.max'],
  ...['memory.max', 'memory.swap.max', 'memory.low', 'memory.high', 'memory.min', 'memory.oom.group'],
  ...['io.weight', 'io.bfq.weight', 'io.max', 'hugetlb.2MB.max'],
];

async function limitsOf(engine: Engine, name: string): Promise<Record<string, string>> {
  const text = await sh(
    `cd ${await groupOf(engine, name)}; for f in ${files.join(' ')}; do [ ! -e $f ] || echo "$f=$(cat $f | xargs)"; done`,
  );
  return Object.fromEntries(
    text.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

const throttle = '254:0 rbps=1048576 wbps=2097152 riops=50 wiops=100';
/** Flags of `docker run`, and what they must have written. All else is as in a container without limits. */
const cases: [flags: string, expected: Record<string, string>][] = [
  ['', {'cpu.weight': '100', 'cpu.max': 'max 100000', 'memory.max': 'max', 'io.max': ''}],
  ['--cpu-shares 512', {'cpu.weight': '20'}],
  ['--cpu-shares 2', {'cpu.weight': '1'}],
  ['--cpu-shares 262144', {'cpu.weight': '10000'}],
  ['--cpus 0.5', {'cpu.max': '50000 100000'}],
  ['--cpu-period 60000 --cpu-quota 30000', {'cpu.max': '30000 60000'}],
  ['--cpu-quota 30000', {'cpu.max': '30000 100000'}],
  ['--cpuset-cpus 1 --cpuset-mems 0', {'cpuset.cpus': '1', 'cpuset.mems': '0'}],
  ['--cpuset-cpus 0-1', {'cpuset.cpus': '0-1'}],
  ['--memory 64m', {'memory.max': '67108864', 'memory.swap.max': '67108864'}],
  ['--memory 64m --memory-swap 64m', {'memory.max': '67108864', 'memory.swap.max': '0'}],
  ['--memory 64m --memory-swap -1', {'memory.max': '67108864', 'memory.swap.max': 'max'}],
  ['--memory-reservation 32m', {'memory.low': '33554432'}],
  ['--pids-limit 77', {'pids.max': '77'}],
  // As without the flag.
  ['--pids-limit -1', {}],
  ['--blkio-weight 300 --blkio-weight-device /dev/vda:200', {'io.weight': 'default 2930'}],
  [
    '--device-read-bps /dev/vda:1mb --device-write-bps /dev/vda:2mb --device-read-iops /dev/vda:50 --device-write-iops /dev/vda:100',
    {'io.max': throttle},
  ],
];

story('each limit is in its file, by both drivers, as with the original', async t => {
  // What a container without limits has. systemd limits the tasks of every unit; a directory has no limit of its own.
  const none = {} as Record<Engine, Record<string, string>>;
  for (const [flags, expected] of cases) {
    const found = {} as Record<Engine, Record<string, string>>;
    for (const engine of engines) {
      await docker(engine, `run -d --name limited --network none ${flags} box sleep 1000`);
      found[engine] = await limitsOf(engine, 'limited');
      await docker(engine, 'rm -f limited');
    }
    if (flags === '') Object.assign(none, found);
    for (const engine of ours) t.deepEqual(found[engine], {...none[engine], ...expected}, `${engine}: ${flags}`);
    t.deepEqual(found.systemd, found.original, `as the original: ${flags}`);
    const values = Object.keys(expected).map(file => `${file}: ${found.systemd[file]}`);
    t.log(`${flags || '(none)'}  →  ${values.join(', ')}`);
  }
});

const updates: [flags: string, expected: Record<string, string>][] = [
  ['--cpu-shares 2048', {'cpu.weight': '79'}],
  ['--cpu-period 50000 --cpu-quota 25000', {'cpu.max': '25000 50000'}],
  ['--cpuset-cpus 0 --cpuset-mems 0', {'cpuset.cpus': '0', 'cpuset.mems': '0'}],
  ['--memory 48m --memory-swap 64m', {'memory.max': '50331648', 'memory.swap.max': '16777216'}],
  ['--memory-reservation 24m', {'memory.low': '25165824'}],
  ['--pids-limit 33', {'pids.max': '33'}],
  ['--blkio-weight 500', {'io.weight': 'default 4950'}],
];

story('each limit that can be updated is, by both drivers, as with the original', async t => {
  for (const engine of engines) await docker(engine, 'run -d --name updated --network none box sleep 1000');
  for (const engine of engines) {
    const expected = await limitsOf(engine, 'updated');
    for (const [flags, changed] of updates) {
      await docker(engine, `update ${flags} updated`);
      t.deepEqual(await limitsOf(engine, 'updated'), Object.assign(expected, changed), `${engine}: ${flags}`);
    }
  }
  for (const engine of engines) await docker(engine, 'rm -f updated');
});

const unsupported = (what: string) => `Your kernel does not support ${what} or the cgroup is not mounted.`;
/** What the unified hierarchy does not have: dropped with a warning, or refused. */
const missing: [flags: string, code: number, message: string][] = [
  [
    '--memory-swappiness 60',
    0,
    `WARNING: ${unsupported('memory swappiness capabilities')} Memory swappiness discarded.`,
  ],
  [
    '--oom-kill-disable --memory 64m',
    0,
    'WARNING: Your kernel does not support OomKillDisable. OomKillDisable discarded.',
  ],
  ['--cpu-rt-period 10000', 1, 'Error response from daemon: kernel does not support CPU real-time scheduler'],
  ['--cpu-rt-runtime 10000', 1, 'Error response from daemon: kernel does not support CPU real-time scheduler'],
  ['--cpuset-cpus 7', 1, 'Error response from daemon: Requested CPUs are not available - requested 7, available: 0-1'],
];

story('what the hierarchy does not have is said, and the container has none of it', async t => {
  for (const [flags, code, message] of missing) {
    for (const engine of engines) {
      const result = await tryDocker(engine, `create --name odd --network none ${flags} box true`);
      t.is(result.code, code, `${engine}: ${flags}: ${result.stderr}`);
      // 20.10 says the same in some other words here and there.
      if (engine !== 'original') t.is(result.stderr.trim(), message, `${engine}: ${flags}`);
      else t.log(`${flags}: the original says: ${result.stderr.trim()}`);
      await tryDocker(engine, 'rm -f odd');
    }
  }
  // An old client's limit of kernel memory.
  const script = `const request = require('http').request({socketPath: '/run/ls-systemd.sock', method: 'POST',
path: '/v1.41/containers/create?name=kmem', headers: {'content-type': 'application/json'}},
answer => answer.pipe(process.stdout));
request.end(JSON.stringify({Image: 'box', Cmd: ['true'], HostConfig: {KernelMemory: 1e8, NetworkMode: 'none'}}))`;
  const answer = JSON.parse(await sh(`cat >/tmp/kmem.js <<'EOF'\n${script}\nEOF\n/longshore/node /tmp/kmem.js`));
  t.deepEqual(answer.Warnings, [`${unsupported('kernel memory limit capabilities')} Limitation discarded.`]);
  await docker('systemd', 'rm kmem');
});

story('docker info has no warnings, and the facts of the original', async t => {
  const info = {} as Record<Engine, Record<string, unknown>>;
  for (const engine of engines) {
    info[engine] = JSON.parse(await docker(engine, "info --format '{{json .}}'"));
    t.log(`${engine}: ${JSON.stringify(info[engine].Warnings)}`);
  }
  const facts = ['CgroupVersion', 'MemoryLimit', 'SwapLimit', 'CpuCfsPeriod', 'CpuCfsQuota', 'CPUShares', 'CPUSet'];
  for (const engine of ours) {
    t.is(info[engine].CgroupDriver, engine);
    t.falsy((info[engine].Warnings as string[] | null)?.length);
    for (const fact of [...facts, 'PidsLimit', 'OomKillDisable']) t.is(info[engine][fact], info.original[fact], fact);
  }
});

/** Paths of all values in a document, array elements as one. */
function shape(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap(each => shape(each, `${path}[]`)))];
  if (value === null || typeof value !== 'object') return [`${path}: ${value === null ? 'null' : typeof value}`];
  return Object.entries(value)
    .flatMap(([key, each]) => shape(each, `${path}.${key}`))
    .sort();
}

interface Stats {
  pids_stats: {current: number; limit?: number};
  memory_stats: {usage: number; limit: number; stats: Record<string, number>};
  cpu_stats: {online_cpus: number; cpu_usage: {total_usage: number}; system_cpu_usage: number};
}

story('statistics have the form of the original, and the values of the cgroup', async t => {
  // Some that is written to the disk, so that there is something to count.
  const work = "sh -c 'dd if=/dev/zero of=/file bs=1M count=4 conv=fsync 2>/dev/null; exec sleep 1000'";
  const stats = {} as Record<Engine, Stats>;
  for (const engine of engines) {
    const id = await docker(engine, `run -d --name counted --network none --memory 64m --pids-limit 20 box ${work}`);
    await sh(
      `for i in $(seq 300); do ${program(engine)} top counted | grep -q 'sleep 1000' && exit 0; sleep 0.2; done; exit 1`,
    );
    stats[engine] = (await api(engine, `/v1.41/containers/${id}/stats?stream=false`)) as Stats;
  }
  for (const engine of ours) {
    t.deepEqual(shape(stats[engine]), shape(stats.original), engine);
    const found = stats[engine];
    t.is(found.pids_stats.current, 1);
    t.is(found.memory_stats.limit, 64 * 1024 * 1024);
    t.is(found.cpu_stats.online_cpus, 2);
    t.true(found.memory_stats.usage > 4 * 1024 * 1024 && found.memory_stats.usage < 64 * 1024 * 1024);
    t.true(found.cpu_stats.cpu_usage.total_usage > 0);
    const group = await groupOf(engine, 'counted');
    // Nothing moves in a container that sleeps.
    t.is(String(found.memory_stats.stats.file), await sh(`awk '$1 == "file" {print $2}' ${group}/memory.stat`));
    t.is(String(found.memory_stats.stats.pgfault), await sh(`awk '$1 == "pgfault" {print $2}' ${group}/memory.stat`));
  }
});

story("ctr's metrics have the form of the original's, and the values of the cgroup", async t => {
  const metrics = {} as Record<Engine, Record<string, Record<string, number | string>>>;
  for (const engine of engines) {
    const ctr =
      engine === 'original'
        ? '/usr/bin/ctr'
        : `/longshore/bin/ctr -a ${await sh(`ls -d /run/ls-${engine}/containerd/containerd.sock`)}`;
    const id = await idOf(engine, 'counted');
    metrics[engine] = JSON.parse(await sh(`${ctr} -n moby tasks metrics --format json ${id}`));
    const table = await sh(`${ctr} -n moby tasks metrics ${id}`);
    if (engine !== 'cgroupfs') t.log(`${engine}:\n${table}`);
    for (const line of [/^pids\.current +1 *$/m, /^pids\.limit +20 *$/m, /^memory\.usage_limit +67108864 *$/m])
      t.regex(table, line);
    t.regex(table, /^cpu\.usage_usec +[1-9]\d* *$/m);
  }
  for (const engine of ours) {
    const group = await groupOf(engine, 'counted');
    t.is(String(metrics[engine].memory?.file), await sh(`awk '$1 == "file" {print $2}' ${group}/memory.stat`));
    // What 1.6 counts, we count too; later versions have more.
    const lacking = shape(metrics.original).filter(each => !shape(metrics[engine]).includes(each));
    t.deepEqual(lacking, [], engine);
  }
  for (const engine of engines) await docker(engine, 'rm -f counted');
});

story('memory that runs out is told by both drivers, and to clients of containerd', async t => {
  for (const engine of ours) {
    const events = `/tmp/events-${engine}`;
    await sh(
      `systemd-run --quiet --unit=ctr-${engine} -p StandardOutput=file:${events} /longshore/bin/ctr -a /run/ls-${engine}/containerd/containerd.sock -n moby events`,
    );
    const {code} = await tryDocker(
      engine,
      "run --name greedy --network none --memory 16m --memory-swap 16m box sh -c 'head -c 100m /dev/zero | tail'",
    );
    t.is(code, 137, engine);
    t.is(await docker(engine, "inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' greedy"), 'true 137');
    const id = await idOf(engine, 'greedy');
    await sh(
      `for i in $(seq 300); do grep -q '/tasks/oom.*${id}' ${events} && exit 0; sleep 0.2; done; cat ${events}; exit 1`,
    );
    await sh(`systemctl stop ctr-${engine}`);
    await docker(engine, 'rm greedy');
  }
});

story('pause, kill and devices by both drivers', async t => {
  for (const engine of ours) {
    await docker(
      engine,
      'run -d --name many --network none --device /dev/vda:/dev/disk box sh -c "sleep 1001 & sleep 1002 & wait"',
    );
    const group = await groupOf(engine, 'many');
    await docker(engine, 'pause many');
    t.is(await sh(`cat ${group}/cgroup.freeze; grep frozen ${group}/cgroup.events`), '1\nfrozen 1');
    await docker(engine, 'unpause many');
    t.is(await sh(`grep frozen ${group}/cgroup.events`), 'frozen 0');
    t.is(await docker(engine, "exec many sh -c 'head -c 1 /dev/disk | wc -c'"), '1');
    t.is(await docker(engine, "exec many sh -c 'mknod /tmp/b b 254 16; head -c 1 /tmp/b 2>/dev/null | wc -c'"), '0');
    await docker(engine, 'kill many');
    await sh(`for i in $(seq 300); do [ -d ${group} ] || exit 0; sleep 0.2; done; cat ${group}/cgroup.procs; exit 1`);
    t.is(await sh("pgrep -f 'sleep 100[12]' || true"), '', engine);
    await docker(engine, 'rm many');
  }
});

story('a profile of AppArmor that is not loaded is refused in the words of the original', async t => {
  const words = async (engine: Engine) => {
    const {code, stderr} = await tryDocker(engine, 'run --rm --network none --security-opt apparmor=nonesuch box true');
    // Versions put other words of their own in front.
    return `${code} ${/OCI runtime create failed: .*/.exec(stderr)?.[0]}`;
  };
  const original = await words('original');
  t.regex(original, /^127 .*unable to apply apparmor profile/);
  t.log(original);
  for (const engine of ours) t.is(await words(engine), original, engine);
});

story('limits of huge pages, and files that a configuration names, by the runtime', async t => {
  for (const [flag, cgroup, directory] of [
    ['--systemd-cgroup', 'system.slice:ls:huge', '/sys/fs/cgroup/system.slice/ls-huge.scope'],
    ['', '/ls-huge', '/sys/fs/cgroup/ls-huge'],
  ]) {
    await sh(`rm -rf /root/bundle; mkdir -p /root/bundle/rootfs/bin /root/bundle/rootfs/proc /root/bundle/rootfs/sys /root/bundle/rootfs/dev
cp /bin/busybox /root/bundle/rootfs/bin/; ln -s busybox /root/bundle/rootfs/bin/sleep
cd /root/bundle && /longshore/bin/runc-wrapper spec && /longshore/node -e "
const fs = require('fs'); const spec = JSON.parse(fs.readFileSync('config.json'));
spec.process.terminal = false; spec.process.args = ['sleep', '1000']; spec.linux.cgroupsPath = '${cgroup}';
spec.linux.resources = {...spec.linux.resources, hugepageLimits: [{pageSize: '2MB', limit: 4194304}],
  unified: {'memory.high': '33554432', 'pids.max': '11'}};
fs.writeFileSync('config.json', JSON.stringify(spec))"
/longshore/bin/runc-wrapper ${flag} run -d huge </dev/null >/dev/null 2>&1`);
    const has = await sh(`[ ! -e ${directory}/hugetlb.2MB.max ] || cat ${directory}/hugetlb.2MB.max`);
    t.is(has, '4194304', flag);
    t.is(await sh(`cat ${directory}/memory.high ${directory}/pids.max`), '33554432\n11');
    await sh('/longshore/bin/runc-wrapper delete -f huge');
    t.is(await sh(`[ ! -e ${directory} ] || echo there`), '');
  }
});
