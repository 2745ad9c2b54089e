/** Rows of `docker ps`. */
import type {ContainerSummary} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {RowType} from './list.ts';
import {formatPorts} from './ports.ts';
import {ago, ellipsis, formatLabels, goTime, shortId} from './text.ts';

export const containerTable = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';
export const containerRaw =
  'container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\nstate: {{- pad .State 1 0}}\n' +
  'status: {{- pad .Status 1 0}}\nnames: {{.Names}}\nlabels: {{- pad .Labels 1 0}}\nports: {{- pad .Ports 1 0}}\n';

/** Longest command that is shown when texts are cut. */
const commandLength = 20;

export function containerRow(options: {truncate: boolean; withSize?: boolean}): RowType<ContainerSummary> {
  const cut = (text: string, length: number) => (options.truncate ? ellipsis(text, length) : text);
  return {
    goType: '*formatter.ContainerContext',
    fields: {
      ID: {header: 'CONTAINER ID', get: item => (options.truncate ? shortId(item.Id) : item.Id)},
      Names: {header: 'NAMES', get: item => names(item, options.truncate)},
      Image: {header: 'IMAGE', get: item => imageName(item, options.truncate)},
      Command: {header: 'COMMAND', get: item => quote(cut(item.Command, commandLength))},
      CreatedAt: {header: 'CREATED AT', get: item => goTime(new Date(item.Created * 1000))},
      RunningFor: {header: 'CREATED', get: item => ago(item.Created)},
      Ports: {header: 'PORTS', get: item => formatPorts(item.Ports ?? [])},
      State: {header: 'STATE', get: item => item.State},
      Status: {header: 'STATUS', get: item => item.Status},
      Size: {header: 'SIZE', get: size},
      Labels: {header: 'LABELS', get: item => formatLabels(item.Labels)},
      Label: {lookup: (item, key) => item.Labels?.[key] ?? ''},
      Mounts: {header: 'MOUNTS', get: item => mounts(item, options.truncate)},
      LocalVolumes: {header: 'LOCAL VOLUMES', get: item => String(localVolumes(item))},
      Networks: {
        header: 'NETWORKS',
        get: item =>
          Object.keys(item.NetworkSettings?.Networks ?? {})
            .sort()
            .join(','),
      },
      Platform: {header: 'PLATFORM', get: item => platform(item)},
    },
  };
}

/** Links to other containers (`/web/db`) are names too, and are left out when texts are cut. */
function names(item: ContainerSummary, truncate: boolean): string {
  const plain = (item.Names ?? []).map(name => name.replace(/^\//, ''));
  return (truncate ? plain.filter(name => !name.includes('/')) : plain).join(',');
}

/** An image that lost its name is shown by its short id. */
function imageName(item: ContainerSummary, truncate: boolean): string {
  if (item.Image === '') return '<no image>';
  if (!truncate) return item.Image;
  if (item.Image === item.ImageID) return shortId(item.ImageID);
  return item.Image.replace(/@sha256:[0-9a-f]{64}$/, '');
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function size(item: ContainerSummary): string {
  const own = humanSize(item.SizeRw ?? 0, 3);
  return item.SizeRootFs ? `${own} (virtual ${humanSize(item.SizeRootFs, 3)})` : own;
}

function mounts(item: ContainerSummary, truncate: boolean): string {
  const texts = (item.Mounts ?? []).map(mount => mount.Name || mount.Source);
  return texts.map(text => (truncate ? ellipsis(text, 15) : text)).join(',');
}

function localVolumes(item: ContainerSummary): number {
  return (item.Mounts ?? []).filter(mount => mount.Driver === 'local').length;
}

function platform(item: ContainerSummary): string | null {
  const found = (item as {ImageManifestDescriptor?: {platform?: {os: string; architecture: string; variant?: string}}})
    .ImageManifestDescriptor?.platform;
  return found ? [found.os, found.architecture, found.variant].filter(Boolean).join('/') : null;
}
