# What a test's script in dom0 may use. It runs with /rig as its folder; images of guests are
# /rig/guest/NAME.elf (PVH) and NAME.bz (HVM); exit code 0 is a pass.

# load_module NAME: a kernel module and those it needs.
load_module() {
    while read -r file; do
        [ -e "/run/module-$file" ] && continue
        options=
        # A vchan with two rings of 1 MiB needs 513 pages, and the guest's limit is 1024.
        [ "$1.ko" != "xen-gntalloc.ko" ] || options=limit=8192
        insmod "/modules/$file" $options || return 1
        : >"/run/module-$file"
    done <"/modules/$1.order"
}

# guest_config GUEST IMAGE pvh|hvm [LINE...]: writes /run/GUEST.cfg for xl; LINEs are added to it.
guest_config() {
    guest=$1 image=$2 type=$3
    shift 3
    {
        echo "name = '$guest'"
        echo "type = '$type'"
        echo "memory = 64"
        echo "vcpus = 1"
        if [ "$type" = hvm ]; then
            echo "kernel = '/rig/guest/$image.bz'"
            echo "vga = 'none'"
            echo "nographic = 1"
        else
            echo "kernel = '/rig/guest/$image.elf'"
        fi
        echo "on_poweroff = 'destroy'"
        echo "on_crash = 'preserve'"
        for line in "$@"; do
            echo "$line"
        done
    } >"/run/$guest.cfg"
}

# guest_start GUEST: creates it; returns when it runs.
guest_start() {
    rm -f "/run/$1.started" "/run/$1.ended"
    mkfifo "/run/$1.started" "/run/$1.ended" || return 1
    {
        xl create -q -F "/run/$1.cfg" 2>&1
        echo "xl's exit code $?"
    } | guest_follow "$1" &
    read -r guest_state <"/run/$1.started"
    [ "$guest_state" = runs ] || {
        cat "/run/$1.xl"
        return 1
    }
}

# Reads what xl says of a guest, and tells guest_start and guest_wait.
guest_follow() {
    guest_state=begins
    while read -r line; do
        echo "$line" >>"/run/$1.xl"
        case $line in
            *'(domid '*' to die'*)
                line=${line#*(domid }
                echo "${line%%)*}" >"/run/$1.domid"
                guest_state=runs
                echo runs >"/run/$1.started"
                ;;
            "xl's exit code "*)
                [ $guest_state = runs ] || echo failed >"/run/$1.started"
                echo "${line##* }" >"/run/$1.ended"
                ;;
        esac
    done
}

# guest_save GUEST: xl save, to a file in dom0's memory; the guest is gone then.
guest_save() {
    xl save "$1" "/run/$1.save" || return 1
    guest_wait "$1"
    : >"/run/$1.xl"
}

# guest_restore GUEST: xl restore of what guest_save saved; returns when it runs, as a new domain.
guest_restore() {
    rm -f "/run/$1.started" "/run/$1.ended"
    mkfifo "/run/$1.started" "/run/$1.ended" || return 1
    {
        xl restore -F "/run/$1.save" 2>&1
        echo "xl's exit code $?"
    } | guest_follow "$1" &
    read -r guest_state <"/run/$1.started"
    rm -f "/run/$1.save"
    [ "$guest_state" = runs ] || {
        cat "/run/$1.xl"
        return 1
    }
}

# guest_wait GUEST: until it shut down (and is destroyed) or crashed (and is kept for a look).
guest_wait() {
    # A signal (a child ended) may interrupt the opening.
    until read -r guest_code <"/run/$1.ended"; do
        echo "Interrupted; waiting for $1 again"
    done
    cat "/run/$1.xl"
    return "$guest_code"
}

# partner_start GUEST: its partner in dom0 (guest/partner.c), logging to /run/partner.log.
# partner_ready GUEST: waits until the guest has asked it "ready". False: the partner has ended.
partner_start() {
    partner_domid=$(guest_domid "$1")
    mkfifo "/run/ready-$partner_domid" || return 1
    {
        /rig/bin/guest_partner "$partner_domid" "/run/ready-$partner_domid" >>/run/partner.log 2>&1
        echo ended >"/run/ready-$partner_domid"
    } &
}

partner_ready() {
    read -r partner_state <"/run/ready-$(guest_domid "$1")"
    [ "$partner_state" = ready ]
}

guest_destroy() {
    xl destroy "$1" && guest_wait "$1" >/dev/null
}

# guest_domid GUEST: its domain number.
guest_domid() {
    read -r domid <"/run/$1.domid"
    echo "$domid"
}

# guest_log GUEST: what it wrote to its PV console.
guest_log() {
    tr -d '\r' <"/var/log/xen/guest-$1.log"
}

# guest_verdict GUEST: true when its console says "N passed, 0 failed".
guest_verdict() {
    guest_log "$1" | grep -qE '^[1-9][0-9]* passed, 0 failed$'
}

# guest_run GUEST IMAGE pvh|hvm [LINE...]: the whole life of a guest that needs nobody.
guest_run() {
    guest_config "$@"
    guest_start "$1" && guest_wait "$1"
    guest_log "$1"
    guest_verdict "$1"
}

# linux_start GUEST [MEMORY_MIB [pv|pvh]]: a Linux guest with the programs of /rig/bin and the libraries of /rig/lib in it.
# linux_exec GUEST COMMAND...: runs one there, with this process's streams and environment.
# session.py starts dom0's kernel in the same way.
linux_parameters='console=hvc0 rdinit=/init quiet loglevel=4 panic=1 mitigations=off tsc=unstable '\
'rodata=off cryptomgr.notests=1 '\
'initcall_blacklist=crypto_kdf108_init,init_encrypted,init_kprobe_trace,load_system_certificate_list'
linux_start() {
    [ -e /run/linux.cpio ] || {
        cp /rig/linux/root.cpio /run/linux.cpio
        (cd / && find rig/bin rig/lib rig/cmocka | cpio -o -H newc >>/run/linux.cpio) 2>/dev/null
    }
    cat >"/run/$1.cfg" <<END
name = '$1'
type = '${3:-pv}'
memory = ${2:-160}
vcpus = 1
kernel = '/rig/linux/vmlinux.gz'
ramdisk = '/run/linux.cpio'
extra = '$linux_parameters'
on_poweroff = 'destroy'
on_crash = 'preserve'
END
    guest_start "$1"
}

linux_exec() {
    linux_guest=$1
    shift
    /rig/bin/rig_linux exec "$(guest_domid "$linux_guest")" -- "$@"
}
