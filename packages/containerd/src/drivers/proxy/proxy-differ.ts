/** A differ in another process, reached by containerd's own diff API; and several differs as one. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {ApplyOptions, CompareOptions, Descriptor, Differ} from '../../core/diff/differ.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {fromMilliseconds} from '../../core/time.ts';

export class ProxyDiffer implements Differ {
  readonly #client: Pick<ContainerdClient, 'diff'> & Disposable;

  /** Disposes the client at the end. */
  constructor(client: Pick<ContainerdClient, 'diff'> & Disposable) {
    this.#client = client;
  }

  async apply(
    ctx: CallContext,
    layer: Descriptor,
    mounts: readonly Mount[],
    options: ApplyOptions = {},
  ): Promise<Descriptor> {
    const request = {diff: toWire(layer), mounts: mounts.map(copy), syncFs: options.syncFs ?? false};
    const {applied} = await this.#client.diff.apply(ctx, request);
    return fromWire(applied);
  }

  async compare(
    ctx: CallContext,
    left: readonly Mount[],
    right: readonly Mount[],
    options: CompareOptions = {},
  ): Promise<Descriptor> {
    const {mediaType = '', ref = '', labels = {}, sourceDateEpoch} = options;
    const {diff} = await this.#client.diff.diff(ctx, {
      ...{left: left.map(copy), right: right.map(copy), mediaType, ref, labels},
      ...(sourceDateEpoch && {sourceDateEpoch: fromMilliseconds(sourceDateEpoch.getTime())}),
    });
    return fromWire(diff);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
  }
}

/** Asks each in its turn, as long as they do not know the kind of layer or of mounts. */
export class DifferChain implements Differ {
  readonly #differs: readonly Differ[];

  constructor(differs: readonly Differ[]) {
    this.#differs = differs;
  }

  async apply(...args: Parameters<Differ['apply']>): Promise<Descriptor> {
    return await this.#first(differ => differ.apply(...args));
  }

  async compare(...args: Parameters<Differ['compare']>): Promise<Descriptor> {
    return await this.#first(differ => differ.compare(...args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const differ of this.#differs) await differ[Symbol.asyncDispose]();
  }

  async #first(call: (differ: Differ) => Promise<Descriptor>): Promise<Descriptor> {
    let refusal: unknown = new EngineError('unimplemented', 'no differ is configured: not implemented');
    for (const differ of this.#differs) {
      try {
        return await call(differ);
      } catch (error) {
        if (!isErrorCode(error, 'unimplemented')) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }
}

function copy(mount: Mount): Mount {
  return {...mount, options: [...mount.options]};
}

function toWire({mediaType, digest, size, annotations}: Descriptor) {
  return {mediaType, digest, size: BigInt(size), annotations};
}

function fromWire(descriptor: ReturnType<typeof toWire> | undefined): Descriptor {
  const {mediaType = '', digest = '', size = 0n, annotations = {}} = descriptor ?? {};
  return {mediaType, digest, size: Number(size), annotations};
}
