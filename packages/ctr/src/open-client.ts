/** Loaded when a command is run: help and usage errors need no connection, and gRPC takes time to load. */
export {openClient} from '@longshore/containerd-client';
