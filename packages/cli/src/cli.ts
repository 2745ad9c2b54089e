/** The surroundings of a command: the terminal, the user's configuration, the engine. Opened when first used. */
import type {ReadStream} from 'node:tty';
import type {CallContext} from '@longshore/base';
import {type ConfigFile, configDirectory, loadConfigFile} from './client/config-file.ts';
import {currentContextName, resolveEndpoint} from './client/endpoint.ts';
import {EngineClient} from './client/engine-client.ts';
import type {Globals} from './globals.ts';
import type {ClientTrace} from './trace/client-trace.ts';

export class Cli implements Disposable {
  readonly globals: Globals;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** What the command's requests belong to, when it is traced. */
  trace: ClientTrace | undefined;
  #config: ConfigFile | undefined;
  #client: EngineClient | undefined;

  constructor(globals: Globals) {
    this.globals = globals;
    this.stdout = process.stdout;
    this.stderr = process.stderr;
  }

  /** Opening standard input starts to watch it, so it is opened only by commands that read it. */
  get stdin(): ReadStream {
    return process.stdin;
  }

  get configDirectory(): string {
    return configDirectory(this.globals.config);
  }

  get config(): ConfigFile {
    this.#config ??= loadConfigFile(this.configDirectory, text => this.warn(text));
    return this.#config;
  }

  get contextName(): string {
    return currentContextName(this.globals, this.config);
  }

  /** Throws CliError when the address of the engine makes no sense; nothing is connected yet. */
  get client(): EngineClient {
    this.#client ??= openClient(this.globals, this.config, () => this.trace?.ctx);
    return this.#client;
  }

  /** A line on standard output. */
  print(text = ''): void {
    this.stdout.write(`${text}\n`);
  }

  /** A line on standard error. */
  warn(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  [Symbol.dispose](): void {
    this.#client?.close();
  }
}

function openClient(globals: Globals, config: ConfigFile, spanContext: () => CallContext | undefined): EngineClient {
  const version = process.env.DOCKER_API_VERSION?.replace(/^v/, '');
  const headers = {...config.HttpHeaders, ...customHeaders(process.env.DOCKER_CUSTOM_HEADERS ?? '')};
  const trace = (text: string) => process.stderr.write(`${new Date().toISOString()} debug: ${text}\n`);
  const endpoint = resolveEndpoint(globals, config);
  return new EngineClient(endpoint, {headers, spanContext, ...(version && {version}), ...(globals.isDebug && {trace})});
}

/** `name=value` pairs separated by commas. */
function customHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').filter(part => part.includes('='));
  return Object.fromEntries(
    pairs.map(part => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1)]),
  );
}
