import {VersionDefinition} from '@longshore/api/gen/containerd/services/version/v1/version';
import {containerdVersion, gitCommit} from '@longshore/base';
import {type ServedService, serve} from '../serve.ts';

export function versionService(): ServedService {
  return serve(
    VersionDefinition,
    {
      async version() {
        return {version: containerdVersion, revision: gitCommit};
      },
    },
    false,
  );
}
