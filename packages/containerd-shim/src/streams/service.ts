/**
 * The streaming service as the listener knows it: one name, and bytes. What is said on a stream is loaded with the first
 * one, which most shims never have.
 */
import type {ServiceDefinition} from '@longshore/api';
import {rawMessage, type StreamHandlers} from '../handlers.ts';
import type {Streams} from './streams.ts';

export const streamingDefinition: ServiceDefinition = {
  name: 'Streaming',
  fullName: 'containerd.services.streaming.v1.Streaming',
  methods: {
    stream: {
      ...{name: 'Stream', requestType: rawMessage, requestStream: true},
      ...{responseType: rawMessage, responseStream: true},
    },
  },
};

export function streamingService(streams: Streams): StreamHandlers {
  return {
    async *stream(ctx, requests) {
      const {serveStream} = await import('./serve-stream.ts');
      yield* serveStream(streams, ctx, requests as AsyncIterable<Uint8Array>);
    },
  };
}
