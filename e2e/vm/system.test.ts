/**
 * An administrator's machine: Debian 12 with systemd, the unified cgroup hierarchy and AppArmor. Longshore is installed from
 * its packages, started by its socket, used, reloaded, upgraded below running containers, rebooted, removed and purged.
 * The tests are one story, in order.
 */
import {env} from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {type Guest, hasVirtualMachines, importBox, installPackages, isLong, openGuest} from './guest.ts';

const story = hasVirtualMachines ? test.serial : test.serial.skip;
/** In `npm run test:vm` only. */
const long = isLong ? story : test.serial.skip;
let guest: Guest;
const sh = (command: string) => guest.sh(command);

if (hasVirtualMachines) {
  test.before('a machine boots', async () => {
    guest = await openGuest({packages: isLong ? ['0.1.0', '0.1.1'] : ['0.1.0']});
  });
  test.after.always('and is switched off', () => guest?.[Symbol.asyncDispose]());
  test.afterEach.always('what the daemons said, after a failure', async t => {
    if (t.passed) return;
    const {stdout} = await guest.machine.run('journalctl -u docker -u containerd -o cat --no-pager | tail -n 40');
    t.log(stdout);
  });
}

story('packages are installed, and the first client starts the engine', async t => {
  await installPackages(guest, '0.1.0');
  t.is(await sh('systemctl is-enabled docker.socket docker.service containerd.service'), 'enabled\nenabled\nenabled');
  t.is(
    await sh('systemctl is-active docker.socket containerd.service; systemctl is-active docker.service || true'),
    'active\nactive\ninactive',
  );
  t.is(await sh('stat -c "%a %U %G" /run/docker.sock'), '660 root docker');
  t.regex(await sh('docker version --format "{{.Server.Version}}"'), /longshore/);
  t.is(await sh('systemctl is-active docker.service'), 'active');
  t.regex(await sh('systemctl show docker.service -p Type,MainPID,NotifyAccess'), /Type=notify/);
  // containerd's unit is used, and no second containerd is started.
  t.is(await sh('pgrep -xc containerd'), '1');
  await sh(importBox);
});

story('the engine knows where it is', async t => {
  const info = JSON.parse(await sh("docker info --format '{{json .}}'"));
  t.like(info, {
    CgroupDriver: 'systemd',
    CgroupVersion: '2',
    MemoryLimit: true,
    CpuCfsQuota: true,
    PidsLimit: true,
    CPUSet: true,
  });
  t.deepEqual(info.SecurityOptions, ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns']);
  t.falsy(info.Warnings?.length, String(info.Warnings));
});

story('a container is a scope of systemd, with a cgroup namespace of its own, confined', async t => {
  const inside = await sh(
    "docker run --rm --name here box sh -c 'cat /proc/self/attr/current /proc/self/cgroup; grep Seccomp: /proc/self/status; grep cgroup /proc/mounts'",
  );
  t.regex(inside, /^docker-default \(enforce\)\n0::\/\nSeccomp:\t2\ncgroup \/sys\/fs\/cgroup cgroup2 ro,/);
  await sh('docker run -d --name unit box sleep 1000');
  const scope = `docker-${await sh("docker inspect -f '{{.Id}}' unit")}.scope`;
  t.is(await sh(`systemctl is-active ${scope}`), 'active');
  t.is(await sh(`cat /proc/$(docker inspect -f '{{.State.Pid}}' unit)/cgroup`), `0::/system.slice/${scope}`);
  await sh('docker rm -f unit');
  t.is(await sh(`systemctl list-units --all --plain --no-legend 'docker-*.scope'`), '');
  t.regex(
    await sh('docker run --rm --cgroupns host --cgroup-parent my-own.slice box cat /proc/self/cgroup'),
    /^0::\/my\.slice\/my-own\.slice\/docker-\w+\.scope$/,
  );
  const bad = await guest.machine.run('docker run --rm --cgroup-parent /mine box true');
  t.is(bad.code, 125);
  t.regex(bad.stderr, /cgroup-parent for systemd cgroup should be a valid slice named as "xxx\.slice"/);
});

/** Flag of `docker run`, the file of the cgroup, and what must be in it. */
const limits: [flag: string, file: string, value: string][] = [
  ['--cpu-shares 512', 'cpu.weight', '20'],
  ['--cpu-quota 30000 --cpu-period 60000', 'cpu.max', '30000 60000'],
  ['--cpuset-cpus 1', 'cpuset.cpus', '1'],
  ['--cpuset-mems 0', 'cpuset.mems', '0'],
  ['--memory 64m', 'memory.max', '67108864'],
  ['--memory-swap 96m', 'memory.swap.max', '33554432'],
  ['--memory-reservation 32m', 'memory.low', '33554432'],
  ['--pids-limit 77', 'pids.max', '77'],
  ['--blkio-weight 300', 'io.weight', 'default 2930'],
  [
    '--device-read-bps /dev/vda:1mb --device-write-bps /dev/vda:2mb',
    'io.max',
    '254:0 rbps=1048576 wbps=2097152 riops=50 wiops=100',
  ],
  [
    '--device-read-iops /dev/vda:50 --device-write-iops /dev/vda:100',
    'io.max',
    '254:0 rbps=1048576 wbps=2097152 riops=50 wiops=100',
  ],
];

story('every limit has its file and value in the cgroup', async t => {
  await sh(
    `docker run -d --name limits --ulimit nofile=1000:2000 --oom-score-adj 300 ${limits.map(([flag]) => flag).join(' ')} box sleep 1000`,
  );
  const directory = `/sys/fs/cgroup/system.slice/docker-${await sh("docker inspect -f '{{.Id}}' limits")}.scope`;
  for (const [flag, file, value] of limits) {
    const found = await sh(`cat ${directory}/${file}`);
    t.is(found, value, flag);
    t.log(`${flag.padEnd(66)} ${file.padEnd(16)} ${found}`);
  }
  // Of the container's own process: runc 1.1 may lose an exec's soft limit, as its Go runtime raises it to the hard one.
  const own = "grep 'open files' /proc/1/limits | xargs; cat /proc/1/oom_score_adj";
  t.is(await sh(`docker exec limits sh -c "${own}"`), 'Max open files 1000 2000 files\n300');
  await sh(
    'docker update --cpu-period 100000 --cpu-quota 25000 --memory 100m --memory-swap 100m --pids-limit 50 --cpu-shares 1024 limits',
  );
  t.is(
    await sh(`cd ${directory} && cat cpu.max memory.max memory.swap.max pids.max cpu.weight`),
    '25000 100000\n104857600\n0\n50\n39',
  );
  // systemd knows the values too: a reload of its units does not put the old ones back.
  await sh('systemctl daemon-reload');
  t.is(await sh(`cd ${directory} && cat cpu.max memory.max pids.max`), '25000 100000\n104857600\n50');
});

story('statistics, pause and resume by the unified hierarchy', async t => {
  t.regex(await sh("docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' limits"), /\/ 100MiB 1$/);
  const freeze = `/sys/fs/cgroup/system.slice/docker-$(docker inspect -f '{{.Id}}' limits).scope/cgroup.freeze`;
  await sh('docker pause limits');
  t.is(await sh(`cat ${freeze}`), '1');
  t.is(await sh("docker inspect -f '{{.State.Status}}' limits"), 'paused');
  await sh('docker unpause limits');
  t.is(await sh(`cat ${freeze}`), '0');
  await sh('docker rm -f limits');
});

story('the kernel ends a container that wants too much memory, and the engine says so', async t => {
  const {code} = await guest.machine.run(
    "docker run --name greedy --memory 16m --memory-swap 16m box sh -c 'head -c 100m /dev/zero | tail'",
  );
  t.is(code, 137);
  t.is(await sh("docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' greedy"), 'true 137');
  t.regex(
    await sh("docker events --since 5m --until 0s --filter event=oom --format '{{.Actor.Attributes.name}}'"),
    /^greedy$/m,
  );
  await sh('docker rm greedy');
});

story('devices: none but those that were given', async t => {
  const read = 'head -c 1 /dev/disk | wc -c';
  t.is(await sh(`docker run --rm --device /dev/vda:/dev/disk box sh -c '${read}'`), '1');
  t.is(await sh("docker run --rm box sh -c 'mknod /tmp/disk b 254 0; head -c 1 /tmp/disk 2>/dev/null | wc -c'"), '0');
  t.is(
    await sh(
      "docker run --rm --device-cgroup-rule 'b 254:* rmw' box sh -c 'mknod /tmp/disk b 254 0; head -c 1 /tmp/disk | wc -c'",
    ),
    '1',
  );
});

story('AppArmor: the default, none, one of the administrator, one that is not there', async t => {
  const profile = 'cat /proc/self/attr/current';
  t.is(await sh(`docker run --rm --privileged box ${profile}`), 'unconfined');
  t.is(await sh(`docker run --rm --security-opt apparmor=unconfined box ${profile}`), 'unconfined');
  t.regex(
    await sh("docker run --rm --cap-add SYS_ADMIN box sh -c 'mount -t tmpfs x /tmp 2>&1 || true'"),
    /[Pp]ermission denied/,
  );
  await sh(
    "echo 'profile my-own flags=(attach_disconnected,mediate_deleted) { file, network, capability, signal, deny /etc/passwd r, }' | apparmor_parser -r",
  );
  await sh('docker run -d --name own --security-opt apparmor=my-own box sleep 1000');
  t.is(await sh(`docker exec own ${profile}`), 'my-own (enforce)');
  t.is(await sh("docker inspect -f '{{.AppArmorProfile}}' own"), 'my-own');
  t.regex((await guest.machine.run('docker exec own cat /etc/passwd')).stderr, /Permission denied/);
  await sh('docker rm -f own');
  await sh('docker run -d --name default box sleep 1000');
  t.is(await sh(`docker exec default ${profile}`), 'docker-default (enforce)');
  await sh('docker rm -f default');
  const missing = await guest.machine.run('docker run --rm --security-opt apparmor=nonesuch box true');
  t.is(missing.code, 127); // as Docker: the message has "no such file or directory"
  t.regex(missing.stderr, /unable to apply apparmor profile: .*: no such file or directory/);
  // Somebody unloads the default: the next container has it again.
  await sh("echo 'profile docker-default {}' | apparmor_parser -R");
  t.is(await sh(`docker run --rm box ${profile}`), 'docker-default (enforce)');
});

story('a reload is told to systemd and to clients', async t => {
  await sh(`echo '{"live-restore": true, "debug": true}' >/etc/docker/daemon.json && systemctl reload docker.service`);
  await sh(
    "for i in $(seq 300); do docker info --format '{{.LiveRestoreEnabled}}' | grep -q true && exit 0; sleep 0.2; done; exit 1",
  );
  t.is(await sh('systemctl is-active docker.service'), 'active');
  t.regex(await sh("docker events --since 5m --until 0s --filter event=reload --format '{{.Type}}'"), /^daemon$/m);
});

long('what a container writes is in the journal, and docker logs has it too', async t => {
  await sh(
    "docker run --name told --log-driver journald --log-opt tag=mine --log-opt labels=team --label team=blue box sh -c 'echo out; sleep 1; echo err >&2; sleep 1; echo last'",
  );
  const entries = await sh('journalctl --sync; journalctl -q CONTAINER_NAME=told -o json');
  const fields = ['MESSAGE', 'PRIORITY', 'CONTAINER_TAG', 'SYSLOG_IDENTIFIER', 'IMAGE_NAME', 'TEAM', '_TRANSPORT'];
  const rest = ['mine', 'mine', 'box', 'blue', 'journal'];
  t.deepEqual(
    entries.split('\n').map(line => fields.map(field => JSON.parse(line)[field])),
    [
      ['out', '6', ...rest],
      ['err', '3', ...rest],
      ['last', '6', ...rest],
    ],
  );
  const id = await sh("docker inspect -f '{{.Id}}' told");
  t.is(await sh(`journalctl -q CONTAINER_ID_FULL=${id} PRIORITY=3 -o cat`), 'err');
  t.is(await sh(`journalctl -q CONTAINER_ID=${id.slice(0, 12)} -o cat | tail -n 1`), 'last');
  t.is(await sh('docker logs told 2>/dev/null'), 'out\nlast');
  t.is(await sh('docker logs told 2>&1 >/dev/null'), 'err');
  t.is(await sh('docker logs --tail 1 told'), 'last');
  await sh('docker rm told');
});

long('the packages bring manual pages, completions and configuration', async t => {
  // The guest's dpkg leaves documentation out: what the packages have is listed.
  const files = async (name: string) =>
    await sh(`dpkg-deb -c /longshore/packages/${name}_0.1.0_*.deb | awk '{print $6}'`);
  const cli = await files('longshore-cli');
  for (const file of [
    'man/man1/docker.1.gz',
    'man/man1/docker-run.1.gz',
    'bash-completion/completions/docker',
    'zsh/vendor-completions/_docker',
    'fish/vendor_completions.d/docker.fish',
    'doc/longshore-cli/copyright',
    'doc/longshore-cli/changelog.gz',
  ])
    t.true(cli.split('\n').includes(`./usr/share/${file}`), file);
  const others = {dockerd: 'dockerd.8', containerd: 'containerd.8', ctr: 'ctr.1'};
  for (const [name, page] of Object.entries(others))
    t.true((await files(`longshore-${name}`)).includes(`/${page}.gz\n`), page);
  t.is(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder.
    await sh("dpkg-query -W -f '${Conffiles}\n' longshore-dockerd longshore-containerd | awk 'NF {print $1}'"),
    '/etc/docker/daemon.json\n/etc/containerd/config.toml',
  );
  t.regex(await sh("bash -c '. /usr/share/bash-completion/completions/docker; complete -p docker'"), /docker$/);
  t.is(await sh('dpkg --audit'), '');
});

long('an upgrade below a container: the same process afterwards', async t => {
  await sh('docker run -d --name below box sh -c "while :; do date >/tmp/now; sleep 1; done"');
  const pid = await sh("docker inspect -f '{{.State.Pid}}' below");
  const daemons = await sh('systemctl show -P MainPID docker.service containerd.service | xargs');
  await installPackages(guest, '0.1.1');
  t.not(await sh('systemctl show -P MainPID docker.service containerd.service | xargs'), daemons);
  t.is(await sh("docker inspect -f '{{.State.Pid}} {{.RestartCount}}' below"), `${pid} 0`);
  t.regex(await sh('docker exec below cat /tmp/now'), /\d\d:\d\d:\d\d/);
  await sh('docker rm -f below');
  t.regex(await sh('dpkg-query -W longshore-dockerd'), /0\.1\.1$/);
});

long('an upgrade without live restore: containers stop, and come back by their policy; settings are kept', async t => {
  await sh(`echo '{"live-restore": false}' >/etc/docker/daemon.json && systemctl reload docker.service
for i in $(seq 300); do docker info --format '{{.LiveRestoreEnabled}}' | grep -q false && break; sleep 0.2; done
docker run -d --name back --restart always box sleep 1000 && docker run -d --name gone box sleep 1000
systemctl disable docker.socket 2>/dev/null`);
  const pid = await sh("docker inspect -f '{{.State.Pid}}' back");
  await installPackages(guest, '0.1.0');
  await sh(
    'for i in $(seq 300); do [ "$(docker inspect -f \'{{.State.Status}}\' back)" = running ] && exit 0; sleep 0.5; done; docker ps -a; exit 1',
  );
  t.not(await sh("docker inspect -f '{{.State.Pid}}' back"), pid);
  t.is(await sh("docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' gone"), 'exited 137');
  t.is(await sh('cat /etc/docker/daemon.json'), '{"live-restore": false}');
  t.is(await sh('systemctl is-enabled docker.socket || true'), 'disabled');
  await sh(`systemctl enable docker.socket 2>/dev/null; docker rm -f back gone
echo '{"live-restore": true}' >/etc/docker/daemon.json && systemctl reload docker.service
for i in $(seq 300); do docker info --format '{{.LiveRestoreEnabled}}' | grep -q true && exit 0; sleep 0.2; done; exit 1`);
});

story('after a reboot what has a restart policy runs, what has none does not, data and networks are there', async t => {
  await sh(`docker network create --subnet 10.99.0.0/24 mine && docker volume create data &&
    docker run --rm -v data:/data box sh -c 'echo kept >/data/file' &&
    docker run -d --name later --network mine --ip 10.99.0.7 --restart unless-stopped -v data:/data box sh -c 'trap "exit 0" TERM; while :; do sleep 1; done' &&
    docker run -d --name once box sleep 1000 &&
    docker run -d --name stopped --restart unless-stopped box sleep 1000 && docker stop -t 0 stopped &&
    docker run -d --name stays --restart always box sleep 1000`);
  await reboot(t);
  await sh(
    "for i in $(seq 300); do [ \"$(docker inspect -f '{{.State.Status}}' stays later | xargs)\" = 'running running' ] && exit 0; sleep 0.5; done; docker ps -a; exit 1",
  );
  t.is(await sh("docker inspect -f '{{.State.Running}}' once stopped | xargs"), 'false false');
  t.is(await sh('docker exec later cat /data/file'), 'kept');
  t.is(await sh("docker exec later ip -4 -o addr show eth0 | awk '{print $4}'"), '10.99.0.7/24');
  t.is(await sh('docker run --rm --network mine box ping -c 1 -W 5 later >/dev/null && echo reached'), 'reached');
});

long('removal leaves the data, purge does not', async t => {
  await sh('docker rm -f $(docker ps -aq)');
  const names =
    'longshore longshore-cli longshore-dockerd longshore-containerd longshore-ctr longshore-containerd-shim longshore-runc-wrapper longshore-docker-proxy';
  await sh(`dpkg --remove ${names}`);
  t.is((await guest.machine.run('command -v docker dockerd containerd ctr')).stdout, '');
  t.is(
    await sh('systemctl is-active docker.service docker.socket containerd.service || true'),
    'inactive\ninactive\ninactive',
  );
  t.is(await sh('ls -d /var/lib/docker /var/lib/containerd /etc/docker/daemon.json | wc -l'), '3');
  await sh(`dpkg --purge ${names}`);
  t.is(await sh('ls -d /var/lib/docker /var/lib/containerd /etc/docker /etc/containerd 2>/dev/null | wc -l'), '0');
  t.is(await sh("find /etc/systemd /lib/systemd -name 'docker.*' -o -name 'containerd.service' | wc -l"), '0');
});

/** A clean one, as of `systemctl reboot`: off, and on again with the same disk. */
async function reboot(t: ExecutionContext): Promise<void> {
  const started = Date.now();
  const seconds = (since: number) => ((Date.now() - since) / 1000).toFixed(0);
  await guest.machine.shutdown();
  const off = Date.now();
  t.log(`the machine was off after ${seconds(started)} s`);
  await guest.machine.start();
  t.log(`and answered again after ${seconds(off)} s`);
  if (env.LONGSHORE_DEBUG) t.log(await sh('journalctl -b -1 -o short-monotonic --no-pager | tail -n 150'));
}
