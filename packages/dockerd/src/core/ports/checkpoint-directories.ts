/** Where checkpoints of containers are kept: `<containers>/<id>/checkpoints/<name>`, or a directory of the user. */
export interface CheckpointDirectories {
  /** Makes the empty directory. Throws `checkpoint with name x already exists for container y`. */
  create(containerId: string, custom: string, name: string): Promise<string>;
  /** The directory of one that exists. Throws `checkpoint x does not exist for container y`. */
  find(containerId: string, custom: string, name: string): Promise<string>;
  list(containerId: string, custom: string): Promise<string[]>;
  /** Removes it; fine when there is none. */
  remove(containerId: string, custom: string, name: string): Promise<void>;
}
