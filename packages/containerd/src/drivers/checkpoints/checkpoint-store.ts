/** Checkpoints as tars in the content store. The runtime and CRIU do the work; nothing here looks inside. */
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {CheckpointOptions} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {ContentStore} from '../../core/content/store.ts';
import type {Differ} from '../../core/diff/differ.ts';
import type {Descriptor, TypedValue} from '../../core/metadata/records.ts';
import type {MetadataStore} from '../../core/metadata/store.ts';
import {quote} from '../../core/names.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import type {Checkpoints} from '../../core/tasks/checkpoints.ts';
import type {Shim} from '../../core/tasks/shim.ts';

const checkpointType = 'application/vnd.containerd.container.criu.checkpoint.criu.tar';
const configType = 'application/vnd.containerd.container.checkpoint.config.v1+proto';
const plainLayer = 'application/vnd.oci.image.layer.v1.tar';

export interface CheckpointStoreOptions {
  content: ContentStore;
  differ: Differ;
  metadata: MetadataStore;
  shim: (ctx: CallContext, id: string) => Shim;
}

export class CheckpointStore implements Checkpoints {
  readonly #options: CheckpointStoreOptions;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
  }

  async open(ctx: CallContext, checkpoint: Descriptor | undefined): Promise<{path: string} & AsyncDisposable> {
    if (!checkpoint) return {path: '', async [Symbol.asyncDispose]() {}};
    if (checkpoint.mediaType !== checkpointType) {
      const detail = `unsupported checkpoint type ${quote(checkpoint.mediaType)}`;
      throw new EngineError('invalid-argument', `${detail}: invalid argument`);
    }
    const directory = await temporaryDirectory();
    try {
      const layer = {...checkpoint, mediaType: plainLayer, annotations: {...checkpoint.annotations}};
      await this.#options.differ.apply(ctx, layer, [bindMount(directory.path)]);
      return directory;
    } catch (error) {
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  async create(ctx: CallContext, id: string, options: TypedValue | undefined): Promise<Descriptor[]> {
    const shim = this.#options.shim(ctx, id);
    const own = imagePath(options);
    if (own !== '') {
      await shim.checkpoint(ctx, own, options);
      return [];
    }
    await using directory = await temporaryDirectory();
    const [empty, image] = [join(directory.path, 'empty'), join(directory.path, 'image')];
    await mkdir(empty);
    await mkdir(image);
    await shim.checkpoint(ctx, image, options);
    const layer = await this.#options.differ.compare(ctx, [bindMount(empty)], [bindMount(image)], {
      mediaType: plainLayer,
      ref: `checkpoint-image-${id}-${randomHex(4)}`,
    });
    return [{...layer, mediaType: checkpointType}, await this.#storeConfig(ctx, id)];
  }

  async #storeConfig(ctx: CallContext, id: string): Promise<Descriptor> {
    const spec = this.#options.metadata.containers.get(ctx.namespace, id)?.spec;
    if (!spec)
      throw new EngineError('not-found', `container ${quote(id)} in namespace ${quote(ctx.namespace)}: not found`);
    const bytes = Any.encode({typeUrl: spec.typeUrl, value: Buffer.from(spec.value)}).finish();
    await using writer = await this.#options.content.openWriter(ctx, {ref: `checkpoint-config-${id}-${randomHex(4)}`});
    await writer.write(bytes);
    const digest = writer.digest();
    try {
      await writer.commit(ctx);
    } catch (error) {
      if (!isErrorCode(error, 'already-exists')) throw error;
    }
    return {mediaType: configType, digest, size: bytes.length, annotations: {}};
  }
}

/** Where the client wants the checkpoint; empty when it shall be content. */
function imagePath(options: TypedValue | undefined): string {
  if (options?.typeUrl !== protobufTypeUrl.runcCheckpointOptions) return '';
  return CheckpointOptions.decode(options.value).imagePath;
}

function bindMount(source: string): Mount {
  return {type: 'bind', source, target: '', options: ['rbind', 'rw']};
}

async function temporaryDirectory(): Promise<{path: string} & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'ctrd-checkpoint'));
  return {path, [Symbol.asyncDispose]: () => rm(path, {recursive: true, force: true})};
}
