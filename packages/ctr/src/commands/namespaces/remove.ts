import {existsSync, readdirSync, realpathSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '<name> [<name>, ...]',
  flags: [bool('cgroup', "Delete the namespace's cgroup", 'c')],
  async run({ctx, client, flags, args, print, logError}) {
    requireArgument(args, 0, 'a namespace name must be provided');
    let failed: unknown;
    for (const name of args) {
      try {
        await client.namespaces.delete(ctx, {name});
      } catch (error) {
        if (!isErrorCode(error, 'not-found')) {
          logError(`unable to delete ${name}`, error);
          failed ??= new EngineError(codeOf(error), `unable to delete ${name}: ${messageOf(error)}`, {cause: error});
          continue;
        }
      }
      if (flags.bool('cgroup')) removeCgroup(name);
      print(`${name}\n`);
    }
    if (failed) throw failed;
  },
};
export default leaf;

/** The parent of its containers' cgroups: `/NAMESPACE` in every hierarchy. It must be empty. */
function removeCgroup(namespace: string): void {
  if (!/^\w[\w.-]*$/.test(namespace)) return; // no name of a namespace
  const root = '/sys/fs/cgroup';
  const hierarchies = existsSync(join(root, 'cgroup.controllers')) ? [''] : readdirSync(root);
  const directories = hierarchies.map(name => join(root, name, namespace)).filter(path => existsSync(path));
  for (const path of new Set(directories.map(directory => realpathSync(directory)))) rmdirSync(path);
}
