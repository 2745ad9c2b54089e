import type {CallContext} from '@longshore/base';
import type {Descriptor, TypedValue} from '../metadata/records.ts';

/** The port of checkpoints: between the content store and the directories that shims read and write. */
export interface Checkpoints {
  /**
   * Unpacks a checkpoint for a new task; the path is empty when there is none to restore. Disposing removes the
   * directory. Throws not-found, invalid-argument for a blob that is no checkpoint.
   */
  open(ctx: CallContext, checkpoint: Descriptor | undefined): Promise<{path: string} & AsyncDisposable>;
  /**
   * Lets the task's runtime write a checkpoint and stores it with the container's specification. No descriptors when
   * the options name a directory: the checkpoint is there then.
   */
  create(ctx: CallContext, id: string, options: TypedValue | undefined): Promise<Descriptor[]>;
}
