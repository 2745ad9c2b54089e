import type {LogRequest} from '../../core/ports/container-io.ts';

/** What a container would ask of its log. */
export function sampleLogRequest(changes: Partial<LogRequest> = {}): LogRequest {
  const id = 'c7d63ca3573869aaaab1d8b403ede49ebb0521789439faf0d3718c6a3b3dac38';
  return {
    containerId: id,
    driver: 'json-file',
    options: {},
    path: '/nonexistent',
    attributes: undefined,
    tag: id.slice(0, 12),
    subject: {
      id,
      name: 'w7',
      imageId: 'sha256:6db0ccd45c85e7624f6eea42780fbbf32e90bb1d61699b40aa08ac267d4cb128',
      imageName: 'busybox',
      command: 'sh -c true',
      created: 1_795_245_014_735_878_931n,
    },
    ...changes,
  };
}
