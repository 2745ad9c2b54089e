/** Rows of `docker images`: one for each tag of an image. */
import type {ImageSummary} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {RowType} from './list.ts';
import {ago, goTime, shortId} from './text.ts';

export const imageTable = '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';
export const imageTableWithDigest = '{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';
export const imageRaw =
  'repository: {{ .Repository }}\ntag: {{.Tag}}\nimage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n';

const none = '<none>';
const unknown = 'N/A';

/** One name of an image. */
export interface ImageRow {
  image: ImageSummary;
  repository: string;
  tag: string;
  digest: string;
}

/** Without digests a name is shown once per tag; with them once per tag and digest. */
export function imageRows(images: readonly ImageSummary[], showsDigests: boolean): ImageRow[] {
  return images.flatMap(image => {
    const tags = group(image.RepoTags ?? [], ':');
    const digests = group(image.RepoDigests ?? [], '@');
    if (tags.size === 0 && digests.size === 0) return [{image, repository: none, tag: none, digest: none}];
    const rows: ImageRow[] = [];
    for (const [repository, names] of tags) {
      const own = showsDigests ? (digests.get(repository) ?? []) : [];
      for (const tag of names) {
        for (const digest of own.length > 0 ? own : [none]) rows.push({image, repository, tag, digest});
      }
      digests.delete(repository);
    }
    for (const [repository, names] of digests) {
      for (const digest of showsDigests ? names : names.slice(0, 1)) {
        rows.push({image, repository, tag: none, digest: showsDigests ? digest : none});
      }
    }
    return rows;
  });
}

/** Names by repository. `<none>:<none>` is what older engines answer for no name at all. */
function group(names: readonly string[], separator: ':' | '@'): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const at = name.lastIndexOf(separator);
    const repository = name.slice(0, at);
    if (at < 0 || repository === none) continue;
    groups.set(repository, [...(groups.get(repository) ?? []), name.slice(at + 1)]);
  }
  return groups;
}

export function imageRow(options: {truncate: boolean}): RowType<ImageRow> {
  const size = (value: number) => (value === -1 ? unknown : humanSize(value));
  return {
    goType: '*formatter.imageContext',
    fields: {
      ID: {header: 'IMAGE ID', get: ({image}) => (options.truncate ? shortId(image.Id) : image.Id)},
      Repository: {header: 'REPOSITORY', get: row => row.repository},
      Tag: {header: 'TAG', get: row => row.tag},
      Digest: {header: 'DIGEST', get: row => row.digest},
      CreatedSince: {header: 'CREATED', get: ({image}) => (image.Created > 0 ? ago(image.Created) : unknown)},
      CreatedAt: {header: 'CREATED AT', get: ({image}) => goTime(new Date(image.Created * 1000))},
      Size: {header: 'SIZE', get: ({image}) => humanSize(image.Size, 3)},
      Containers: {
        header: 'CONTAINERS',
        get: ({image}) => (image.Containers === -1 ? unknown : String(image.Containers)),
      },
      VirtualSize: {header: 'SIZE', get: ({image}) => humanSize(image.Size)},
      SharedSize: {header: 'SHARED SIZE', get: ({image}) => size(image.SharedSize)},
      UniqueSize: {
        header: 'UNIQUE SIZE',
        get: ({image}) => (image.SharedSize === -1 ? unknown : humanSize(image.Size - image.SharedSize)),
      },
    },
  };
}
