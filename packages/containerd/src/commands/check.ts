/** `containerd check`: every problem as a line of JSON; the exit status says whether there are any. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {discardLogger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {CommandLine} from '../config/flags.ts';
import {readConfig} from '../config/read.ts';
import {checkRoot} from '../drivers/check/check-root.ts';
import type {Problem} from '../drivers/check/problem.ts';
import {lockRoot} from '../drivers/host/root-lock.ts';

const usage = `NAME:
   containerd check - Check the root directory of a containerd that does not run

USAGE:
   containerd [global options] check
   containerd [global options] --check

   Prints each problem as a line of JSON: severity (damage, garbage), kind, namespace, object, detail.
   Exits with 0 when there are none and with 1 when there are some. Changes nothing.`;

/** Returns the number of problems. Throws failed-precondition while a daemon uses the root. */
export async function check(
  args: readonly string[],
  line: CommandLine,
  print: (text: string) => void,
): Promise<number> {
  const [word] = args;
  if (word !== undefined && ['help', 'h', '-h', '--help'].includes(word)) {
    print(usage);
    return 0;
  }
  if (word !== undefined) throw new EngineError('invalid-argument', `unexpected argument: ${word}`);
  const {root, overlayfs, native, btrfs, proxies} = readConfig(line);
  if (!existsSync(root)) return 0;
  using _lock = await lockRoot(root, discardLogger(), 0);
  const pluginRoot = (name: string, own: string) => own || join(root, `io.containerd.snapshotter.v1.${name}`);
  const snapshotters = new Map([
    ['overlayfs', pluginRoot('overlayfs', overlayfs.root)],
    ['native', pluginRoot('native', native.root)],
    ['btrfs', pluginRoot('btrfs', btrfs.root)],
  ]);
  for (const {kind, name} of proxies) if (kind === 'snapshot') snapshotters.delete(name);
  const hasOwnContent = !proxies.some(({kind}) => kind === 'content');
  const counts = {damage: 0, garbage: 0};
  await checkRoot({root, snapshotters, hasOwnContent}, (problem: Problem) => {
    counts[problem.severity]++;
    print(JSON.stringify(problem));
  });
  process.stderr.write(`containerd: ${root}: ${counts.damage} damaged, ${counts.garbage} to be removed\n`);
  return counts.damage + counts.garbage;
}
