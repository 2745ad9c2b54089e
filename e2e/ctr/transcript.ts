/** What a session printed, without what differs between any two sessions. */
import type {EnginePaths} from '@longshore/testing';

/** Names for digests, ids and the like, in the order in which they appear. */
class Names {
  readonly #known = new Map<string, string>();

  of(kind: string, value: string): string {
    const name = this.#known.get(value) ?? `<${kind} ${this.#known.size}>`;
    this.#known.set(value, name);
    return name;
  }
}

/** Paths of this engine, times and process ids are replaced; labels are sorted, padding is one space. */
export function normalizer(paths: EnginePaths, clientName: string): (text: string) => string {
  const names = new Names();
  return text =>
    text
      .replaceAll(paths.cgroupParent, '<cgroup>')
      .replaceAll(/[\w/.-]*\/snapshots\/\d+/g, '<snapshot directory>')
      .replaceAll(paths.root, '<root>')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)?/g, '<time>')
      .replaceAll(/\/run\/containerd\/fifo\/\w+/g, '<fifos>')
      .replaceAll(/"pid":\d+/g, '"pid":<pid>')
      .replaceAll(/"exited_at":\{[^}]*\}/g, '"exited_at":<time>')
      .replaceAll(/extract-\d+-[\w-]+/g, '<extraction>')
      .replaceAll(/[\w:.-]*view-?[\w=-]*/g, view => names.of('view', view))
      .replaceAll(/^(\S+\s+)\d+(\s+(RUNNING|PAUSED|STOPPED))/gm, '$1<pid>$2')
      .replaceAll(/: unknown$/gm, '') // shims of 1.6 add the code of an error to its text
      .replaceAll(clientName, 'ctr')
      .replaceAll(/[^\s,=]+=[^\s,]*(,[^\s,=]+=[^\s,]*)+/g, labels => labels.split(',').sort().join(','))
      .replaceAll(/[ \t]+/g, ' ')
      .replaceAll(/ $/gm, '');
}

export function sortLines(text: string): string {
  return text.split('\n').sort().join('\n');
}
