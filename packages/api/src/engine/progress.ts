/** The lines of long-running answers: pull, push, import, load, build. */

/** One line; every key is left out when empty. An error is always the last line of its stream. */
export interface JsonMessage {
  /** Plain output (build, load). */
  stream?: string;
  /** What happens now, to the layer `id` if there is one. */
  status?: string;
  id?: string;
  progressDetail?: ProgressDetail;
  /** A progress bar as text; deprecated, made from `progressDetail`. */
  progress?: string;
  /** The same as `errorDetail.message`. */
  error?: string;
  errorDetail?: ErrorDetail;
  /** Of push (`PushResult`) and build (`BuildResult`); BuildKit sends base64 under id `moby.buildkit.trace`. */
  aux?: unknown;
}

/** Units are bytes unless told otherwise. `{}` clears the bar. */
export interface ProgressDetail {
  current?: number;
  total?: number;
  start?: number;
  hidecounts?: boolean;
  units?: string;
}

/** `code` is an HTTP status or, in a build, the exit code of the command that failed. */
export interface ErrorDetail {
  code?: number;
  message: string;
}

/** `aux` at the end of a push. */
export interface PushResult {
  Tag: string;
  Digest: string;
  Size: number;
}

/** `aux` when a build has made its image. */
export interface BuildResult {
  ID: string;
}
