/**
 * containerd is killed and stays away while its containers print, end, run out of memory or wait; when it is back, every
 * one is what it has become. Five seconds, or a full hour with LONGSHORE_LONG=1.
 */
import {spawn} from 'node:child_process';
import {closeSync, constants, mkdirSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {callContext} from '@longshore/base';
import {type ContainerdClient, openClient, packJson, toDate} from '@longshore/containerd-client';
import {busyboxArchive, poll, readProcess, type StandaloneContainerd} from '@longshore/testing';
import test from 'ava';
import {openContainerd} from '../harness/open.ts';

const image = 'docker.io/library/busybox:latest';
const ctx = callContext({namespace: 'default'});
const awayMs = process.env.LONGSHORE_LONG === '1' ? 3_600_000 : 5000;

/** What the containers run; /s is a directory of the test, in which a FIFO tells each when its time has come. */
const programs: Record<string, string> = {
  printer: 'trap "exit 9" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done',
  ender: 'read x </s/ender; exit 33',
  hungry: 'read x </s/hungry; exec tail /dev/zero',
  // With a process exec'd into it.
  host: 'exec sleep 100000',
  sleeper: 'exec sleep 100000',
};

/** A process, when it was told to end, and when it was gone. */
interface Ending {
  id: string;
  execId?: string;
  pid: number;
  exitStatus: number;
  from?: number;
  to?: number;
}

test(`containerd is away for ${awayMs / 1000} s`, async t => {
  t.timeout(awayMs + 240_000);
  const rig = await Rig.open(await openContainerd(t));
  const pids = await rig.startAll();
  await rig.pause('sleeper');
  const endings: Ending[] = [
    {id: 'host', execId: 'guest', pid: await rig.exec('host', 'guest', 'read x </s/guest; exit 44'), exitStatus: 44},
    {id: 'hungry', pid: pids.hungry as number, exitStatus: 137},
    {id: 'ender', pid: pids.ender as number, exitStatus: 33},
  ];
  await rig.containerd.daemon.kill('SIGKILL');
  for (const [index, ending] of endings.entries()) {
    await sleep(awayMs / 6);
    await rig.end(ending);
    t.log(`${ending.execId ?? ending.id} ended ${index + 1} of 6 parts into the absence`);
  }
  await sleep(awayMs / 2);
  for (const id of ['printer', 'host', 'sleeper']) t.truthy(readProcess(pids[id] as number), `${id} lives on`);
  await rig.containerd.daemon.start();
  for (const ending of endings) {
    const {exitStatus, exitedAt} = await rig.wait(ending);
    const at = toDate(exitedAt)?.getTime() ?? 0;
    const {from = 0, to = 0, id} = ending;
    t.is(exitStatus, ending.exitStatus, id);
    t.true(at >= from - 5 && at <= to + 5000, `${id} ended at ${at}, told at ${from}, gone at ${to}`);
  }
  for (const [id, status] of Object.entries({printer: 2, host: 2, sleeper: 4, ender: 3, hungry: 3})) {
    t.like(await rig.state(id), {status, pid: pids[id] as number}, id);
  }
  await rig.resume('sleeper');
  t.is(await rig.finish('printer', 'SIGTERM'), 9);
  const lines = rig.printed();
  t.log(`${lines.length} lines printed`);
  t.true(lines.length > awayMs / 1000 && lines.every((line, index) => line === String(index + 1)), 'each line, once');
  t.is(await rig.finish('host', 'SIGKILL'), 137);
  t.is(await rig.finish('sleeper', 'SIGKILL'), 137);
  for (const id of Object.keys(programs)) await rig.remove(id);
  t.is((await rig.containerd.ctrOk('tasks', 'ls', '-q')).trim(), '');
});

class Rig {
  readonly containerd: StandaloneContainerd;
  readonly #client: ContainerdClient;
  readonly #scratch: string;

  constructor(containerd: StandaloneContainerd) {
    this.containerd = containerd;
    this.#scratch = join(containerd.paths.scratch, 's');
    this.#client = openClient({address: containerd.paths.containerdSocket});
  }

  static async open(containerd: StandaloneContainerd): Promise<Rig> {
    const rig = new Rig(containerd);
    mkdirSync(rig.#scratch);
    const archive = join(containerd.paths.scratch, 'busybox.tar');
    writeFileSync(archive, await busyboxArchive());
    await containerd.ctrOk('images', 'import', archive);
    for (const name of ['ender', 'hungry', 'guest', 'out']) await containerd.run(['mkfifo', join(rig.#scratch, name)]);
    // The reader of what is printed; it ends with its writer.
    const output = openSync(join(containerd.paths.scratch, 'printed'), 'w');
    spawn('cat', [join(rig.#scratch, 'out')], {stdio: ['ignore', output, 'ignore']});
    closeSync(output);
    return rig;
  }

  /** Starts every program in a container of its own; the pids by id. */
  async startAll(): Promise<Record<string, number>> {
    const {paths} = this.containerd;
    const pids: Record<string, number> = {};
    for (const [id, program] of Object.entries(programs)) {
      const mount = `type=bind,src=${this.#scratch},dst=/s,options=rbind:rw`;
      const limit = id === 'hungry' ? ['--memory-limit', '33554432'] : [];
      const flags = ['--cgroup', `${paths.cgroupParent}/${id}`, '--mount', mount, ...limit];
      await this.containerd.ctrOk('containers', 'create', ...flags, image, id, 'sh', '-c', program);
      const {mounts} = await this.#client.snapshots.mounts(ctx, {snapshotter: 'overlayfs', key: id});
      const stdout = id === 'printer' ? join(this.#scratch, 'out') : '';
      pids[id] = (await this.#client.tasks.create(ctx, {containerId: id, rootfs: mounts, stdout})).pid;
      await this.#client.tasks.start(ctx, {containerId: id});
    }
    return pids;
  }

  async exec(id: string, execId: string, script: string): Promise<number> {
    const process = {user: {uid: 0, gid: 0}, args: ['sh', '-c', script], env: ['PATH=/bin'], cwd: '/'};
    await this.#client.tasks.exec(ctx, {containerId: id, execId, spec: packJson(jsonTypeUrl.process, process)});
    return (await this.#client.tasks.start(ctx, {containerId: id, execId})).pid;
  }

  /** Tells the process that its time has come, and waits until its shim has buried it. */
  async end(ending: Ending): Promise<void> {
    const fifo = join(this.#scratch, ending.execId ?? ending.id);
    // Opens when the process waits for it.
    const fd = await poll(() => openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK), {timeout: 60_000});
    ending.from = Date.now();
    writeSync(fd, 'now\n');
    closeSync(fd);
    await poll(() => !readProcess(ending.pid), {timeout: 60_000, what: `the end of ${fifo}`});
    ending.to = Date.now();
  }

  wait({id, execId = ''}: {id: string; execId?: string}) {
    return this.#client.tasks.wait(ctx, {containerId: id, execId});
  }

  async state(id: string) {
    const {process} = await this.#client.tasks.get(ctx, {containerId: id});
    if (!process) throw new Error(`containerd tells nothing of ${id}`);
    return process;
  }

  async pause(id: string): Promise<void> {
    await this.#client.tasks.pause(ctx, {containerId: id});
  }

  async resume(id: string): Promise<void> {
    await this.#client.tasks.resume(ctx, {containerId: id});
  }

  async finish(id: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    await this.#client.tasks.kill(ctx, {containerId: id, signal: signal === 'SIGTERM' ? 15 : 9});
    return (await this.wait({id})).exitStatus;
  }

  async remove(id: string): Promise<void> {
    await this.#client.tasks.delete(ctx, {containerId: id});
    await this.containerd.ctrOk('containers', 'rm', id);
  }

  printed(): string[] {
    return readFileSync(join(this.containerd.paths.scratch, 'printed'), 'utf8').trimEnd().split('\n');
  }
}
