/**
 * The end-to-end suites of containers, the process model, crashes and errors, and the unit tests of what touches cgroups, run
 * inside of a guest: what passes on the build machine's cgroup v1 without systemd must pass on the machine that people have.
 * With LONGSHORE_LONG=1 only: the guest's processor is software.
 */
import test, {type ExecutionContext} from 'ava';
import {type Guest, hasVirtualMachines, isLong, openGuest} from './guest.ts';

const story = hasVirtualMachines && isLong ? test.serial : test.serial.skip;
let guest: Guest;

/** Crash, process model and peers of the chain; the life of containers on all clients; errors. */
const suites = [
  'containers/run',
  'containers/terminal',
  'containers/parallel',
  'chain/process-model',
  'chain/crash',
  'chain/peers',
  'errors/bad-input',
  'errors/full-disk',
  'errors/recorded-errors',
];
/** Directories with unit tests, and patterns of those that are of interest here. */
const units: [directory: string, patterns: string][] = [
  ['packages/linux', 'src/cgroups/*.test.ts'],
  ['packages/runc-wrapper', ''],
  ['packages/containerd-shim', ''],
];

if (hasVirtualMachines && isLong) {
  test.before('a machine boots', async () => {
    guest = await openGuest({variant: 'peers', repository: true});
    // The repository is on a read-only disk; suites write beside it.
    await guest.sh(`mkdir -p /work && mount -t overlay overlay -o lowerdir=/longshore/repo,upperdir=$(mktemp -d),workdir=$(mktemp -d) /work
mkdir -p /work/dist/bin && mount --bind /longshore/bin /work/dist/bin`);
  });
  test.after.always('and is switched off', () => guest?.[Symbol.asyncDispose]());
}

for (const suite of suites) {
  story(`${suite} passes on cgroup v2`, async t => {
    const ava = 'ava --config e2e/ava.config.js --timeout=20m --concurrency=1 --serial';
    await passes(t, '/work', `${ava} e2e/${suite}.test.ts`);
  });
}

for (const [directory, patterns] of units) {
  story(`unit tests of ${directory} pass on cgroup v2`, async t => {
    await passes(t, `/work/${directory}`, `ava --timeout=20m --concurrency=1 --serial ${patterns}`);
  });
}

/** A test that fails on a slow processor is run once more, as `npm test` does it. */
async function passes(t: ExecutionContext, directory: string, command: string): Promise<void> {
  for (const isLast of [false, true]) {
    const {code, stdout, stderr} = await guest.machine.run(
      `cd ${directory} && CI=true PATH=/work/node_modules/.bin:$PATH ${command}`,
      {onOutput: text => process.stdout.write(text)},
    );
    t.log(stdout.split('\n').slice(-8).join('\n').trim());
    if (code === 0) return;
    if (isLast) t.fail(`${stdout.slice(-20_000)}${stderr}`);
    else t.log('failed at first: run again');
  }
}
