/**
 * Debian's containerd with this shim in place of its own: one scenario of `ctr` with each of the two, the same output.
 * Needs root, Debian's containerd and runc, and the compiled shim (`npm run build`).
 */
import {execFile} from 'node:child_process';
import {chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import anyTest, {type ExecutionContext} from 'ava';
import {isRoot} from './shim-rig.test-helper.ts';

const ours = process.env.LONGSHORE_SHIM ?? resolve(import.meta.dirname, '../../../dist/bin/containerd-shim-runc-v2');
const wrapper = resolve(import.meta.dirname, '../../../dist/bin/runc-wrapper');
const original = '/usr/bin/containerd-shim-runc-v2';
const needed = [ours, original, '/usr/bin/containerd', '/usr/bin/ctr', '/usr/sbin/runc', '/usr/bin/script'];
const test = isRoot && needed.every(path => existsSync(path)) ? anyTest.serial : anyTest.skip;

/** Run with the directory as $1, a namespace as $2, which is also the parent of the cgroups, and as $3 a runtime or nothing. Its /run is private, so the fixed directory of shim sockets is too. */
const scenario = `
cd $1
mount -t tmpfs tmpfs /run && mkdir /run/containerd && ip link set lo up
start() {
  PATH=$PWD/bin:$PATH containerd -c $PWD/config.toml >>containerd.log 2>&1 &
  CONTAINERD=$!
  for i in $(seq 100); do ctr version >/dev/null 2>&1 && break; sleep 0.1; done
}
if [ -n "$3" ]; then mkdir wrapped; ln -s $3 wrapped/runc; RUNC="--runc-binary $1/wrapped/runc"; fi
export CONTAINERD_ADDRESS=$PWD/c.sock CONTAINERD_NAMESPACE=$2
start
run() { timeout -s KILL 20 ctr run $RUNC "$@"; echo "exit $?"; }
list() { ctr tasks ls | awk 'NR > 1 {print $1, $3}' | sort; }
waitfor() { for i in $(seq 100); do list | grep -q "$1" && return; sleep 0.05; done; echo "no $1"; }
echo "# run"
run --rm --env PATH=/bin --rootfs rootfs c1 echo hello
run --rm --env PATH=/bin --rootfs rootfs c2 sh -c 'echo out; echo err >&2; sleep 0.3; exit 3'
run --rm --env PATH=/bin --rootfs rootfs c3 sh -c 'kill -9 $$'
(waitfor 'c4 RUNNING'; echo one; sleep 0.2; echo two) | run --rm --env PATH=/bin --rootfs rootfs c4 cat
run --rm --env PATH=/bin --rootfs rootfs c5 sh -c 'dd if=/dev/zero bs=65536 count=1600 2>/dev/null' | wc -c
echo "# terminal"
script -qec "timeout -s KILL 20 ctr run $RUNC --rm -t --env PATH=/bin --rootfs rootfs c6 sh -c 'stty size; [ -t 1 ] && echo tty; exit 7'" /dev/null; echo "exit $?"
echo "# errors"
run --rm --env PATH=/bin --rootfs rootfs c7 /no/such/program
run --rm --runc-binary /no/such/runc --env PATH=/bin --rootfs rootfs c8 true
echo "# detached"
run -d --env PATH=/bin --rootfs rootfs d1 sh -c 'trap "exit 5" TERM; while true; do sleep 0.05; done'
waitfor RUNNING; list
ctr tasks exec --exec-id e1 d1 sh -c 'echo in exec; exit 6'; echo "exit $?"
ctr tasks exec --exec-id e2 d1 /no/such/program; echo "exit $?"
script -qec "ctr tasks exec -t --exec-id e3 d1 sh -c '[ -t 0 ] && echo tty'" /dev/null; echo "exit $?"
[ $(ctr tasks ps d1 | wc -l) -ge 2 ] && echo processes
ctr tasks metrics d1 | awk '{print $1}' | grep -c -E 'memory|pids|cpu'
ctr tasks pause d1; list; ctr tasks resume d1; list
ls $PWD/state/io.containerd.runtime.v2.task/$2/d1
echo "# attach"
run -d --env PATH=/bin --rootfs rootfs a1 sh -c 'read word; echo got $word; sleep 0.2; exit 8'
(sleep 0.5; echo word) | timeout -s KILL 20 ctr tasks attach a1; echo "exit $?"
list; ctr containers delete a1
script -qec "timeout -s KILL 20 ctr run $RUNC -d -t --env PATH=/bin --rootfs rootfs a2 sh -c 'read word; echo answered; exit 9'" /dev/null </dev/null
(sleep 1; echo word; sleep 1) | script -qec "timeout -s KILL 20 ctr tasks attach a2" /dev/null >attached; code=$?
grep answered attached; echo "exit $code" # whether the terminal echoes the word is a matter of time
list; ctr containers delete a2
echo "# checkpoint"
run -d --env PATH=/bin --rootfs rootfs k1 sh -c 'while :; do sleep 0.05; done'
ctr tasks checkpoint --image-path $PWD/img --work-path $PWD/work k1 2>&1; echo "exit $?"
stable() { ls $1 | grep -v -e '^core' -e '^fs-' -e '^mm-' -e '^pagemap' -e '^pages-' -e '^fdinfo' -e '^ids-' | sed 's/-[0-9]*./-N./' | sort -u; }
stable img; ls work; list
ctr tasks checkpoint --exit --image-path $PWD/img2 --work-path $PWD/work2 k1 2>&1; echo "exit $?"
stable img2; ls work2
if [ -f img2/inventory.img ]; then waitfor STOPPED; else ctr tasks kill -s KILL k1; waitfor STOPPED; fi
list; ctr tasks delete k1; echo "exit $?"; ctr containers delete k1
echo "# containerd killed"
kill -9 $CONTAINERD; wait $CONTAINERD 2>/dev/null
start; list
ctr tasks exec --exec-id e4 d1 echo still there
ctr tasks kill -s TERM d1; waitfor STOPPED; list
ctr tasks delete d1; echo "exit $?"; ctr containers delete d1; list
echo "# exit while containerd is away"
run -d --env PATH=/bin --rootfs rootfs d2 sh -c 'sleep 1; exit 9'
kill -9 $CONTAINERD; wait $CONTAINERD 2>/dev/null
sleep 1.2; start; list
ctr tasks delete d2; echo "exit $?"; ctr containers delete d2
echo "# shim killed"
run -d --env PATH=/bin --rootfs rootfs d3 sleep 1000
kill -9 $(pgrep -f 'shim-runc-v2 -namespace '$2' -id d3')
for i in $(seq 100); do [ -z "$(list)" ] && break; sleep 0.05; done; list
ctr containers delete d3
for i in $(seq 100); do pgrep containerd-shim >/dev/null || break; sleep 0.05; done
ls state/io.containerd.runtime.v2.task/$2 /run/containerd/runc/$2
pgrep -l containerd-shim
echo "# end"
kill $CONTAINERD; wait $CONTAINERD
rmdir /sys/fs/cgroup/$2 /sys/fs/cgroup/*/$2 2>/dev/null
exit 0
`;

const config = (root: string) => `version = 2
root = "${root}/root"
state = "${root}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${root}/c.sock"
`;

let expected = '';

/** Runc and the original shim; played once. */
async function originals(t: ExecutionContext): Promise<string> {
  expected ||= await play(t, {shim: original});
  t.true(expected.includes('# end') && expected.includes('in exec'), expected);
  return expected;
}

test('the same scenario with this shim and with the original one', async t => {
  t.timeout(400_000);
  const wanted = await originals(t);
  t.is(await play(t, {shim: ours}), wanted);
});

const wrapperTest = existsSync(wrapper) ? test : anyTest.skip;

wrapperTest('the same scenario with runc-wrapper as the runtime of the original shim, and of this one', async t => {
  t.timeout(600_000);
  const wanted = await originals(t);
  t.is(await play(t, {shim: original, runtime: wrapper}), wanted);
  t.is(await play(t, {shim: ours, runtime: wrapper}), wanted);
});

interface Players {
  shim: string;
  /** Instead of runc. */
  runtime?: string;
}

async function play(t: ExecutionContext, {shim, runtime = ''}: Players): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'ctrd-'));
  t.teardown(() => rmSync(root, {recursive: true, force: true}));
  makeRootfs(join(root, 'rootfs'));
  mkdirSync(join(root, 'bin'));
  symlinkSync(shim, join(root, 'bin/containerd-shim-runc-v2'));
  writeFileSync(join(root, 'config.toml'), config(root));
  writeFileSync(join(root, 'scenario'), scenario);
  const namespaces = ['-m', '-n', '-p', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const script = ['bash', join(root, 'scenario'), root, `ls-ctrd-${process.pid}`, runtime];
  const {stdout, stderr} = await promisify(execFile)('unshare', [...namespaces, ...script], {timeout: 190_000});
  return normalized(`${stdout}\n${stderr}`, root);
}

/** Without what differs from run to run: times, pids, the directory, a resize that came too late (with theirs only). */
function normalized(text: string, root: string): string {
  return text
    .replaceAll(`${root}/wrapped/runc`, 'runc')
    .replaceAll(root, 'ROOT')
    .replaceAll('^@', '') // script(1) at the end of its input
    .replaceAll(/\u001b\[31mERRO.*resize pty.*\r?\n/g, '')
    .replaceAll(/time="[^"]*" /g, '')
    .replaceAll(/[0-9]+: Killed/g, 'Killed')
    .replaceAll(/line \d+: +\d+/g, 'line');
}

function makeRootfs(path: string): void {
  for (const directory of ['bin', 'proc', 'dev', 'sys', 'run', 'tmp', 'etc'])
    mkdirSync(join(path, directory), {recursive: true});
  chmodSync(path, 0o755);
  copyFileSync('/bin/busybox', join(path, 'bin/busybox'));
  for (const name of ['sh', 'cat', 'echo', 'sleep', 'true', 'dd', 'stty', 'kill'])
    symlinkSync('busybox', join(path, 'bin', name));
}
