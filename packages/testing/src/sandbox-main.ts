/**
 * The process that holds a test engine's mount and network namespace: it enters them, becomes the subreaper of all
 * that is started in them, starts daemons on request and reports their exits. It ends, and ends everything in it, when
 * the test's process goes away. Started by sandbox.ts with an IPC channel.
 */
import {closeSync, openSync} from 'node:fs';
import {messageOf} from '@longshore/errdefs';
import {
  CLONE_NEWNET,
  CLONE_NEWNS,
  exitStatus,
  kill,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  mount,
  openNetlink,
  readMountInfo,
  setChildSubreaper,
  spawnProcess,
  unshare,
  waitAny,
} from '@longshore/linux';
import {descendants} from './process-tree.ts';
import type {SandboxMessage, SandboxRequest, Survey} from './sandbox-protocol.ts';

const sigkill = 9;

function send(message: SandboxMessage): void {
  process.send?.(message);
}

function enterNamespaces(): void {
  unshare(CLONE_NEWNS | CLONE_NEWNET);
  mount('none', '/', '', MS_REC | MS_PRIVATE);
  // A /run of its own: xtables.lock, /run/containerd/s and the default sockets must not be shared between engines.
  mount('tmpfs', '/run', 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=755');
  setChildSubreaper();
  using netlink = openNetlink();
  netlink.linkSetUp('lo');
}

/** Processes that were started on request; what else falls to the subreaper ends unheard: its pid may be used again. */
const started = new Set<number>();

function reap(): void {
  for (let child = waitAny(); child; child = waitAny()) {
    if (!started.delete(child.pid)) continue;
    send({kind: 'exit', pid: child.pid, status: exitStatus(child.status)});
  }
}

function survey(): Survey {
  using netlink = openNetlink();
  return {
    processes: descendants(process.pid).map(p => ({pid: p.pid, parent: p.parent, command: p.command})),
    mounts: readMountInfo().map(m => m.mountPoint),
    links: netlink.linkList().map(link => link.name),
  };
}

function spawn(request: SandboxRequest & {kind: 'spawn'}): number {
  const input = openSync('/dev/null', 'r');
  const log = openSync(request.log, 'a', 0o600);
  try {
    const [path = ''] = request.argv;
    const {argv, env, cwd} = request;
    const pid = spawnProcess({path, argv, env, cwd, fds: [input, log, log], newSession: true});
    started.add(pid);
    return pid;
  } finally {
    closeSync(input);
    closeSync(log);
  }
}

/** Until nobody is left: a killed parent hands its children to us, the subreaper, so one round is not enough. */
function killAll(): void {
  for (let round = 0; round < 200; round++) {
    reap();
    const alive = descendants(process.pid).filter(p => p.state !== 'Z');
    if (alive.length === 0) return;
    for (const p of alive) killQuietly(p.pid);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

function killQuietly(pid: number): void {
  try {
    kill(pid, sigkill);
  } catch {
    // gone already
  }
}

function answer(request: SandboxRequest): void {
  try {
    if (request.kind === 'spawn') send({kind: 'answer', request: request.request, pid: spawn(request)});
    else if (request.kind === 'survey') send({kind: 'answer', request: request.request, survey: survey()});
    else if (request.kind === 'kill') {
      kill(request.pid, request.signal);
      send({kind: 'answer', request: request.request});
    } else {
      killAll();
      send({kind: 'answer', request: request.request});
      process.disconnect?.();
    }
  } catch (error) {
    send({kind: 'answer', request: request.request, error: messageOf(error)});
  }
}

process.on('SIGCHLD', reap);
process.on('SIGINT', () => {}); // Ctrl-C in a terminal reaches the whole group; the test's process decides
process.on('message', message => answer(message as SandboxRequest));
process.on('disconnect', () => {
  killAll();
  process.exit(0);
});
try {
  enterNamespaces();
  send({kind: 'ready', pid: process.pid});
} catch (error) {
  send({kind: 'failed', message: messageOf(error)});
  process.disconnect?.();
}
