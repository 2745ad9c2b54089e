/** The same session on our containerd and on the original one, by our ctr and by the original one. */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {
  busyboxArchive,
  debianExecutables,
  type Executables,
  longshoreExecutables,
  poll,
  type StandaloneContainerd,
} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openContainerd} from '../harness/open.ts';
import {type Step, scenario} from './scenario.ts';
import {normalizer, sortLines} from './transcript.ts';

const namespace = 'scenario';

interface Session {
  answers: {run: string; answer: string}[];
  events: string[];
}

async function play(t: ExecutionContext, executables: Partial<Executables>): Promise<Session> {
  const containerd = await openContainerd(t, executables);
  const {paths} = containerd;
  const archive = join(paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  await startRegistry(t, containerd);
  const events = await startEvents(t, containerd);
  const normalize = normalizer(paths, containerd.executables.ctr);
  const answers = [];
  for (const step of scenario(paths, archive)) {
    answers.push({run: normalize(step.run), answer: normalize(await answerTo(containerd, step))});
  }
  return {answers, events: events().map(normalize)};
}

const feed = `feed() {
  word=$1; shift; rm -f ~/in ~/out; mkfifo ~/in
  "$@" <~/in >~/out & pid=$!
  exec 3>~/in; echo $word >&3
  for i in $(seq 250); do grep -q $word ~/out && break; sleep 0.1; done
  exec 3>&-; wait $pid; code=$?; cat ~/out; return $code
}`;

async function answerTo(containerd: StandaloneContainerd, {run, compare = 'all'}: Step): Promise<string> {
  const {executables, paths} = containerd;
  const ctr = `ctr() { timeout -k 1 30 ${executables.ctr} -a ${paths.containerdSocket} -n ${namespace} "$@"; }`;
  const script = `${ctr}\n${feed}\nexec </dev/null; ${run}`;
  const {exitCode, stdout, stderr} = await containerd.run(['bash', '-c', script]);
  if (compare === 'exit') return `exit ${exitCode}`;
  const output = compare === 'lines' ? sortLines(stdout) : stdout;
  return `${output}\n${stderr}\nexit ${exitCode}`;
}

/** Debian's registry on loopback, in the sandbox. */
async function startRegistry(t: ExecutionContext, {sandbox, paths}: StandaloneContainerd): Promise<void> {
  const config = join(paths.root, 'registry.yml');
  const storage = {filesystem: {rootdirectory: join(paths.root, 'registry')}};
  writeFileSync(config, JSON.stringify({version: '0.1', storage, http: {addr: '127.0.0.1:5000'}}));
  const log = join(paths.logs, 'registry.log');
  const registry = await sandbox.spawn(['docker-registry', 'serve', config], {env: {HOME: paths.home}, log});
  t.teardown(() => sandbox.kill(registry.pid).catch(() => {}));
  await poll(() => readFileSync(log, 'utf8').includes('listening on'), {what: 'the registry to listen'});
}

/** What `ctr events` has shown so far. */
async function startEvents(t: ExecutionContext, containerd: StandaloneContainerd): Promise<() => string[]> {
  const {sandbox, paths, executables} = containerd;
  const log = join(paths.logs, 'events.log');
  const argv = [executables.ctr, '-a', paths.containerdSocket, 'events'];
  const listener = await sandbox.spawn(argv, {env: {HOME: paths.home, PATH: '/usr/bin:/bin'}, log});
  t.teardown(() => sandbox.kill(listener.pid).catch(() => {}));
  const seen = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
  // The subscription is there when something that is done is heard.
  await poll(
    async () => {
      await containerd.ctr('namespaces', 'create', 'heard');
      await containerd.ctr('namespaces', 'rm', 'heard');
      return seen().length > 0;
    },
    {what: 'the first event'},
  );
  return () => seen().filter(line => !line.includes('heard'));
}

/**
 * Not the events of the collector, which works when it likes, nor of uploads, which containerd 1.6 keeps to itself. It
 * also has another idea of the namespace in which namespaces are made.
 */
function comparable(events: string[]): string[] {
  const chosen = events.filter(event => /^<time> \S+ \/(tasks|containers|images|namespaces)\//.test(event));
  return chosen.map(event => event.replace(/^(<time>) \S+ (\/namespaces\/)/, '$1 $2'));
}

const clients = {"Debian's ctr": debianExecutables.ctr, 'our ctr': longshoreExecutables().ctr};
for (const [name, ctr] of Object.entries(clients)) {
  test(`${name} sees the same on our containerd and on the original`, async t => {
    t.timeout(400_000); // a hundred commands, four times, on a machine that may be busy
    const [ours, original] = await Promise.all([play(t, {ctr}), play(t, {...debianExecutables, ctr})]);
    const differences = original.answers.flatMap(({run, answer}, index) => {
      const own = ours.answers[index]?.answer;
      return own === answer ? [] : [{run, ours: own, original: answer}];
    });
    t.deepEqual(differences, []);
    t.deepEqual(comparable(ours.events), comparable(original.events));
  });
}
