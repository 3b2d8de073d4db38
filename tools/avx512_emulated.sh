#!/usr/bin/env bash
# Runs a static x86-64 Linux program on an emulated CPU with AVX-512.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: avx512_emulated.sh [options] BINARY [ARG...]
Boots a small Linux in the Bochs emulator, whose processor has AVX-512, runs the
static program BINARY there, and passes on its output and exit status.
  -t SECONDS     wall-clock limit for boot and run together (default 300)
  -m MEGABYTES   memory of the emulated machine (default 512)
  -c MODEL       processor (default corei7_icelake_u: AVX-512 F CD BW DQ VL IFMA
                 VBMI VBMI2 VNNI BITALG VPOPCNTDQ; corei7_skylake_x: F CD BW DQ VL;
                 corei7_haswell_4770: AVX2 without AVX-512)
  -e NAME=VALUE  environment variable for BINARY (repeatable)
  -f FILE        file copied into BINARY's working folder (repeatable)
A static test program is built with RUSTFLAGS='-C target-feature=+crt-static' and
cargo test --no-run --target x86_64-unknown-linux-gnu -p PACKAGE
Exit status: BINARY's own; 124 when the limit ran out; 125 when the emulated
machine could not be set up or ended without a result.
The Debian packages (some 45 MB) are fetched once with apt-get and unpacked, not
installed, in ${XDG_CACHE_HOME:-$HOME/.cache}/fastserve/bochs. One processor is
emulated, slowly and with its own clock: times measured inside mean nothing.
TEXT
}

# Package and tested version; another one is taken, with a note, where apt lacks it.
packages=({bochs,bochs-term,bochsbios}=2.7+dfsg-4+deb12u1 vgabios=0.8a+ds-2
    busybox-static=1:1.35.0-4+deb12u1+b1 genisoimage=9:1.1.11-3.4
    {isolinux,syslinux-common}=3:6.04~git20190206.bf6db5b4+dfsg1-3)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/fastserve/bochs
root=$cache/root
busybox=$root/bin/busybox
ips=10000000 # emulated instructions in one emulated second

say() { echo "avx512_emulated: $*" >&2; }
fail() { say "$*" && exit 125; }

# Prints NAME=VERSION, or NAME alone where apt does not offer that version.
available() {
    local name=${1%%=*} version=${1#*=}
    apt-cache madison "$name" | grep -F " $version " >/dev/null && echo "$1" && return
    say "$name $version is not offered, taking the current one"
    echo "$name"
}

# Names of the emulator's shared libraries that this system has not installed.
missing_libraries() {
    apt-get --simulate --no-install-recommends install bochs bochs-term genisoimage |
        awk '/^Inst lib/ && $2 !~ /-common$/ { print $2 }'
}

fetch() {
    local kernel new package specs=()
    kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2 }')
    [[ -n $kernel ]] || fail "apt offers no linux-image-cloud-amd64; run apt-get update first"
    for package in "${packages[@]}"; do specs+=("$(available "$package")"); done
    mkdir -p "$cache" && new=$(mktemp -d "$cache/new.XXXXXX")
    # shellcheck disable=SC2046 # one word for each library
    (cd "$new" && apt-get -qq -o APT::Sandbox::User= download "$kernel" "${specs[@]}" \
        $(missing_libraries)) || fail "apt-get download failed; run apt-get update and try again"
    for package in "$new"/*.deb; do dpkg -x "$package" "$new/root"; done
    mv -T "$new/root" "$root" && rm -rf "$new"
}

with_libraries() {
    local libraries=$root/usr/lib/x86_64-linux-gnu
    LD_LIBRARY_PATH=$libraries LTDL_LIBRARY_PATH=$libraries/bochs/plugins TERM=${TERM:-dumb} "$@"
}

check_emulator() {
    local missing && missing=$(with_libraries ldd "$root/usr/bin/bochs-bin" | awk '/not found/ { print $1 }' | xargs)
    [[ -z $missing ]] || fail "missing $missing; try: apt-get install --no-install-recommends bochs bochs-term"
}

# First process of the emulated machine: runs the program, reports, powers off.
write_init() {
    local word
    cat <<'TEXT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
for port in ttyS1 ttyS2; do /bin/busybox stty -F /dev/$port raw -echo; done
export PATH=/bin HOME=/tmp TMPDIR=/tmp
cd /files
TEXT
    for word in "${environment[@]}"; do echo "export ${word%%=*}=$(quote "${word#*=}")"; done
    echo "/program $(quote "$@") </dev/null >/dev/ttyS1 2>/dev/ttyS2"
    # Changing the ports' settings waits until their last bytes are out.
    cat <<'TEXT'
status=$?
for port in ttyS1 ttyS2; do /bin/busybox stty -F /dev/$port sane; done
echo "program-status $status"
/bin/busybox poweroff -f
TEXT
}

# Prints its arguments as words for a shell; nothing without arguments.
quote() {
    [[ $# -eq 0 ]] || printf '%s ' "${@@Q}"
}

build_image() {
    local tree=$run/tree disc=$run/disc
    mkdir -p "$tree"/{bin,dev,proc,tmp,files} "$disc"
    cp "$busybox" "$tree/bin/busybox"
    strip -o "$tree/program" "$binary" 2>/dev/null || cp "$binary" "$tree/program"
    [[ ${#files[@]} -eq 0 ]] || cp "${files[@]}" "$tree/files/"
    write_init "$@" >"$tree/init"
    chmod +x "$tree/init" "$tree/program"
    (cd "$tree" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$disc/initrd"
    cp "$root"/boot/vmlinuz-* "$disc/linux"
    cp "$root/usr/lib/ISOLINUX/isolinux.bin" "$root/usr/lib/syslinux/modules/bios/ldlinux.c32" "$disc"
    # Bochs 2.7 describes PKU and compacted XSAVE areas wrongly, and FSRM without
    # ERMS stalls the kernel's memmove; without these features it boots cleanly.
    cat >"$disc/isolinux.cfg" <<TEXT
default linux initrd=initrd console=ttyS0,115200 quiet mitigations=off nokaslr cryptomgr.notests random.trust_cpu=on tsc=reliable tsc_early_khz=$((ips / 1000)) noxsaves clearcpuid=pku,xsavec,xsaves,fsrm,erms
TEXT
    with_libraries "$root/usr/bin/genisoimage" -quiet -o "$run/disc.iso" -b isolinux.bin -c boot.cat \
        -no-emul-boot -boot-load-size 4 -boot-info-table "$disc"
}

write_config() {
    cat <<TEXT
config_interface: textconfig
display_library: term
cpu: model=$model, count=1, ips=$ips, reset_on_triple_fault=0
megs: $megabytes
romimage: file=$root/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=$root/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=$run/disc.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$run/console
com2: enabled=1, mode=file, dev=$run/stdout
com3: enabled=1, mode=file, dev=$run/stderr
log: $run/bochs.log
info: action=ignore
error: action=ignore
panic: action=fatal
TEXT
}

# Runs the emulator (its debugger is told to continue); exits as the program did.
emulate() {
    local deadline=$((SECONDS + limit)) timed_out=false status
    write_config >"$run/config"
    echo c >"$run/debugger"
    : >"$run/console" >"$run/stdout" >"$run/stderr"
    with_libraries exec "$root/usr/bin/bochs-bin" -q -f "$run/config" -rc "$run/debugger" \
        </dev/null >"$run/screen" 2>&1 &
    emulator=$! && disown $!
    tail -f -s 0.3 --pid=$emulator "$run/stdout" | sed -u "" &
    tail -f -s 0.3 --pid=$emulator "$run/stderr" | sed -u "" >&2 &
    while kill -0 $emulator 2>/dev/null; do
        ((SECONDS < deadline)) || { kill -KILL $emulator && timed_out=true; }
        sleep 0.3
    done
    wait
    ! $timed_out || { say "stopped after $limit s" && exit 124; }
    status=$(sed -n 's/^program-status \([0-9]*\).*/\1/p' "$run/console" | tail -n 1)
    [[ -z $status ]] || exit "$status"
    tail -n 20 "$run/console" "$run/bochs.log" >&2
    fail "the emulated machine ended without a result"
}

clean_up() {
    [[ -z $emulator ]] || kill -KILL "$emulator" 2>/dev/null || true
    rm -rf "$run"
}

limit=300 megabytes=512 model=corei7_icelake_u
environment=() files=()
while getopts t:m:c:e:f:h-: option; do
    case $option in
    t) limit=$OPTARG ;;
    m) megabytes=$OPTARG ;;
    c) model=$OPTARG ;;
    e) environment+=("$OPTARG") ;;
    f) files+=("$OPTARG") ;;
    h | -) usage && exit 0 ;;
    *) usage >&2 && exit 125 ;;
    esac
done
shift $((OPTIND - 1))
[[ $# -ge 1 ]] || { usage >&2; exit 125; }
binary=$1
shift
[[ -r $binary ]] || fail "cannot read $binary"
LC_ALL=C ldd "$binary" 2>&1 | grep -qE 'statically linked|not a dynamic executable' ||
    fail "$binary is not a static program; build it with -C target-feature=+crt-static"

[[ -d $root ]] || fetch
check_emulator
run=$(mktemp -d)
emulator=
trap clean_up EXIT
trap 'exit 130' INT TERM
build_image "$@"
emulate
