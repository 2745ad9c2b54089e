/** POST /commit: an image out of a container. */
import type {Image, ImageConfig} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {familiarReference, type Reference} from '@longshore/oci';
import {nowNano} from '../events/event-bus.ts';
import {applyChanges} from '../images/changes.ts';
import type {ImageTransfers} from '../images/transfers.ts';
import type {ContainerCommitter} from '../ports/container-committer.ts';
import {formatNano} from '../time.ts';
import type {Container} from './container.ts';
import {type ContainerConfig, containerConfig} from './documents/container-config.ts';
import {mergeImageConfig} from './merge-image.ts';
import {pauseContainer, unpauseContainer} from './pause.ts';
import {publishContainerEvent, type World} from './world.ts';

export interface CommitRequest {
  /** Undefined for an image without a name. */
  name: Reference | undefined;
  /** Stops the processes while their files are read. */
  pause: boolean;
  author: string;
  comment: string;
  /** Dockerfile instructions. */
  changes: readonly string[];
  /** Starting point of the configuration instead of the container's own. */
  config: ContainerConfig | undefined;
}

export interface CommitServices {
  world: World;
  transfers: ImageTransfers;
  committer: ContainerCommitter;
}

/** Returns the image's id. Throws `conflict` for a container that is dead or being removed. */
export async function commitContainer(
  services: CommitServices,
  ctx: CallContext,
  container: Container,
  request: CommitRequest,
): Promise<string> {
  const {world, transfers, committer} = services;
  checkCommittable(container);
  const config = committedConfig(container.record.config, request);
  const {imageManifest: base} = container.record;
  if (!base) throw new EngineError('failed-precondition', `container ${container.id} has no image to build upon`);
  const created = formatNano(nowNano());
  const image = (baseImage: Image, diffId: string) =>
    committedImage(baseImage, diffId, {created, config, request, createdBy: container.record.config.Cmd ?? []});
  const make = (leased: CallContext) => committer.commit(leased, {containerId: container.id, base, config: image});
  const isPausing = request.pause && container.state.status === 'running' && (await pause(world, ctx, container));
  try {
    const id = await transfers.adopt(ctx, request.name, container.record.image, make);
    publishContainerEvent(world, container, 'commit', {
      comment: request.comment,
      imageID: id,
      imageRef: request.name ? familiarReference(request.name) : '',
    });
    return id;
  } finally {
    if (isPausing) await resume(world, container);
  }
}

/** False when it cannot be paused, as it has ended meanwhile: it is stored as it is then. */
async function pause(world: World, ctx: CallContext, container: Container): Promise<boolean> {
  try {
    await pauseContainer(world, ctx, container);
    return true;
  } catch (error) {
    ctx.signal.throwIfAborted();
    world.log.debug({container: container.id, error: messageOf(error)}, 'cannot pause a container that is stored');
    return false;
  }
}

/** It may have been resumed or killed by somebody else; a cancelled request must not leave it paused. */
async function resume(world: World, container: Container): Promise<void> {
  if (container.state.status !== 'paused') return;
  await unpauseContainer(world, world.background, container);
}

function checkCommittable({id, state, removing}: Container): void {
  if (removing) throw new EngineError('conflict', `You cannot commit container ${id} which is being removed`);
  if (state.status === 'dead') throw new EngineError('conflict', `You cannot commit container ${id} which is Dead`);
}

/** The changes on top of the request's configuration, filled up from the container's. */
export function committedConfig(
  own: ContainerConfig,
  {config, changes}: Pick<CommitRequest, 'config' | 'changes'>,
): ImageConfig {
  const start = imageConfigOf(config ?? own);
  const names = changes.flatMap(change => change.split('\n')).map(line => line.trim().split(/\s/)[0]?.toUpperCase());
  // A new entrypoint makes the command meaningless, unless that is new too.
  const isReset = names.includes('ENTRYPOINT') && !names.includes('CMD');
  const changed = applyChanges(isReset ? {...start, Cmd: null} : start, changes);
  return imageConfigOf(mergeImageConfig(containerConfig.decode(changed, ''), own));
}

/** What of a container's configuration belongs to an image. */
function imageConfigOf(config: ContainerConfig): ImageConfig {
  const {Healthcheck, ExposedPorts, Volumes, Labels, OnBuild, Shell} = config;
  const hasAny = (value: object | null) => value !== null && Object.keys(value).length > 0;
  return {
    ...(config.User ? {User: config.User} : {}),
    ...(hasAny(ExposedPorts) ? {ExposedPorts} : {}),
    ...(hasAny(config.Env) ? {Env: config.Env} : {}),
    ...(hasAny(config.Entrypoint) ? {Entrypoint: config.Entrypoint} : {}),
    ...(hasAny(config.Cmd) ? {Cmd: config.Cmd} : {}),
    ...(hasAny(Volumes) ? {Volumes} : {}),
    ...(config.WorkingDir ? {WorkingDir: config.WorkingDir} : {}),
    ...(hasAny(Labels) ? {Labels} : {}),
    ...(config.StopSignal ? {StopSignal: config.StopSignal} : {}),
    ...(Healthcheck ? {Healthcheck} : {}),
    ...(hasAny(OnBuild) ? {OnBuild} : {}),
    ...(hasAny(Shell) ? {Shell} : {}),
    ...(config.ArgsEscaped ? {ArgsEscaped: true} : {}),
  };
}

interface CommitFacts {
  created: string;
  config: ImageConfig;
  request: Pick<CommitRequest, 'author' | 'comment'>;
  /** Command of the container: what made the layer. */
  createdBy: readonly string[];
}

export function committedImage(base: Image, diffId: string, facts: CommitFacts): Image {
  const {created, config, request, createdBy} = facts;
  const {author, comment} = request;
  const {architecture, os, variant} = base;
  const step = {
    created,
    created_by: createdBy.join(' '),
    ...(author ? {author} : {}),
    ...(comment ? {comment} : {}),
  };
  return {
    architecture,
    os,
    ...(variant ? {variant} : {}),
    ...(base['os.version'] ? {'os.version': base['os.version']} : {}),
    ...(base['os.features'] ? {'os.features': base['os.features']} : {}),
    created,
    ...(author ? {author} : {}),
    config,
    history: [...(base.history ?? []), step],
    rootfs: {type: 'layers', diff_ids: [...base.rootfs.diff_ids, diffId]},
  };
}
