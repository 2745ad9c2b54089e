/** Commands of `docker image`. */
import type {CommandEntry} from '../command/dispatch.ts';

export const imageCommands: CommandEntry[] = [
  {
    path: 'image history',
    shortcut: 'history',
    summary: 'Show the history of an image',
    load: () => import('../commands/image/history.ts'),
  },
  {
    path: 'image import',
    shortcut: 'import',
    summary: 'Import the contents from a tarball to create a filesystem image',
    load: () => import('../commands/image/import.ts'),
  },
  {
    path: 'image inspect',
    summary: 'Display detailed information on one or more images',
    load: () => import('../commands/image/inspect.ts'),
  },
  {
    path: 'image load',
    shortcut: 'load',
    summary: 'Load an image from a tar archive or STDIN',
    load: () => import('../commands/image/load.ts'),
  },
  {
    path: 'image ls',
    synonyms: ['list'],
    shortcut: 'images',
    summary: 'List images',
    load: () => import('../commands/image/ls.ts'),
  },
  {path: 'image prune', summary: 'Remove unused images', load: () => import('../commands/image/prune.ts')},
  {
    path: 'image pull',
    shortcut: 'pull',
    summary: 'Download an image from a registry',
    load: () => import('../commands/image/pull.ts'),
  },
  {
    path: 'image push',
    shortcut: 'push',
    summary: 'Upload an image to a registry',
    load: () => import('../commands/image/push.ts'),
  },
  {
    path: 'image rm',
    synonyms: ['remove'],
    shortcut: 'rmi',
    summary: 'Remove one or more images',
    load: () => import('../commands/image/rm.ts'),
  },
  {
    path: 'image save',
    shortcut: 'save',
    summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    load: () => import('../commands/image/save.ts'),
  },
  {
    path: 'image tag',
    shortcut: 'tag',
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    load: () => import('../commands/image/tag.ts'),
  },
];
