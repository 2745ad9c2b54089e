/** What a container is made of independently of the host: `Config` of an inspect. */
import type {HealthConfig} from '../oci/image.ts';

export type {HealthConfig} from '../oci/image.ts';

/** Portable settings; the image's configuration fills what the request leaves out. */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  /** `user[:group]`, names or numbers. */
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  /** Keys `80/tcp`. */
  ExposedPorts?: Record<string, object> | null;
  Tty: boolean;
  OpenStdin: boolean;
  /** Close stdin when the first attached client goes away. */
  StdinOnce: boolean;
  /** `NAME=value`; a bare `NAME` removes what the image set. */
  Env: string[] | null;
  Cmd: string[] | null;
  Healthcheck?: HealthConfig | null;
  /** Windows: Cmd is one command line already. */
  ArgsEscaped?: boolean;
  /** As the user wrote it. */
  Image: string;
  /** Keys are paths in the container that get an anonymous volume. */
  Volumes: Record<string, object> | null;
  WorkingDir: string;
  /** `['']` in a request resets the image's entrypoint. */
  Entrypoint: string[] | null;
  NetworkDisabled?: boolean;
  /** Deprecated: belongs to the endpoint since API 1.44. */
  MacAddress?: string;
  OnBuild: string[] | null;
  Labels: Record<string, string> | null;
  /** Name or number. */
  StopSignal?: string;
  /** Seconds before SIGKILL; negative waits without end. */
  StopTimeout?: number | null;
  /** For the shell form of RUN, CMD and ENTRYPOINT. */
  Shell?: string[] | null;
}
