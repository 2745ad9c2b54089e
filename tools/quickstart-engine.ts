/** The second half of `npm run quickstart`: an isolated engine, a container in it, and what is to be seen of both. */
import {styleText} from 'node:util';
import {
  createTask,
  descendants,
  type Engine,
  listeningSockets,
  type ProcessInfo,
  poll,
  readProcess,
  startEngine,
} from '@longshore/testing';

const greeting = 'Hello from a container: every process between you and me is real.';

const started = performance.now();
const engine = await startEngine();
try {
  say(`engine started in ${Math.round(performance.now() - started)} ms (sockets and data in ${engine.paths.root})`);
  await show(engine);
} finally {
  say('stopping everything');
  await engine[Symbol.asyncDispose]();
}
say('nothing is left: no process, mount, network namespace, link, cgroup or file');

async function show(e: Engine): Promise<void> {
  say('docker run --name hello busybox (attached, in the background of this script)');
  const script = `echo "${greeting}"; exec sleep 60`;
  // A client of its own process: it stays attached while we look at the tree.
  const client = e.sandbox.run([e.executables.docker, 'run', '--name', 'hello', 'busybox', 'sh', '-c', script], {
    env: e.clientEnv(),
    extendEnv: false,
  });
  const ended = client.then(result => result);
  await poll(async () => (await e.docker('logs', 'hello')).stdout.includes(greeting), {
    what: 'the greeting in docker logs',
  });
  say('the processes');
  printTree(e);
  await showCreated(e);
  print('docker ps', await e.docker('ps', '-a'));
  print('docker logs hello', await e.docker('logs', 'hello'));
  print('ctr --namespace moby tasks ls', await e.ctr('tasks', 'ls'));
  await e.dockerOk('rm', '-f', 'hello');
  const {stdout: attached} = await ended;
  say(`the attached client saw: ${String(attached).trim()}`);
}

/** The same chain a moment earlier: a task that is created but not started has "runc init" waiting on exec.fifo. */
async function showCreated(e: Engine): Promise<void> {
  await using task = await createTask(e, ['sleep', '60']);
  say(`a task that is only created: process ${task.pid} is "runc init", waiting on exec.fifo`);
  printTree(e);
  await task.start();
  await poll(() => readProcess(task.pid)?.command === 'sleep 60', {what: 'the user process'});
  say(`and started: process ${task.pid} is now "${readProcess(task.pid)?.command}"`);
}

function printTree(e: Engine): void {
  const clients = descendants(process.pid).filter(p => /\/docker -H|\/docker run/.test(p.command));
  for (const p of clients) console.log(line(p, 0));
  for (const p of descendants(e.sandbox.pid)) console.log(line(p, p.depth - 1));
}

function line(p: ProcessInfo, depth: number): string {
  const sockets = listeningSockets(p.pid).map(s => `fd ${s.fd}: ${s.path}`);
  const shown = p.command.length > 100 ? `${p.command.slice(0, 97)}...` : p.command;
  const suffix = sockets.length > 0 ? styleText('cyan', `  [${sockets.join(', ')}]`) : '';
  return `${String(p.pid).padStart(8)} ${'  '.repeat(depth)}${depth > 0 ? '└─ ' : ''}${shown}${suffix}`;
}

function print(title: string, result: {stdout: string; stderr: string; exitCode: number}): void {
  say(title);
  console.log([result.stdout, result.stderr].filter(text => text !== '').join('\n'));
  if (result.exitCode !== 0) throw new Error(`${title} ended with code ${result.exitCode}`);
}

function say(text: string): void {
  console.log(styleText('bold', `\n▸ ${text}`));
}
