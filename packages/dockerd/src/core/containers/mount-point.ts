/** One mount of a container, as resolved at create: Docker's `MountPoints`. */
import {bool, omitEmpty, pointer, type ShapeOf, struct, text} from '../shape/shape.ts';
import {mountRequest} from './documents/host-config.ts';

export const mountPoint = struct(
  {
    Source: text,
    Destination: text,
    RW: bool,
    Name: text,
    Driver: text,
    Type: text,
    /** The options of the request, as an inspect shows them. */
    Relabel: omitEmpty(text),
    Propagation: omitEmpty(text),
    ID: omitEmpty(text),
    Spec: omitEmpty(pointer(mountRequest)),
    CopyData: omitEmpty(bool),
    SkipMountpointCreation: bool,
  },
  'MountPoint',
);
export type MountPoint = ShapeOf<typeof mountPoint>;
