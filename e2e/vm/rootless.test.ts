/**
 * An ordinary user of an administrator's machine: Debian 12 with systemd, the unified cgroup hierarchy and AppArmor. The
 * packages are installed by root, all else is done by the user. The tests are one story, in order.
 */
import test from 'ava';
import {type Guest, hasVirtualMachines, importBox, installPackages, openGuest} from './guest.ts';

const story = hasVirtualMachines ? test.serial : test.serial.skip;
let guest: Guest;
const sh = (command: string) => guest.sh(command);
/** As the user, in a session with a systemd of their own. */
const as = (command: string) => {
  const env = 'XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus';
  const quoted = command.replaceAll("'", `'\\''`);
  return sh(`cd /home/dev && runuser -u dev -- env HOME=/home/dev ${env} sh -ec '${quoted}'`);
};

if (hasVirtualMachines) {
  test.before('a machine boots', async () => {
    guest = await openGuest({packages: ['0.1.0']});
  });
  test.after.always('and is switched off', () => guest?.[Symbol.asyncDispose]());
  test.afterEach.always('what the daemon said, after a failure', async t => {
    if (t.passed) return;
    const {stdout} = await guest.machine.run('journalctl _UID=1000 -o cat --no-pager | tail -n 60');
    t.log(stdout);
  });
}

story('the setup tool starts an engine of the user by their systemd, and the client uses it', async t => {
  await installPackages(guest, '0.1.0');
  await sh('systemctl disable --now docker.socket docker.service containerd.service');
  await sh(
    'loginctl enable-linger dev && for i in $(seq 300); do [ -S /run/user/1000/bus ] && exit 0; sleep 0.3; done; exit 1',
  );
  t.regex(await as('dockerd-rootless-setuptool.sh check'), /Requirements are satisfied/);
  t.regex(await as('dockerd-rootless-setuptool.sh install 2>&1'), /Installed docker\.service successfully/);
  t.is(
    await as('systemctl --user is-active docker.service; systemctl --user is-enabled docker.service'),
    'active\nenabled',
  );
  t.is(await as('docker context show'), 'rootless');
  t.is(await as('stat -c "%a %U" $XDG_RUNTIME_DIR/docker.sock'), '1660 dev');
  t.is(await sh('pgrep -u root -xc dockerd || true'), '0');
});

story('the engine knows what systemd has delegated', async t => {
  const info = JSON.parse(await as("docker info --format '{{json .}}'"));
  t.like(info, {CgroupDriver: 'systemd', CgroupVersion: '2', MemoryLimit: true, PidsLimit: true});
  t.is(info.DockerRootDir, '/home/dev/.local/share/docker');
  t.deepEqual(info.SecurityOptions, ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns']);
});

story('containers are scopes of the user, with limits', async t => {
  await sh(
    `runuser -u dev -- env HOME=/home/dev sh -ec '${importBox.replaceAll('/root/box', '/tmp/box').replaceAll("'", `'\\''`)}'`,
  );
  await as('docker run -d --name limits --memory 64m --pids-limit 77 box sleep 1000');
  const id = await as("docker inspect -f '{{.Id}}' limits");
  const directory = `/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope`;
  t.is(await sh(`cat ${directory}/memory.max ${directory}/pids.max`), '67108864\n77');
  await as('docker update --memory 100m --memory-swap 100m limits');
  t.is(await sh(`cat ${directory}/memory.max`), '104857600');
  t.regex(await as("docker stats --no-stream --format '{{.MemUsage}}' limits"), /\/ 100MiB$/);
  await as('docker pause limits');
  t.is(await sh(`cat ${directory}/cgroup.freeze`), '1');
  await as('docker unpause limits');
  t.regex(await as('docker top limits'), /sleep 1000/);
  t.is(await as('docker exec limits cat /proc/self/cgroup'), '0::/');
  await as('docker rm -f limits');
});

story('ports are those of the machine', async t => {
  await as(
    "docker run -d --name web -p 8080:80 --restart always box sh -c 'mkdir /www; echo hello >/www/index.html; exec httpd -f -h /www'",
  );
  await sh('for i in $(seq 300); do busybox wget -qO- http://127.0.0.1:8080/ && exit 0; sleep 0.3; done; exit 1');
  t.is(await sh('busybox wget -qO- http://127.0.0.1:8080/'), 'hello');
});

story('the engine stops without a trace, comes back with its containers, and is uninstalled', async t => {
  await as('systemctl --user restart docker.service');
  await sh('for i in $(seq 200); do busybox wget -qO- http://127.0.0.1:8080/ && exit 0; sleep 0.3; done; exit 1');
  await as('docker rm -f web');
  t.regex(await as('dockerd-rootless-setuptool.sh uninstall 2>&1'), /Uninstalled docker\.service/);
  t.is(await sh('pgrep -u dev -l dockerd\\|containerd\\|rootlesskit\\|slirp4netns || true'), '');
  t.is(await as('docker context show'), 'default');
  await as('rootlesskit rm -rf /home/dev/.local/share/docker');
});
