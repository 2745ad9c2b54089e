import {containerdVersion} from '@longshore/base';

export const usage = `NAME:
   containerd - high performance container runtime

USAGE:
   containerd [global options] command [command options]

VERSION:
   ${containerdVersion}

DESCRIPTION:
   containerd is a high performance container runtime whose daemon can be started by using this command. If none of
   the *config* and *publish* commands are specified, the default action of the **containerd** command is to start the
   containerd daemon in the foreground.

   A default configuration is used if no TOML configuration is specified or located at the default file location. The
   *containerd config* command can be used to generate the default configuration for containerd. The output of that
   command can be used and modified as necessary as a custom configuration.

COMMANDS:
   config    Information on the containerd config
   publish   Binary to publish events to containerd
   oci-hook  Provides a base for OCI runtime hooks to allow arguments to be injected.
   check     Check the root directory of a containerd that does not run
   help, h   Shows a list of commands or help for one command

GLOBAL OPTIONS:
   --config value, -c value     Path to the configuration file (default: "/etc/containerd/config.toml")
   --log-level value, -l value  Set the logging level [trace, debug, info, warn, error, fatal, panic]
   --log-format value           Set the format of the log [text, json]
   --address value, -a value    Address for containerd's GRPC server
   --root value                 containerd root directory
   --state value                containerd state directory
   --check                      Check the root directory instead of running (default: false)
   --help, -h                   Show help (default: false)
   --version, -v                Print the version (default: false)`;
