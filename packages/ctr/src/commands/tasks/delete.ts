import {type Process, Status} from '@longshore/api/gen/containerd/types/task/task';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {Invocation, Leaf} from '../../command/command.ts';
import {bool, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {releaseNetwork} from '../../network/task-network.ts';
import {removeFifos} from '../../task/fifos.ts';
import {killAndWait} from '../../task/remove-container.ts';
import {statusName} from '../../task/status.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER [CONTAINER, ...]',
  flags: [bool('force', 'Force delete task process', 'f'), text('exec-id', 'Process ID to kill')],
  async run(invocation) {
    const {ctx, client, flags, args, warn, logError} = invocation;
    requireArgument(args, 0, 'at least one container id must be provided');
    const execId = flags.text('exec-id');
    let failed: unknown;
    for (const containerId of args) {
      try {
        if (flags.bool('force')) await killAndWait(ctx, client, containerId, execId);
        else await refuseWhileAlive(invocation, containerId, execId);
        const task = execId ? undefined : await findTask(invocation, containerId);
        const remove = execId
          ? client.tasks.deleteProcess(ctx, {containerId, execId})
          : client.tasks.delete(ctx, {containerId});
        const {exitStatus} = await remove;
        if (!execId) await releaseNetwork(ctx, client, containerId);
        if (task) removeFifos(task);
        if (exitStatus !== 0) warn(`task ${containerId} exit with non-zero exit code ${exitStatus}`);
      } catch (error) {
        if (flags.bool('force') && isErrorCode(error, 'not-found')) continue;
        const unknown = isErrorCode(error, 'not-found');
        logError(unknown ? `failed to load task from ${containerId}` : `unable to delete ${containerId}`, error);
        failed = error;
      }
    }
    if (failed) throw failed;
  },
};
export default leaf;

async function findTask({ctx, client}: Invocation, containerId: string): Promise<Process | undefined> {
  return (await client.tasks.get(ctx, {containerId})).process;
}

async function refuseWhileAlive({ctx, client}: Invocation, containerId: string, execId: string): Promise<void> {
  await client.containers.get(ctx, {id: containerId});
  const {process} = await client.tasks.get(ctx, {containerId, execId});
  const status = process?.status ?? Status.UNKNOWN;
  if (status === Status.STOPPED || status === Status.CREATED || status === Status.UNKNOWN) return;
  const state = statusName(status).toLowerCase();
  throw new EngineError('failed-precondition', `task must be stopped before deletion: ${state}: failed precondition`);
}
