#!/bin/bash
# make demo: a host and two Windows guests at work, over Debian's own xenstored, each step checked.
# State stays in build/demo, so that the next run starts in seconds. Exit code 0: every step passed.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd -P)
build=$top/build
casement=$build/linux/linux/dom0/casement
bin='C:\Program Files\Casement\bin'
client="\"$bin\\qrexec-client-vm.exe\""

export CASEMENT_HOME=$build/demo CASEMENT_RUNTIME=$build/demo/run
# Unix sockets have short names: a deep checkout keeps them in /tmp, each in a folder of its own.
[ ${#CASEMENT_RUNTIME} -le 75 ] ||
    CASEMENT_RUNTIME=/tmp/casement-$(id -u)-$(cksum <<<"$build" | cut -d ' ' -f 1)
files=$CASEMENT_HOME/files
mkdir -p "$CASEMENT_HOME"

if [ -t 1 ]; then green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' bold=$'\e[1m' plain=$'\e[0m'; else
    green='' red='' dim='' bold='' plain=''
fi
passed=0 failed=0
started=$(date +%s%N)

milliseconds_since() {
    echo $((($(date +%s%N) - $1) / 1000000))
}

# step "what it shows" function [argument...]: the function returns 0 and may leave a word in $note.
step() {
    local title=$1 began verdict
    shift
    note='' began=$(date +%s%N)
    if "$@" >"$CASEMENT_HOME/step.log" 2>&1; then
        verdict="${green}PASS$plain" passed=$((passed + 1))
    else
        verdict="${red}FAIL$plain" failed=$((failed + 1))
    fi
    printf '%s  %-50s %6d ms  %s%s%s\n' "$verdict" "$title" "$(milliseconds_since "$began")" \
        "$dim" "$note" "$plain"
    [[ $verdict == *PASS* ]] || sed 's/^/      /' "$CASEMENT_HOME/step.log"
}

equal() { # expected got
    [ "$1" = "$2" ] || {
        printf 'expected: %s\ngot:      %s\n' "$1" "$2"
        return 1
    }
}

exit_code() { # expected command...
    local expected=$1
    shift
    "$@"
    equal "exit code $expected" "exit code $?"
}

lines() { # without the carriage returns of Windows
    tr -d '\r' | sed '/^$/d'
}

drive() { # guest
    echo "$CASEMENT_HOME/guests/$1/drive_c"
}

digests() { # folder
    (cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

# --- The steps

bring_up() {
    "$casement" up --screen win work || return 1
    note='their agents are connected'
}

version() {
    note=$("$casement" run win -- cmd /c ver | lines)
    [[ $note == *Windows* ]]
}

standard_input() {
    note=$(echo "hello from $(uname -s)" |
        "$casement" run win -- cmd /v:on /c 'set /p line=& echo Windows read: !line!' | lines)
    equal "Windows read: hello from $(uname -s)" "$note"
}

standard_error() {
    "$casement" run win -- cmd /c 'echo out& echo err>&2' >"$files/out" 2>"$files/err"
    equal out "$(lines <"$files/out")" && equal err "$(lines <"$files/err")"
}

codes() {
    note='0, 7 and 127'
    exit_code 0 "$casement" run win -- cmd /c exit 0 &&
        exit_code 7 "$casement" run win -- cmd /c exit 7 &&
        exit_code 127 "$casement" call win no.SuchService </dev/null
}

make_files() {
    rm -rf "$files" "$CASEMENT_HOME/QubesIncoming" "$(drive win)/back"
    find "$(drive win)/users" "$(drive work)/users" -type d -name QubesIncoming -prune \
        -exec rm -rf {} + 2>/dev/null
    mkdir -p "$files/tree/folder"
    head -c 33554432 /dev/urandom >"$files/tree/32 MiB"
    echo 'a small one' >"$files/tree/folder/ein schöner Name.txt"
    : >"$files/tree/folder/empty"
}

copy_in() {
    note="3 files, $(du -sh "$files/tree" | cut -f 1), same SHA-256"
    "$casement" copy "$files/tree" win: || return 1
    local incoming
    incoming=$(find "$(drive win)/users" -type d -path '*QubesIncoming/dom0/tree')
    equal "$(digests "$files/tree")" "$(digests "$incoming")" || return 1
    mv "$incoming" "$(drive win)/back"
}

copy_out() {
    note='into QubesIncoming/win, same SHA-256'
    "$casement" run win -- \
        "$client @default qubes.Filecopy \"$bin\\filecopy-sender.exe\" C:\\back" || return 1
    equal "$(digests "$files/tree")" "$(digests "$CASEMENT_HOME/QubesIncoming/win/back")"
}

copy_across() {
    note='the data goes from guest to guest, same SHA-256'
    "$casement" run win -- \
        "$client work qubes.Filecopy \"$bin\\filecopy-sender.exe\" C:\\back" || return 1
    local incoming
    incoming=$(find "$(drive work)/users" -type d -path '*QubesIncoming/win/back')
    equal "$(digests "$files/tree")" "$(digests "$incoming")"
}

call_guest() {
    note='qubes.VMShell: '$(echo 'echo a shell in the guest' | "$casement" call win qubes.VMShell |
        lines)
    equal 'qubes.VMShell: a shell in the guest' "$note"
}

call_host() {
    note='test.Echo: '$(echo 'a service of the host' |
        "$casement" run win -- "$client dom0 test.Echo" | lines)
    equal 'test.Echo: a service of the host' "$note"
}

# A call that is held open, to look at who is connected with whom.
call_guest_to_guest() {
    local line direct call
    rm -f "$files/in" "$files/out"
    mkfifo "$files/in" "$files/out"
    "$casement" run win -- "$client work qubes.VMShell" <"$files/in" >"$files/out" 2>&1 &
    call=$!
    exec 7>"$files/in" 8<"$files/out"
    echo 'echo from work&set /p more=' >&7
    read -r -u 8 line
    "$casement" host simxen list >"$files/list"
    exec 7>&- 8<&-
    wait $call
    cat "$files/list"
    direct=$("$casement" status | awk 'NR > 1 { domain[$1] = $2 }
        END { while ((getline < list) > 0) {
                  if ($1 == "domain") here = $2
                  if (here == domain["win"] && $1 == "port" && $4 ~ "^" domain["work"] ":") count++ }
              print count + 0 }' list="$files/list")
    note="event channels between the two guests meanwhile: $direct"
    equal 'from work' "${line%$'\r'}" && [ "$direct" -ge 1 ]
}

denied() {
    note=$(grep -o 'refused: .*' <<<"$(
        "$casement" run work -- "$client win qubes.VMShell" </dev/null
        [ $? = 126 ] && tail -n 1 "$CASEMENT_HOME/log/casementd")")
    [[ $note == refused* ]]
}

binary() {
    note='every byte through the host and back'
    "$casement" run win -- "$client dom0 test.Echo" <"$files/tree/32 MiB" >"$files/back" &&
        cmp "$files/tree/32 MiB" "$files/back"
}

list() {
    "$casement" host simxen list >"$files/list" || return 1
    note="$(grep -c '^domain' "$files/list") domains, $(grep -c ' port ' "$files/list") ports,"
    note+=" $(grep -c ' grant ' "$files/list") grants"
    grep -q 'domain .* work' "$files/list"
}

nothing_left() {
    local left
    left=$(grep -lsz "^CASEMENT_INSTANCE=$CASEMENT_RUNTIME\$" /proc/[0-9]*/environ |
        cut -d / -f 3 | tr '\n' ' ')
    note='no process, domain, port, grant or socket'
    equal 'processes: ' "processes: $left" && equal 'files: ' "files: $(ls -A "$CASEMENT_RUNTIME")"
}

# --- Windows on the desktop

# On this desktop, or where there is none on one of its own.
find_desktop() {
    [ -z "${DISPLAY:-}" ] || return 0
    mkfifo "$files/number"
    Xvfb -displayfd 3 -screen 0 1120x700x24 -nolisten tcp -noreset 3>"$files/number" &
    desktop=$!
    read -r DISPLAY <"$files/number"
    export DISPLAY=:$DISPLAY
}

setting() { # guest key name type value: programs keep the place of their window in the registry
    "$casement" run "$1" -- reg add "HKCU\\Software\\Microsoft\\$2" /v "$3" /t "$4" /d "$5" /f
}

place_notepad() { # guest x y
    setting "$1" Notepad iWindowPosX REG_DWORD "$2" && setting "$1" Notepad iWindowPosY REG_DWORD "$3" &&
        setting "$1" Notepad iWindowPosDX REG_DWORD 560 && setting "$1" Notepad iWindowPosDY REG_DWORD 330
}

write_note() { # guest words...
    local guest=$1
    shift
    printf '%s\r\n' "$@" >"$(drive "$guest")/note.txt"
    "$casement" run "$guest" --no-wait -- notepad 'C:\note.txt'
}

shown() { # titles...: reads what casement view says until each was seen
    local line missing=$#
    while [ $missing -gt 0 ] && read -r -t 60 line <&9; do
        echo "$line"
        case " $* " in *" ${line#shown } "*) missing=$((missing - 1)) ;; esac
    done
    [ $missing = 0 ]
}

# A picture of a desktop on which nothing moves any more.
still_picture() {
    local last='' now
    for _ in {1..40}; do
        "$casement" view --screenshot "$1" || return 1
        now=$(cksum <"$1")
        [ "$now" != "$last" ] || return 0
        last=$now
    done
    return 1
}

windows() {
    find_desktop || return 1
    mkfifo "$files/shown"
    "$casement" view win=red work=blue >"$files/shown" 2>"$CASEMENT_HOME/log/view" &
    view=$!
    exec 9<"$files/shown"
    place_notepad win 60 60 && place_notepad work 440 300 || return 1
    setting win WinMine Xpos REG_DWORD 480 && setting win WinMine Ypos REG_DWORD 120 || return 1
    write_note win 'Notepad runs in the guest "win".' '' \
        'Each window of a guest is a window of the host, in its qube'"'"'s' \
        'colour and with its own pixels, covered or not.' || return 1
    shown '[win] note.txt - Notepad' || return 1
    "$casement" run win --no-wait -- winemine && shown '[win] WineMine' || return 1
    write_note work 'And this one runs in the guest "work".' || return 1
    shown '[work] note.txt - Notepad' || return 1
    still_picture "$CASEMENT_HOME/desktop.png" || return 1
    note=${CASEMENT_HOME#"$top/"}/desktop.png
}

close_desktop() {
    [ -z "${view:-}" ] || kill "$view" 2>/dev/null
    [ -z "${desktop:-}" ] || kill "$desktop" 2>/dev/null
    wait ${view:-} ${desktop:-} 2>/dev/null
    view='' desktop=''
}

# Text with more than ASCII, into the guest and out of it.
clipboard() {
    local text='from the host: Grüße, мир'
    note=$text
    printf '%s\n%s\n' "$text" 'a second line' >"$files/text"
    "$casement" call win qubes.ClipboardPaste <"$files/text" || return 1
    "$casement" call win qubes.ClipboardCopy </dev/null >"$files/copied" || return 1
    cmp "$files/text" "$files/copied"
}

menu_link='C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Schöne Grüße.lnk'

menus() {
    cp "$build/windows/tests/wine/dom0/make_link.exe" "$(drive win)" || return 1
    rm -f "$(drive win)/started"
    "$casement" run win -- 'C:\make_link.exe' "$menu_link" 'C:\windows\system32\cmd.exe' \
        '/c echo started> C:\started' || return 1
    "$casement" app win list >"$files/menu" || return 1
    cat "$files/menu"
    note=$(grep -o 'Schoene Gruesse$' "$files/menu")": Schöne Grüße, as the host's menus take it"
    grep -q '^[0-9a-f]*  Schoene Gruesse$' "$files/menu"
}

start_app() {
    local id
    id=$(sed -n 's/  Schoene Gruesse$//p' "$files/menu")
    note="casement app win start ${id:0:12}..."
    "$casement" app win start "$id" || return 1
    until [ -s "$(drive win)/started" ]; do # it has no output, and tells nobody
        "$casement" run win -- cmd /c exit || return 1
    done
    equal started "$(lines <"$(drive win)/started")"
}

doctor() {
    "$casement" run win -- "\"$bin\\casement-doctor.exe\"" | tr -d '\r' >"$files/doctor"
    cat "$files/doctor"
    note=$(grep -c '^fine' "$files/doctor")" parts are fine"
    grep -q '^All is fine' "$files/doctor"
}

# --- The show

leave() {
    close_desktop
    "$casement" down >/dev/null 2>&1
    rmdir "$CASEMENT_RUNTIME" 2>/dev/null # outside build/ in a deep checkout
}
trap leave EXIT
trap 'exit 130' INT TERM
[ -e "$build/wine-prefix/.ready" ] ||
    echo "Making a Windows under Wine to clone the guests from (once, about ten seconds)"
prefix=$("$top/tests/wine/prefix.sh") || exit 1
[ -e "$CASEMENT_HOME/template" ] || ln -s "$prefix" "$CASEMENT_HOME/template"
{
    echo '# The demo: what the default policy says, and one thing more.'
    echo 'qubes.VMShell * win work allow'
    cat "$build/linux/linux/dom0/default.policy"
} >"$CASEMENT_HOME/policy"

xen=$(sed -n 's/^xen-utils-[0-9.]*_\(.*\)_amd64.deb$/\1/p' "$build/debian-xen/versions")
cat <<EOF
${bold}Two Windows guests, "win" and "work", and a host, on Xen's own software$plain
  xenstored, libxenstore   Debian $xen, unmodified
  Windows                  $("${CASEMENT_WINE:-/usr/lib/wine/wine64}" --version), one prefix for each guest
  hypervisor               simxen: domains, event channels and grants, simulated
  Casement                 $(git -C "$top" describe --always --dirty 2>/dev/null || echo '?')

EOF
step 'casement up win work' bring_up
if [ $failed = 0 ]; then
    make_files
    step 'run a command in a guest' version
    step 'its standard input' standard_input
    step 'its output and errors, apart' standard_error
    step 'its exit code' codes
    step 'copy files: host to guest' copy_in
    step 'copy files: guest to host' copy_out
    step 'copy files: guest to guest' copy_across
    step 'call a service: host to guest' call_guest
    step 'call a service: guest to host' call_host
    step 'call a service: guest to guest' call_guest_to_guest
    step 'a service that the policy denies' denied
    step '32 MiB through a service, unchanged' binary
    step 'the clipboard, both ways' clipboard
    step "the guest's Start menu, for the host's menus" menus
    step 'start one of its programs from the host' start_app
    step 'casement-doctor: is the guest in order?' doctor
    step 'simxen list' list
    step "both guests' windows on one desktop" windows
    close_desktop
fi
step 'casement down' "$casement" down
step 'nothing is left' nothing_left

printf '\n%s%d passed, %d failed%s in %s s\n' "$bold" $passed $failed "$plain" \
    "$(($(milliseconds_since "$started") / 1000)).$(($(milliseconds_since "$started") % 1000 / 100))"
[ $failed = 0 ]
