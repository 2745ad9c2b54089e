/** Managed plugins. */

/** Answer of GET /plugins/{name}/json. */
export interface Plugin {
  Id?: string;
  Name: string;
  Enabled: boolean;
  Settings: PluginSettings;
  PluginReference?: string;
  Config: PluginConfig;
}

/** What the user may change. */
export interface PluginSettings {
  Mounts: PluginMount[];
  Env: string[];
  Args: string[];
  Devices: PluginDevice[];
}

/** config.json of the plugin. */
export interface PluginConfig {
  DockerVersion?: string;
  Description: string;
  Documentation: string;
  Interface: PluginInterface;
  Entrypoint: string[];
  WorkDir: string;
  User?: {UID?: number; GID?: number};
  Network: {Type: string};
  Linux: {Capabilities: string[]; AllowAllDevices: boolean; Devices: PluginDevice[]};
  PropagatedMount: string;
  IpcHost: boolean;
  PidHost: boolean;
  Mounts: PluginMount[];
  Env: PluginVariable<string>[];
  Args: PluginVariable<string[]>;
  rootfs?: {type?: string; diff_ids?: string[]};
}

/** `Types` are written as `docker.volumedriver/1.0`. */
export interface PluginInterface {
  Types: string[];
  /** Name below /run/docker/plugins. */
  Socket: string;
  ProtocolScheme?: '' | 'moby.plugins.http/v1';
}

export interface PluginMount {
  Name: string;
  Description: string;
  Settable: string[];
  Source: string;
  Destination: string;
  Type: string;
  Options: string[];
}

export interface PluginDevice {
  Name: string;
  Description: string;
  Settable: string[];
  Path: string;
}

/** `Settable` names the parts a user may set: `value`. */
export interface PluginVariable<T> {
  Name: string;
  Description: string;
  Settable: string[];
  Value: T;
}

/** What a plugin asks the user to agree to. */
export interface PluginPrivilege {
  Name: string;
  Description: string;
  Value: string[];
}
