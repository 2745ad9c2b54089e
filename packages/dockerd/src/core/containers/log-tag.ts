/** The log option `tag`: a Go template over what Docker tells its log drivers about a container. */
import {shortId} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {compileTemplate, type TemplateFields} from '@longshore/term';
import type {LogLocation} from '../ports/container-io.ts';
import {formatNano} from '../time.ts';
import type {Container} from './container.ts';

/** Throws Go's messages for a text that is no template and for fields that there are none of. */
export function expandLogTag(template: string, container: Container, location: LogLocation): string {
  try {
    return compileTemplate(template).execute(new LogInformation(container, location));
  } catch (error) {
    // The template has a name there.
    const message = messageOf(error)
      .replace(/^template: :/, 'template: log-tag:')
      .replace('executing ""', 'executing "log-tag"');
    throw new EngineError('invalid-argument', message, {cause: error});
  }
}

/** The methods and fields of Docker's logger.Info. */
class LogInformation implements TemplateFields {
  readonly goType = '*logger.Info';
  readonly #values: Record<string, () => unknown>;

  constructor({id, name, record}: Container, {options, path}: LogLocation) {
    const {config} = record;
    this.#values = {
      ID: () => shortId(id),
      FullID: () => id,
      Name: () => name,
      ImageID: () => record.image.slice(0, 12),
      ImageFullID: () => record.image,
      ImageName: () => config.Image,
      Command: () => [record.path, ...record.args].join(' '),
      DaemonName: () => 'docker',
      Config: () => ({...options}),
      ContainerID: () => id,
      ContainerName: () => record.name,
      ContainerEntrypoint: () => record.path,
      ContainerArgs: () => record.args,
      ContainerImageID: () => record.image,
      ContainerImageName: () => config.Image,
      ContainerCreated: () => formatNano(record.created),
      ContainerEnv: () => config.Env ?? [],
      ContainerLabels: () => config.Labels ?? {},
      LogPath: () => path,
    };
  }

  templateField(name: string): (() => unknown) | undefined {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }
}
