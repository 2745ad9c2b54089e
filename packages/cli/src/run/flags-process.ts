/** Flags of `run` and `create` about the process: what runs, as whom, with what around it. */
import {type FlagSpecs, flag, since} from '../command/flags.ts';
import {checkAttachStream, checkEnv, checkLabel} from './flag-values.ts';

export const processFlags = {
  annotation: since('1.43', flag.map('Add an annotation to the container (passed through to the OCI runtime)')),
  attach: flag.list('Attach to STDIN, STDOUT or STDERR', {char: 'a', check: checkAttachStream}),
  cidfile: flag.string('Write the container ID to the file'),
  domainname: flag.string('Container NIS domain name'),
  entrypoint: flag.string('Overwrite the default ENTRYPOINT of the image'),
  env: flag.list('Set environment variables', {char: 'e', check: checkEnv}),
  'env-file': flag.list('Read in a file of environment variables'),
  'health-cmd': flag.string('Command to run to check health'),
  'health-interval': flag.duration('Time between running the check (ms|s|m|h)'),
  'health-retries': flag.int('Consecutive failures needed to report unhealthy'),
  'health-start-interval': since(
    '1.44',
    flag.duration('Time between running the check during the start period (ms|s|m|h)'),
  ),
  'health-start-period': since(
    '1.29',
    flag.duration('Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)'),
  ),
  'health-timeout': flag.duration('Maximum time to allow one check to run (ms|s|m|h)'),
  help: flag.bool('Print usage'),
  hostname: flag.string('Container host name', {char: 'h'}),
  init: since('1.25', flag.bool('Run an init inside the container that forwards signals and reaps processes')),
  interactive: flag.bool('Keep STDIN open even if not attached', {char: 'i'}),
  label: flag.list('Set meta data on a container', {char: 'l', check: checkLabel}),
  'label-file': flag.list('Read in a line delimited file of labels'),
  name: flag.string('Assign a name to the container'),
  'no-healthcheck': flag.bool('Disable any container-specified HEALTHCHECK'),
  restart: flag.string('Restart policy to apply when a container exits', {initial: 'no'}),
  rm: flag.bool('Automatically remove the container and its associated anonymous volumes when it exits'),
  'stop-signal': flag.string('Signal to stop the container'),
  'stop-timeout': since('1.25', flag.int('Timeout (in seconds) to stop a container')),
  tty: flag.bool('Allocate a pseudo-TTY', {char: 't'}),
  user: flag.string('Username or UID (format: <name|uid>[:<group|gid>])', {char: 'u'}),
  workdir: flag.string('Working directory inside the container', {char: 'w'}),
} satisfies FlagSpecs;

/** Flags about the image: which, from where. */
export const imageFlags = {
  'disable-content-trust': flag.bool('Skip image verification', {initial: true}),
  platform: since(
    '1.32',
    flag.string('Set platform if server is multi-platform capable', {
      ...(process.env.DOCKER_DEFAULT_PLATFORM && {initial: process.env.DOCKER_DEFAULT_PLATFORM}),
    }),
  ),
  quiet: flag.bool('Suppress the pull output', {char: 'q'}),
} satisfies FlagSpecs;
