/** Rows of `docker volume ls`. */
import type {Volume} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {RowType} from './list.ts';
import {formatLabels} from './text.ts';

export const volumeTable = '{{.Driver}}\t{{.Name}}';
export const volumeRaw = 'name: {{.Name}}\ndriver: {{.Driver}}\n';

const unknown = 'N/A';

export const volumeRow: RowType<Volume> = {
  goType: '*formatter.volumeContext',
  fields: {
    Name: {header: 'VOLUME NAME', get: volume => volume.Name},
    Driver: {header: 'DRIVER', get: volume => volume.Driver},
    Scope: {header: 'SCOPE', get: volume => volume.Scope},
    Mountpoint: {header: 'MOUNTPOINT', get: volume => volume.Mountpoint},
    Labels: {header: 'LABELS', get: volume => formatLabels(volume.Labels)},
    Label: {lookup: (volume, key) => volume.Labels?.[key] ?? ''},
    Links: {header: 'LINKS', get: ({UsageData: usage}) => (usage ? String(usage.RefCount) : unknown)},
    Size: {header: 'SIZE', get: ({UsageData: usage}) => (usage && usage.Size >= 0 ? humanSize(usage.Size) : unknown)},
    // The rest is for volumes of a cluster, which there are none of.
    Group: {header: 'GROUP', get: () => unknown},
    Availability: {header: 'AVAILABILITY', get: () => unknown},
    Status: {header: 'STATUS', get: () => unknown},
  },
};
