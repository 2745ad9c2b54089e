/** GET /system/df: what takes room on the disk. */
import type {DiskUsage, ImageSummary, Volume as VolumeJson} from '@longshore/api/engine';
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {linkNamesOf} from '../../core/containers/links/links.ts';
import type {World} from '../../core/containers/world.ts';
import type {Images} from '../../core/images/images.ts';
import {sharedSizes} from '../../core/images/sizes.ts';
import type {Volumes} from '../../core/volumes/volumes.ts';
import type {ApiVersion} from '../api-version.ts';
import {summaryToJson as containerToJson} from '../containers/summary.ts';
import {summaryToJson as imageToJson} from '../images/convert.ts';
import {factsOf} from '../images/list-route.ts';
import type {Route} from '../route.ts';
import {volumeToJson} from '../volumes/convert.ts';

const types = ['container', 'image', 'volume', 'build-cache'];

export interface DiskUsageSources {
  world: World;
  images: Images;
  volumes: Volumes;
}

export function diskUsageRoute(sources: DiskUsageSources): Route {
  return {
    method: 'GET',
    path: '/system/df',
    job: 'system_df',
    async handle({ctx, query, version}, reply) {
      const wanted = version.atLeast('1.42') ? query.list('type') : [];
      const unknown = wanted.find(type => !types.includes(type));
      if (unknown !== undefined) throw new EngineError('invalid-argument', `unknown object type: ${unknown}`);
      const wants = (type: string) => wanted.length === 0 || wanted.includes(type);
      const images = wants('image') ? await imagesOf(ctx, sources.images, version) : undefined;
      reply.json(200, {
        LayersSize: images?.bytes ?? 0,
        Images: images?.list ?? null,
        Containers: wants('container') ? await containersOf(ctx, sources.world) : null,
        Volumes: wants('volume') ? await volumesOf(ctx, sources.volumes) : null,
        BuildCache: wants('build-cache') ? [] : null,
      } satisfies DiskUsage);
    },
  };
}

/** `bytes`: content and unpacked layers, each layer once. */
async function imagesOf(
  ctx: CallContext,
  images: Images,
  version: ApiVersion,
): Promise<{list: ImageSummary[]; bytes: number}> {
  const facts = await Promise.all((await images.list(ctx)).map(image => factsOf(ctx, images, image)));
  const shared = sharedSizes(facts.map(({usage}) => usage));
  const layers = new Map(facts.flatMap(({usage}) => [...usage.layers]));
  const content = facts.reduce((sum, {usage}) => sum + usage.content, 0);
  const list = facts.map((each, i) => ({
    ...imageToJson({...each, sharedSize: shared[i] ?? 0}, version, {manifests: false}),
    Containers: each.containers.length,
  }));
  return {list, bytes: [...layers.values()].reduce((sum, size) => sum + size, content)};
}

async function containersOf(ctx: CallContext, world: World) {
  const rows = world.registry.all.map(async container => {
    try {
      return containerToJson(container, linkNamesOf(world, container), await world.rootfs.sizes(ctx, container.id));
    } catch (error) {
      if (isErrorCode(error, 'not-found')) return undefined; // removed meanwhile
      throw error;
    }
  });
  return (await Promise.all(rows)).filter(row => row !== undefined);
}

async function volumesOf(ctx: CallContext, volumes: Volumes): Promise<VolumeJson[]> {
  return Promise.all(
    volumes.all.map(async volume => ({
      ...volumeToJson(volume),
      UsageData: {RefCount: volumes.users(volume.name).length, Size: await volumes.usage(ctx, volume)},
    })),
  );
}
