/** What `subvolume.worker.ts` is asked for. */
export type SubvolumeJob =
  | {readonly do: 'create'; readonly path: string}
  | {readonly do: 'snapshot'; readonly path: string; readonly source: string}
  | {readonly do: 'destroy'; readonly path: string};
