import {EngineError} from '@longshore/errdefs';
import {closeFd, O_RDONLY} from '../fd.ts';
import {writeKernelFile} from '../kernel-file.ts';
import {AT_FDCWD, openAt} from '../open-at.ts';
import {watchEventfd} from '../watch-eventfd.ts';
import {IN_MODIFY, watchPath} from '../watch-path.ts';
import {readTable} from './files.ts';

/** Called when the cgroup ran out of memory: v1 tells just before the kernel kills something, v2 just after. */
export type OomHandler = () => void;

/** Processes that the kernel has killed for want of memory; undefined if it does not count them (before 4.13) or is gone. */
export function readOomKills(version: 1 | 2, directory: string | undefined): bigint | undefined {
  if (directory === undefined) return undefined;
  return readTable(directory, version === 2 ? 'memory.events' : 'memory.oom_control').get('oom_kill');
}

/** `directory` is that of the memory controller (v1) or of the cgroup (v2). */
export function watchOom(version: 1 | 2, directory: string | undefined, onOom: OomHandler): Disposable {
  if (directory === undefined) throw new EngineError('unimplemented', 'the memory cgroup controller is not mounted');
  return version === 2 ? watchEvents(directory, onOom) : watchControl(directory, onOom);
}

/** v1: an eventfd registered in cgroup.event_control. The end of the cgroup signals it too. */
function watchControl(directory: string, onOom: OomHandler): Disposable {
  const watch = watchEventfd(() => {
    if (readTable(directory, 'memory.oom_control').size > 0) onOom();
    else watch[Symbol.dispose]();
  });
  try {
    const control = openAt(AT_FDCWD, `${directory}/memory.oom_control`, O_RDONLY);
    try {
      writeKernelFile(`${directory}/cgroup.event_control`, `${watch.fd} ${control}`);
    } finally {
      closeFd(control);
    }
    return watch;
  } catch (error) {
    watch[Symbol.dispose]();
    throw error;
  }
}

/** v2: memory.events changes, with inotify. Other events than kills change it as well. */
function watchEvents(directory: string, onOom: OomHandler): Disposable {
  const kills = () => readOomKills(2, directory) ?? 0n;
  let before = 0n;
  const look = () => {
    const now = kills();
    if (now <= before) return;
    before = now;
    onOom();
  };
  const watch = watchPath(`${directory}/memory.events`, IN_MODIFY, look, {ref: false});
  before = kills();
  return watch;
}
