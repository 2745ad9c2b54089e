/** runtime-spec: what `runc features` prints (also `types.containerd.io/.../features/Features`). */

/** An absent list or flag means that the runtime does not say. */
export interface Features {
  ociVersionMin: string;
  ociVersionMax: string;
  hooks?: string[];
  mountOptions?: string[];
  linux?: LinuxFeatures;
  annotations?: Record<string, string>;
  /** Names, or prefixes when they end in a dot. */
  potentiallyUnsafeConfigAnnotations?: string[];
}

/** What the runtime was built with; not what the kernel can do. */
export interface LinuxFeatures {
  namespaces?: string[];
  capabilities?: string[];
  cgroup?: {v1?: boolean; v2?: boolean; systemd?: boolean; systemdUser?: boolean; rdma?: boolean};
  seccomp?: {
    enabled?: boolean;
    actions?: string[];
    operators?: string[];
    archs?: string[];
    knownFlags?: string[];
    supportedFlags?: string[];
  };
  apparmor?: {enabled?: boolean};
  selinux?: {enabled?: boolean};
  intelRdt?: {enabled?: boolean; schemata?: boolean; monitoring?: boolean};
  memoryPolicy?: {modes?: string[]; flags?: string[]};
  mountExtensions?: {idmap?: {enabled?: boolean}};
  netDevices?: {enabled?: boolean};
}
