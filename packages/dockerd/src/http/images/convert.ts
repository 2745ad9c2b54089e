/** Images as the API shows them. */
import type {ImageHistoryItem, ImageInspect, ImageManifestSummary, ImageSummary} from '@longshore/api/engine';
import type {Descriptor, ImageConfig, Platform} from '@longshore/api/oci';
import {normalizePlatform} from '@longshore/oci';
import type {ImageParts, ImageRecord} from '../../core/images/image-store.ts';
import type {HistoryStep, ImageDetails} from '../../core/images/images.ts';
import {repoDigests, repoTags} from '../../core/images/names.ts';
import {parentOf} from '../../core/images/parent.ts';
import type {ImageUsage, ManifestUsage} from '../../core/images/sizes.ts';
import type {ApiVersion} from '../api-version.ts';
import {configToJson} from './config-json.ts';

export interface SummaryFacts {
  id: string;
  target: Descriptor;
  /** Those that the filters let through. */
  records: readonly ImageRecord[];
  /** Undefined when no platform of it is here. */
  parts: ImageParts | undefined;
  usage: ImageUsage;
  /** -1 when it was not asked for. */
  sharedSize: number;
  containers: readonly string[];
}

export function summaryToJson(facts: SummaryFacts, version: ApiVersion, options: {manifests: boolean}): ImageSummary {
  const {id, target, records, parts, usage, sharedSize, containers} = facts;
  const created = parts?.config.created ?? records[0]?.createdAt.toISOString() ?? '';
  const size = usage.content + usage.unpacked;
  const hasNames = repoTags(records).length + repoDigests(records).length > 0;
  const placeholder = version.below('1.43') && !hasNames;
  return {
    Containers: version.atLeast('1.51') ? containers.length : -1,
    Created: Math.floor(Date.parse(created) / 1000) || 0,
    Id: id,
    Labels: parts?.config.config?.Labels ?? null,
    ParentId: parentOf(records),
    ...(version.atLeast('1.48') ? {Descriptor: target} : {}),
    ...(options.manifests && version.atLeast('1.47') ? {Manifests: manifestsToJson(usage, parts, containers)} : {}),
    RepoDigests: placeholder ? ['<none>@<none>'] : repoDigests(records),
    RepoTags: placeholder ? ['<none>:<none>'] : repoTags(records),
    SharedSize: sharedSize,
    Size: size,
    ...(version.below('1.44') ? {VirtualSize: size} : {}),
  };
}

export function inspectToJson(
  {image, parts, usage}: ImageDetails,
  version: ApiVersion,
  options: {manifests: boolean; snapshotter: string; containers: readonly string[]; containerConfig: boolean},
): ImageInspect {
  const {config} = parts;
  const imageConfig = configToJson(config.config ?? {}, version) as ImageConfig;
  const last = config.history?.at(-1);
  const {architecture, os, variant} = normalizePlatform(config);
  const osVersion = config['os.version'];
  const lastTag = Math.max(...image.records.map(({updatedAt}) => updatedAt.getTime()));
  const manifests = options.manifests && version.atLeast('1.48');
  return {
    Id: image.id,
    RepoTags: repoTags(image.records),
    RepoDigests: repoDigests(image.records),
    Parent: parentOf(image.records),
    Comment: last?.comment ?? config.comment ?? '',
    ...(config.created ? {Created: config.created} : {}),
    ...(options.containerConfig ? {Container: '', ContainerConfig: imageConfig} : {}),
    DockerVersion: '',
    Author: config.author ?? last?.author ?? '',
    Config: imageConfig,
    Architecture: architecture,
    ...(variant ? {Variant: variant} : {}),
    Os: os,
    ...(osVersion ? {OsVersion: osVersion} : {}),
    Size: usage.content,
    ...(version.below('1.44') ? {VirtualSize: usage.content} : {}),
    GraphDriver: {Data: null, Name: options.snapshotter},
    RootFS: {Type: 'layers', Layers: config.rootfs.diff_ids},
    Metadata: {LastTagTime: new Date(lastTag).toISOString()},
    ...(version.atLeast('1.48') ? {Descriptor: image.target} : {}),
    ...(manifests ? {Manifests: manifestsToJson(usage, parts, options.containers)} : {}),
  };
}

export function historyToJson(step: HistoryStep): ImageHistoryItem {
  return {
    Comment: step.comment,
    Created: Math.floor(Date.parse(step.created) / 1000) || 0,
    CreatedBy: step.createdBy,
    Id: step.id || '<missing>',
    Size: step.size,
    Tags: step.tags.length > 0 ? step.tags : null,
  };
}

/** Containers are shown with the manifest that runs here. */
function manifestsToJson(
  {manifests}: ImageUsage,
  chosen: ImageParts | undefined,
  containers: readonly string[],
): ImageManifestSummary[] {
  return manifests.map(manifest => {
    const isChosen = manifest.descriptor.digest === chosen?.manifest.digest;
    return manifestToJson(manifest, isChosen ? containers : []);
  });
}

function manifestToJson(manifest: ManifestUsage, containers: readonly string[]): ImageManifestSummary {
  const {descriptor, kind, parts, attests, contentSize, unpacked} = manifest;
  const platform = parts ? platformToJson(parts) : descriptor.platform;
  return {
    ID: descriptor.digest,
    Descriptor: descriptor,
    Available: parts !== undefined || (kind !== 'image' && contentSize > 0),
    Size: {Content: contentSize, Total: contentSize + unpacked},
    Kind: kind,
    ...(kind === 'image' && platform
      ? {
          ImageData: {
            Platform: platform,
            Size: {Unpacked: unpacked},
            Containers: containers.length > 0 ? [...containers] : null,
          },
        }
      : {}),
    ...(kind === 'attestation' ? {AttestationData: {For: attests}} : {}),
  };
}

function platformToJson({config}: ImageParts): Platform {
  const {architecture, os, variant, osVersion} = normalizePlatform(config);
  return {architecture, os, ...(osVersion ? {'os.version': osVersion} : {}), ...(variant ? {variant} : {})};
}
