/** What a container is made of independently of the host: Docker's Config, of a container and of an image. */
import {
  bool,
  emptyObject,
  int,
  int64,
  list,
  map,
  omitEmpty,
  pointer,
  type ShapeOf,
  struct,
  text,
  textOrList,
} from '../../shape/shape.ts';

/** Durations in nanoseconds; 0 inherits the image's or the default. */
export const healthcheck = struct(
  {
    Test: omitEmpty(list(text)),
    Interval: omitEmpty(int64),
    Timeout: omitEmpty(int64),
    StartPeriod: omitEmpty(int64),
    StartInterval: omitEmpty(int64),
    Retries: omitEmpty(int),
  },
  'HealthcheckConfig',
);
export type HealthcheckConfig = ShapeOf<typeof healthcheck>;

export const configFields = {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: omitEmpty(map(emptyObject)),
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: list(text),
  Cmd: textOrList,
  Healthcheck: omitEmpty(pointer(healthcheck)),
  ArgsEscaped: omitEmpty(bool),
  Image: text,
  Volumes: map(emptyObject),
  WorkingDir: text,
  Entrypoint: textOrList,
  NetworkDisabled: omitEmpty(bool),
  MacAddress: omitEmpty(text),
  OnBuild: list(text),
  Labels: map(text),
  StopSignal: omitEmpty(text),
  StopTimeout: omitEmpty(pointer(int)),
  Shell: omitEmpty(textOrList),
};

export const containerConfig = struct(configFields, 'Config');
export type ContainerConfig = ShapeOf<typeof containerConfig>;
