import type {ContainerRecord} from '../containers/record.ts';

/** Where records are kept. A record is whole on disk before anything about it is announced. */
export interface ContainerStore {
  /** Directory of one container, made by the first save. */
  directory(id: string): string;
  save(record: ContainerRecord): Promise<void>;
  /** All records; damaged ones are set aside and logged, never thrown. */
  loadAll(): Promise<ContainerRecord[]>;
  /** Removes all but the record: the log first of all, which may be what fills the disk. Fine when it is gone. */
  removeData(id: string): Promise<void>;
  /** Removes the record and its directory. Fine when it is gone. */
  remove(id: string): Promise<void>;
}
