import type {RestartPolicy} from '@longshore/api/engine';

/** `on-failure:3`. Throws an Error with Docker's text; the engine checks the name. */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name = '', count, ...more] = text.split(':');
  if (count !== undefined && name === '')
    throw new Error('invalid restart policy format: no policy provided before colon');
  if (more.length > 0 || (count !== undefined && !/^[-+]?\d+$/.test(count))) {
    throw new Error('invalid restart policy format: maximum retry count must be an integer');
  }
  return {Name: name as RestartPolicy['Name'], MaximumRetryCount: Number(count ?? 0)};
}
