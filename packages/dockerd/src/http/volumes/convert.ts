/** Volumes as the API shows them. */
import type {Volume as VolumeJson} from '@longshore/api/engine';
import type {Volume} from '../../core/volumes/volume.ts';

export function volumeToJson(volume: Volume): VolumeJson {
  return {
    CreatedAt: volume.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    Driver: volume.driver,
    Labels: volume.labels,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: volume.options,
    Scope: 'local',
  };
}
