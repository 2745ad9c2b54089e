#!/usr/bin/env bash
# Makes the images that the original's tests want, from programs of this machine, in the form of `docker save`:
#   frozen-images.sh DIRECTORY CONTRIB   (CONTRIB: the original's directory of sources of small test programs)
set -euo pipefail
out=$1
contrib=$2
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A root like busybox's image: every applet a hard link, the users the tests name, the directories they look for.
busybox_root() {
  local root=$1
  mkdir -p "$root"/{bin,dev,etc,home,root,usr/sbin,usr/bin,var/spool/mail,var/www,lib}
  mkdir -m 1777 -p "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
  cp /bin/busybox "$root/bin/["
  for applet in $(/bin/busybox --list); do
    [ "$applet" = '[' ] || ln "$root/bin/[" "$root/bin/$applet"
  done
  ln "$root/bin/[" "$root/bin/busybox" 2>/dev/null || true
  printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false bin:x:2:2:bin:/bin:/bin/false \
    sys:x:3:3:sys:/dev:/bin/false sync:x:4:100:sync:/bin:/bin/sync mail:x:8:8:mail:/var/spool/mail:/bin/false \
    www-data:x:33:33:www-data:/var/www:/bin/false operator:x:37:37:Operator:/var:/bin/false \
    nobody:x:65534:65534:nobody:/home:/bin/false >"$root/etc/passwd"
  printf '%s\n' root:x:0: daemon:x:1: bin:x:2: sys:x:3: adm:x:4: tty:x:5: disk:x:6: lp:x:7: mail:x:8: kmem:x:9: \
    wheel:x:10:root cdrom:x:11: dialout:x:18: floppy:x:19: video:x:28: audio:x:29: tape:x:32: www-data:x:33: \
    operator:x:37: utmp:x:43: plugdev:x:46: staff:x:50: lock:x:54: netdev:x:82: users:x:100: nobody:x:65534: >"$root/etc/group"
  printf '%s\n' 'root:*:10933:0:99999:7:::' >"$root/etc/shadow"
  echo localhost >"$root/etc/hostname"
}

# A program of this machine with the libraries it needs.
add_program() {
  local root=$1 program
  program=$(readlink -f "$(command -v "$2")")
  for file in "$program" $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$file")"
    [ -e "$root$file" ] || cp -L "$file" "$root$file"
  done
  rm -f "$root/bin/$2"
  ln -sf "$program" "$root/bin/$2" 2>/dev/null || true
}

# One layer and its configuration: image NAME ROOT CONFIG [ARCHITECTURE]
image() {
  local name=$1 root=$2 config=$3 architecture=${4:-amd64} id layer
  layer=$work/layer.tar
  tar -C "$root" --sort=name --owner=0 --group=0 --mtime='2022-12-01 00:00Z' -cf "$layer" .
  id=$(sha256sum "$layer" | cut -d' ' -f1)
  mkdir -p "$out/$id"
  mv "$layer" "$out/$id/layer.tar"
  local json="$work/config.json"
  printf '{"architecture":"%s","os":"linux","created":"2022-12-01T00:00:00Z","config":%s,"history":[{"created":"2022-12-01T00:00:00Z","created_by":"/bin/sh -c #(nop) ADD file:%s in / "},{"created":"2022-12-01T00:00:00Z","created_by":"/bin/sh -c #(nop)  CMD","empty_layer":true,"comment":"%s"}],"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$architecture" "$config" "$id" "$name" "$id" >"$json"
  local digest
  digest=$(sha256sum "$json" | cut -d' ' -f1)
  mv "$json" "$out/$digest.json"
  manifest+=("{\"Config\":\"$digest.json\",\"RepoTags\":[\"$name\"],\"Layers\":[\"$id/layer.tar\"]}")
}

manifest=()
path='"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'

busybox_root "$work/busybox"
image busybox:latest "$work/busybox" "{$path,\"Cmd\":[\"sh\"]}"
image busybox:glibc "$work/busybox" "{$path,\"Cmd\":[\"sh\"]}"

mkdir "$work/hello"
printf '#include <unistd.h>\nint main(void) { static const char t[] = "Hello from Docker!\\n"; write(1, t, sizeof t - 1); return 0; }\n' >"$work/hello.c"
gcc -Os -s -static "$work/hello.c" -o "$work/hello/hello"
image hello-world:frozen "$work/hello" "{$path,\"Cmd\":[\"/hello\"]}"
image arm32v7/hello-world:latest "$work/hello" "{$path,\"Cmd\":[\"/hello\"]}" arm

busybox_root "$work/debian"
for program in bash findmnt unshare mount whoami; do add_program "$work/debian" "$program"; done
image debian:bullseye-slim "$work/debian" "{$path,\"Cmd\":[\"bash\"]}"

cp -a "$work/debian" "$work/syscall"
for program in userns ns acct setuid setgid socket raw; do
  gcc -static "$contrib/syscall-test/$program.c" -o "$work/syscall/usr/bin/$program-test"
done
gcc -s -m32 -nostdlib -static "$contrib/syscall-test/exit32.s" -o "$work/syscall/usr/bin/exit32-test" 2>/dev/null || true
image syscall-test:latest "$work/syscall" "{$path,\"Cmd\":[\"bash\"]}"

cp -a "$work/debian" "$work/nnp"
gcc -static "$contrib/nnp-test/nnp-test.c" -o "$work/nnp/usr/bin/nnp-test"
chmod +s "$work/nnp/usr/bin/nnp-test"
image nnp-test:latest "$work/nnp" "{$path,\"Cmd\":[\"bash\"]}"

mkdir "$work/empty"
image emptyfs:latest "$work/empty" '{}'

(IFS=,; printf '[%s]' "${manifest[*]}") >"$out/manifest.json"
