/**
 * The end-to-end suites of containers, the process model, crashes and errors, run inside of a guest: what passes on the
 * build machine's cgroup v1 without systemd must pass on the machine that people have. With LONGSHORE_LONG=1 only: the
 * guest's processor is software.
 */
import test from 'ava';
import {hasVirtualMachines, isLong, openGuest} from './guest.ts';

const run = hasVirtualMachines && isLong ? test : test.skip;

/** Crash, process model and peers of the chain; the life of containers on all clients; errors. */
const suites = [
  'e2e/containers/run.test.ts',
  'e2e/containers/terminal.test.ts',
  'e2e/chain/process-model.test.ts',
  'e2e/chain/crash.test.ts',
  'e2e/chain/peers.test.ts',
  'e2e/containers/parallel.test.ts',
  'e2e/errors/*.test.ts',
];

run("the spine's suites pass on cgroup v2", async t => {
  await using guest = await openGuest({variant: 'peers', repository: true});
  // The repository is on a read-only disk; suites write beside it.
  await guest.sh(`mkdir -p /work && mount -t overlay overlay -o lowerdir=/longshore/repo,upperdir=$(mktemp -d),workdir=$(mktemp -d) /work
mkdir -p /work/dist && mount --bind /longshore/bin $(mkdir -p /work/dist/bin && echo /work/dist/bin)`);
  const {code, stdout, stderr} = await guest.machine.run(
    `cd /work && CI=true PATH=/work/node_modules/.bin:$PATH ava --config e2e/ava.config.js --timeout=20m --concurrency=1 --serial ${suites.join(' ')}`,
    {onOutput: text => process.stdout.write(text)},
  );
  t.is(code, 0, `${stdout.slice(-20_000)}${stderr}`);
});
