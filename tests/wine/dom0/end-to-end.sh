#!/bin/bash
# Everything through the casement command, as a user has it: simxen, Debian's xenstored, casementd,
# and Windows guests under Wine. One case a run, in a Casement of its own:
#
#   tests/wine/dom0/end-to-end.sh BUILD CASE     (BUILD: the build folder; no CASE: lists them)
#
# Each case ends with `casement down` and the check that no process, domain, port or grant is left.
set -u

build=$(realpath "$1")
case_name=${2:-}
casement=$build/linux/linux/dom0/casement
bin='C:\Program Files\Casement\bin'
client="\"$bin\\qrexec-client-vm.exe\""
failed=0

fail() {
    echo "FAILED: $*"
    failed=1
}

same() { # what expected got
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

# --- A Casement of its own, from the shared Wine prefix

setup() {
    prefix=$("$(dirname "$0")/../prefix.sh")
    # On the prefix's disk, so that guests are made of hard links.
    work=$(mktemp -d "$(dirname "$prefix")/end-to-end.XXXXXX")
    CASEMENT_RUNTIME=$(mktemp -d /tmp/casement-test.XXXXXX)
    export CASEMENT_HOME=$work/home CASEMENT_RUNTIME
    mkdir -p "$CASEMENT_HOME"
    ln -s "$prefix" "$CASEMENT_HOME/template"
    trap finish EXIT
    cd "$work" || exit 1
}

ours() { # pids of all processes of this Casement
    grep -lsz "^CASEMENT_INSTANCE=$CASEMENT_RUNTIME\$" /proc/[0-9]*/environ | cut -d / -f 3
}

nothing_left() {
    local left
    left=$(ours)
    [ -z "$left" ] || fail "processes are left: $(ps -o pid=,args= -p "$(echo $left | tr ' ' ,)")"
    left=$(ls -A "$CASEMENT_RUNTIME")
    [ -z "$left" ] || fail "files are left in the runtime folder: $left"
}

finish() {
    local code=$?
    trap - EXIT
    exec 7>&- 2>&1
    "$casement" down || fail "casement down"
    nothing_left
    [ $code = 0 ] || failed=1
    if [ $failed != 0 ]; then
        tail -n 30 "$CASEMENT_HOME"/log/* "$CASEMENT_HOME"/guests/*/drive_c/Program\ Files/Casement/log/*
    fi
    rm -rf "$work" "$CASEMENT_RUNTIME"
    exit $failed
}

up() {
    "$casement" up "$@" >up.log 2>&1 || {
        cat up.log
        fail "casement up $*"
        exit 1
    }
}

drive() { # guest: its drive C here
    echo "$CASEMENT_HOME/guests/$1/drive_c"
}

add_echo() { # guest
    cp "$build/windows/tests/wine/dom0/echo.exe" \
        "$(drive "$1")/Program Files/Casement/qubes-rpc/test.Echo.exe"
}

policy() { # lines
    printf '%s\n' "$@" >"$CASEMENT_HOME/policy"
}

# pid of a process of this Casement whose command line contains a text
pid_of() {
    local pid
    for pid in $(ours); do
        if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$1"; then
            echo "$pid"
        fi
    done
}

in_guest() { # a command line: its output, line ends as here
    "$casement" run win -- "$1" | tr -d '\r'
}

domain_of() {
    "$casement" status | awk -v guest="$1" '$1 == guest { print $2 }'
}

# A call's port is free a moment after its exit code came; each round trip gives the agent a chance.
no_open_calls() {
    local open
    for _ in $(seq 100); do
        open=$("$casement" status | awk '$1 == "win" { print $5 }')
        [ "$open" = 0 ] && return
        "$casement" run win -- cmd /c exit 0
    done
    fail "$open calls stay open"
}

# A call that stays open: its stdin is descriptor 7, its first line was read when this returns.
open_call() { # guest
    mkfifo "in.$1" "out.$1"
    "$casement" run "$1" -- cmd /c 'echo open& pause' <"in.$1" >"out.$1" 2>"err.$1" &
    call=$!
    exec 7>"in.$1" 8<"out.$1"
    read -r -u 8 line
    same "first line of the open call" open "${line%$'\r'}"
}

# Until a file of this machine, which may not be there yet, has a line like that.
await() { # file pattern
    exec 9< <(exec tail -n +1 -F "$1" 2>/dev/null)
    local follower=$!
    grep -m 1 -e "$2" <&9 >/dev/null
    kill $follower
    exec 9<&-
}

log_of() { # guest, program: its log
    echo "$(drive "$1")/Program Files/Casement/log/$2.log"
}

# A service runs a test's program in the place of its own.
replace_service() { # guest service program.exe test-program
    local file
    file="$(drive "$1")/Program Files/Casement/bin/$3"
    "$casement" run "$1" -- net stop "$2" >net.log || fail "net stop $2: $(cat net.log)"
    rm -f "$file" "$(log_of "$1" "${3%.exe}")"
    cp "$build/windows/tests/wine/setup/$4" "$file"
    "$casement" run "$1" -- net start "$2" >net.log || fail "net start $2: $(cat net.log)"
}

# --- Cases

case_first_start() { # makes the template itself; nothing points at the user's home
    rm "$CASEMENT_HOME/template"
    mkdir user
    HOME=$work/user up win
    "$casement" run win -- 'cmd /c echo x>%USERPROFILE%\Documents\file' || fail "a file in Documents"
    [ -e "$CASEMENT_HOME/guests/win/drive_c/users/$(id -un)/Documents/file" ] ||
        fail "the guest's Documents are not its own"
    same "links out of the guest" "" \
        "$(find "$CASEMENT_HOME/guests/win" -type l -lname '/*' ! -path '*/dosdevices/*')"
    find user -name file | grep -q . && fail "the guest wrote into the user's home"
    same "version" "Microsoft Windows 10.0.18362" \
        "$("$casement" run win -- cmd /c ver | tr -d '\r' | sed '/^$/d')"
}

case_run() { # exit codes, the three streams, arguments
    up win
    "$casement" run win -- cmd /c exit 0
    same "exit code" 0 $?
    "$casement" run win -- cmd /c exit 7
    same "exit code" 7 $?
    "$casement" run win -- cmd /c exit 300
    same "low 8 bits of the exit code" 44 $?
    "$casement" run -u DEFAULT win cmd /c exit 3
    same "exit code with the options before the guest" 3 $?
    "$casement" run win --no-wait -- cmd /c 'ping -n 1000 127.0.0.1 & exit 9'
    same "exit code without waiting" 0 $?
    cp "$build/windows/tests/wine/dom0/echo.exe" "$(drive win)/echo.exe"
    same "arguments as they were given" '[a b]["c\"d"][e\][][\\f]' "$("$casement" run win -- \
        'C:\echo.exe' --arguments 'a b' '"c\"d"' 'e\' '' '\\f' | tr -d '\r\n')"
    same "stdout alone" $'out\r' "$("$casement" run win -- 'cmd /c echo out& echo err>&2' 2>err)"
    same "stderr alone" $'err\r' "$(cat err)"
    "$casement" run win -- no-such-program.exe 2>/dev/null
    same "exit code without a program" 127 $?
    "$casement" run nowhere -- cmd 2>err
    same "exit code without a guest" 125 $?
    grep -q 'no guest "nowhere"' err || fail "the message does not name the guest: $(cat err)"
    "$casement" run win 2>/dev/null
    same "usage error" 2 $?
    # 8 of ours, and those by which the guest announces itself.
    announced=$(grep -c 'guest win: qubes\..* in dom0, port' "$CASEMENT_HOME/log/casementd")
    same "calls in all" $((8 + announced)) \
        "$("$casement" status | awk '$1 == "win" { print $7 }')"
    no_open_calls
}

case_binary() { # 8 MiB of every byte value, both ways, unchanged
    up win
    add_echo win
    head -c 8388608 /dev/urandom >sent
    "$casement" call win test.Echo+5 <sent >got 2>count
    same "exit code" 5 $?
    cmp sent got || fail "the bytes changed"
    same "what the guest counted" "8388608 bytes" "$(cat count)"
    "$casement" call win test.Echo <sent | head -c 1000 | cmp - <(head -c 1000 sent) ||
        fail "a reader that leaves early got something else"
    same "an empty stdin" "" "$("$casement" call win test.Echo </dev/null 2>/dev/null)"
}

case_copy() { # files and folders into a guest and out of it, content and names kept
    LC_ALL=C up win # the locale of whoever starts the guest does not matter for names
    mkdir -p tree/sub
    head -c 3000000 /dev/urandom >tree/big
    : >tree/empty
    echo text >"tree/sub/ein Näme.txt"
    "$casement" copy tree win: || fail "copy into the guest"
    incoming=$(find "$(drive win)/users" -type d -path '*QubesIncoming/dom0/tree')
    [ -n "$incoming" ] || fail "nothing arrived"
    diff -r tree "$incoming" || fail "the guest has something else"
    "$casement" copy tree win: 2>/dev/null && fail "an existing file was overwritten"
    "$casement" copy no-such-file win: 2>/dev/null && fail "a missing file was copied"
    mv "$incoming" "$(drive win)/tree"
    "$casement" run win -- "$client @default qubes.Filecopy \"$bin\\filecopy-sender.exe\" C:\\tree" ||
        fail "copy out of the guest"
    diff -r tree "$CASEMENT_HOME/QubesIncoming/win/tree" || fail "dom0 has something else"
}

case_calls() { # services in all directions, and those that do not exist
    up win
    add_echo win
    same "dom0 calls the guest" hello "$(echo hello | "$casement" call win test.Echo 2>/dev/null)"
    "$casement" call win no.Such </dev/null 2>/dev/null
    same "dom0 calls what the guest does not have" 127 $?
    same "the guest calls dom0" hello \
        "$(echo hello | "$casement" run win -- "$client dom0 test.Echo")"
    same "the guest calls the default target" hello \
        "$(echo hello | "$casement" run win -- "$client @default test.Echo+with-argument")"
    policy 'no.Such * * * allow target=dom0'
    "$casement" run win -- "$client dom0 no.Such" </dev/null 2>/dev/null
    same "the guest calls what dom0 does not have" 127 $?
    mkdir -p "$CASEMENT_HOME/qubes-rpc"
    cat >"$CASEMENT_HOME/qubes-rpc/test.Env" <<'EOF'
#!/bin/sh
cat >/dev/null
echo "$QREXEC_REMOTE_DOMAIN $QREXEC_SERVICE_FULL_NAME $QREXEC_SERVICE_ARGUMENT" \
    "$QREXEC_REQUESTED_TARGET_TYPE $QREXEC_REQUESTED_TARGET$QREXEC_REQUESTED_TARGET_KEYWORD $1"
exit 9
EOF
    chmod +x "$CASEMENT_HOME/qubes-rpc/test.Env"
    policy 'test.Env +a+b win @default allow target=dom0' 'test.Env * win dom0 allow'
    same "what a service of dom0 knows" "win test.Env+a+b a+b keyword default a+b" \
        "$("$casement" run win -- "$client @default test.Env+a+b" </dev/null)"
    "$casement" run win -- "$client dom0 test.Env" </dev/null >env
    same "the service's exit code" 9 $?
    same "without an argument" "win test.Env  name dom0 " "$(cat env)"
}

case_qubesdb() { # keys go both ways, watches fire, a new daemon reads everything again
    up win
    local cmd="\"$bin\\qubesdb-cmd.exe\"" line
    "$casement" qdb win write /qubes-ip 10.137.0.5 || fail "write in dom0"
    # The daemon may be reading its first keys: watch until the key is there.
    same "the guest's view" 10.137.0.5 "$(in_guest "$cmd read /qubes-ip")"
    same "its name" win "$(in_guest "$cmd read /name")"
    "$casement" qdb win watch /qubes-tools/ >watched &
    local watcher=$!
    in_guest "$cmd write /qubes-tools/os Windows" || fail "write in the guest"
    wait $watcher
    same "the watch in dom0" /qubes-tools/os "$(cat watched)"
    same "dom0's view" Windows "$("$casement" qdb win read /qubes-tools/os)"
    mkfifo changes
    "$casement" run win -- "$cmd watch /net/" >changes 2>watch.log & # until the guest goes down
    exec 8<changes
    # A watch is set when what follows it on the pipe of its program is answered: a first event.
    until "$casement" qdb win write /net/a 1 && read -r -t 2 -u 8 line; do :; done
    same "the watch in the guest" /net/a "${line%$'\r'}"
    "$casement" qdb win write /net/b "$(printf 'gr\303\274n')" || fail "write in dom0"
    until read -r -u 8 line && [ "${line%$'\r'}" = /net/b ]; do :; done
    same "UTF-8" "$(printf 'gr\303\274n')" "$(in_guest "$cmd read /net/b")"
    "$casement" qdb win rm /net/ || fail "rm in dom0"
    until read -r -u 8 line && [ "${line%$'\r'}" = /net/ ]; do :; done
    same "the keys below" "" "$(in_guest "$cmd list /net/")"
    "$casement" run win -- "$cmd read /none" 2>err && fail "a key that is not there"
    grep -q "no such key" err || fail "no reason: $(cat err)"
    "$casement" run win -- "$cmd write no-slash x" 2>err && fail "a bad path"
    grep -q "no path or value" err || fail "no reason: $(cat err)"
}

case_clipboard() { # text both ways: UTF-8, line ends, nothing, too much; Windows programs see CR LF
    up win
    paste() { "$casement" call win qubes.ClipboardPaste; }
    copy() { "$casement" call win qubes.ClipboardCopy </dev/null; }
    printf 'one\ntwo \303\274 \360\237\230\200\r\nthree\rfour\n' >text
    paste <text || fail "paste"
    copy >back || fail "copy"
    printf 'one\ntwo \303\274 \360\237\230\200\nthree\rfour\n' | cmp - back || fail "the text"
    head -c 256000 /dev/zero | tr '\0' x >long
    paste <long || fail "256000 bytes"
    copy | cmp - long || fail "256000 bytes back"
    { cat long; echo; } | paste 2>err && fail "too long a text was taken"
    grep -q 'longer than 256000' err || fail "no reason: $(cat err)"
    copy | cmp - long || fail "the clipboard was changed by what it refused"
    yes "$(printf '\303\274')" | head -n 85333 >lines # as CR LF it is longer
    paste <lines && copy | cmp - lines || fail "many lines"
    printf 'not \377 UTF-8' | paste && same "bad bytes" "$(printf 'not \357\277\275 UTF-8')" "$(copy)"
    paste </dev/null || fail "no text"
    same "nothing" "" "$(copy)"
}

link() { # name, command for cmd /c: an entry of the Start menu
    cp "$build/windows/tests/wine/dom0/make_link.exe" "$(drive win)"
    mkdir -p "$(drive win)/ProgramData/Microsoft/Windows/Start Menu/Programs/Games"
    "$casement" run win -- 'C:\make_link.exe' \
        "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\$1.lnk" \
        'C:\windows\system32\cmd.exe' "/c $2" || fail "link $1"
}

# Makes the guest a disposable, and starts a program in the background: the window that says that it
# is there is on the screen when this returns.
start_in_disposable() { # name in the menu
    local id
    "$casement" qdb win write /qubes-vm-type DispVM || fail "qdb"
    id=$("$casement" call win qubes.GetAppmenus </dev/null | sed -n "s/\.desktop:Name=$1\$//p")
    cp "$build/windows/tests/wine/dom0/press.exe" "$(drive win)"
    "$casement" call win "qubes.StartApp+$id" </dev/null 2>err 7>&- 8<&- &
    shown=$!
    until "$casement" run win -- 'C:\press.exe "Program of a disposable qube" 0' >said; do
        kill -0 $shown || fail "StartApp of $1 ended: $(cat err)"
        [ $failed = 0 ] || return
    done
    grep -q "\"$1\" was opened" said || fail "the window says: $(cat said)"
}

case_apps_handed_on() { # a disposable lives as long as the program that took its program's work over
    up win
    windows_open
    link 'Handed' 'echo handed> C:\handed'
    open_call win # a program of that name that runs
    start_in_disposable Handed
    [ -e "$(drive win)/handed" ] || fail "it was not started"
    "$casement" run win -- 'C:\press.exe "Program of a disposable qube" 0' >said || fail "it does not stay"
    kill -0 $shown || fail "StartApp ended before the other program"
    exec 7>&-
    wait $call || fail "the other program: $?"
    exec 8<&-
    wait $shown || fail "StartApp: $?: $(cat err)"
    rm in.win out.win
    # Or until the user says so.
    open_call win
    start_in_disposable Handed
    "$casement" run win -- 'C:\press.exe "Program of a disposable qube"' >said || fail "press"
    wait $shown || fail "StartApp, finished: $?: $(cat err)"
    kill -0 $call || fail "the other program has ended"
    exec 7>&-
    wait $call || fail "the other program: $?"
    exec 8<&-
}

case_apps() { # the Start menu's programs, with stable ids and plain names; started by id
    up win
    local bad id
    link 'Notes' 'echo started> C:\started'
    link 'Games\Schön & Мир #1' 'echo x> C:\other'
    "$casement" call win qubes.GetAppmenus </dev/null >menu || fail "the menu"
    "$casement" app win list >listed || fail "casement app list"
    same "casement app list" "$(sed -n 's/\.desktop:Name=/  /p' menu)" "$(cat listed)"
    bad=$(grep -vE '^[0-9a-f]{40}\.desktop:(Name=[/a-zA-Z0-9.,:&()_ +-]+|Icon=[0-9a-f]{40}|Categories=X-Windows;)$' menu)
    same "lines that dom0 refuses" "" "$bad"
    grep -q ':Name=Schoen & Mir sharp1$' menu || fail "a plain name: $(grep Name menu)"
    id=$(sed -n 's/\.desktop:Name=Notes$//p' menu)
    "$casement" app win start "$id" </dev/null || fail "StartApp"
    until [ -e "$(drive win)/started" ]; do "$casement" run win -- cmd /c exit 0; done
    [ -e "$(drive win)/other" ] && fail "another program was started"
    "$casement" call win qubes.StartApp+0123 </dev/null 2>err
    same "no such program" 127 $?
    "$casement" call win qubes.StartApp </dev/null 2>err
    same "no id" 127 $?
    # A disposable lives as long as the call.
    link 'Long' 'ping -n 2 127.0.0.1 >nul & echo done> C:\done'
    "$casement" qdb win write /qubes-vm-type DispVM || fail "qdb"
    "$casement" call win qubes.GetAppmenus </dev/null >again || fail "the menu again"
    same "the id stays" "$id" "$(sed -n 's/\.desktop:Name=Notes$//p' again)"
    id=$(sed -n 's/\.desktop:Name=Long$//p' again)
    "$casement" call win "qubes.StartApp+$id" </dev/null || fail "StartApp in a disposable"
    [ -e "$(drive win)/done" ] || fail "StartApp ended before its program"
    "$casement" call win qubes.WaitForSession </dev/null || fail "WaitForSession"
    # After the installation the guest pushes its menu.
    "$casement" call win qubes.PostInstall </dev/null || fail "PostInstall"
    "$casement" call win qubes.GetAppmenus </dev/null | cmp - "$CASEMENT_HOME/menus/win" ||
        fail "dom0 was given another menu"
}

# A desktop with casement view for the guest "win"; it says on descriptor 8 what it shows.
desktop_up() {
    mkfifo number shown
    Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp -noreset 3>number 2>/dev/null &
    desktop=$!
    read -r line <number
    export DISPLAY=:$line
    "$casement" view --strict win >shown 2>view.log &
    view=$!
    exec 8<shown
}

desktop_down() {
    kill -0 $view || fail "casement view ended: $(cat view.log)"
    kill $view $desktop
    wait $view $desktop
    exec 8<&-
}

seen() { # a window's title
    local line=
    until [ "$line" = "shown [win] $1" ]; do
        read -r -t 60 -u 8 line || {
            fail "\"$1\" was not shown: $(cat view.log)"
            return
        }
    done
}

case_gui() { # Windows on a desktop of the host; an agent that is killed comes back; its modes
    up --screen win
    desktop_up
    "$casement" run win --no-wait -- notepad
    seen 'Untitled - Notepad'
    kill -9 "$(pid_of gui-agent.exe)"
    seen 'Untitled - Notepad'
    echo FULLSCREEN | "$casement" call win qubes.SetGuiMode || fail "qubes.SetGuiMode"
    seen Windows
    echo SEAMLESS | "$casement" call win qubes.SetGuiMode || fail "qubes.SetGuiMode"
    seen 'Untitled - Notepad'
    echo something | "$casement" call win qubes.SetGuiMode 2>err && fail "a mode that does not exist"
    desktop_down
}

case_icons() { # qubes.WindowIconUpdater: the guest's call, policy, dom0's service, the X window's icon
    up --screen win
    desktop_up
    "$casement" run win --no-wait -- notepad
    seen 'Untitled - Notepad'
    local window id line=
    window=$(xwininfo -root -tree | sed -n 's/^ *\(0x[0-9a-f]*\) "\[win\] Untitled - Notepad".*/\1/p')
    id=$(xprop -id "$window" _QUBES_VMWINDOWID | sed 's/.*# //')
    mkfifo icon
    xprop -spy -id "$window" -f _NET_WM_ICON 32x ' $0 $1 $2 $3\n' _NET_WM_ICON >icon &
    local spy=$!
    exec 9<icon
    # White, half seen, and black: in dom0 they are shades of the qube's colour.
    { printf '%d\n2 1\n' "$id"; printf '\377\377\377\200\0\0\0\377'; } |
        "$casement" run win -- "$client dom0 qubes.WindowIconUpdater" || fail "the call: $?"
    until case $line in *' 0x2 0x1 0x80cc0000 0xff000000') true ;; *) false ;; esac do
        read -r -t 60 -u 9 line || {
            fail "the window has another icon: $(xprop -id "$window")"
            break
        }
    done
    exec 9<&-
    kill $spy
    wait $spy
    desktop_down
}

case_image() { # pixels and alpha of pictures, icons of three kinds and of a program; what is none
    up win
    local here kind
    here=$build/../tests/wine/dom0
    image() { "$casement" call win qubes.GetImageRGBA; }
    { echo -; python3 "$here/pictures.py" png; } | image >got || fail "a PNG on stdin"
    python3 "$here/pictures.py" png rgba | cmp - got || fail "the PNG's pixels"
    for kind in alpha masked mono; do
        python3 "$here/pictures.py" $kind >"$(drive win)/$kind.ico"
        echo "C:\\$kind.ico" | image >got || fail "an icon, $kind"
        python3 "$here/pictures.py" $kind rgba | cmp - got || fail "the icon's pixels, $kind"
    done
    echo 'C:\windows\system32\winver.exe' | image >got || fail "a program's icon"
    [ "$(stat -c %s got)" = $(($(head -n 1 got | tr ' ' '*') * 4 + $(head -n 1 got | wc -c))) ] ||
        fail "the size of a program's icon: $(head -n 1 got), $(stat -c %s got) bytes"
    for line in xdgicon:0123 'C:\none.png' 'C:\none.lnk' '' -; do
        echo "$line" | image >got 2>err && fail "\"$line\" is no picture"
        same "output for \"$line\"" "" "$(cat got)"
    done
    { echo -; python3 "$here/pictures.py" png | head -c 40; } | image 2>err && fail "half a PNG"
    head -c 5000 /dev/zero | tr '\0' x | image 2>err && fail "an endless line"
    grep -q 'no picture' err || fail "no reason: $(cat err)"
}

# Programs of the guest may open windows, though nobody sees them: Wine's own display without a screen.
windows_open() {
    "$casement" run win -- 'reg add HKCU\Software\Wine\Drivers /v Graphics /d null /f' >reg.log ||
        fail "reg: $(cat reg.log)"
    "$casement" down win && up win # its first window decides
}

case_open_in_vm() { # a document is shown, what was changed comes back once; view-only; programs
    up win
    local c name
    c=$(drive win)
    windows_open
    cp "$build/windows/tests/wine/dom0/press.exe" "$c"
    document() { # name, content: as the service gets it
        head -c 256 <(printf '%s' "$1"; head -c 256 /dev/zero)
        printf '%s' "$2"
    }
    open() { "$casement" call win qubes.OpenInVM; }
    editor() { # ending, commands of a batch file, which gets the document as %1
        printf '%s\r\n' '@echo off' "$2" >"$c/editor-$1.cmd"
        printf '%s\r\n' 'REGEDIT4' "[HKEY_CLASSES_ROOT\\.$1]" "@=\"test$1\"" \
            "[HKEY_CLASSES_ROOT\\test$1\\shell\\open\\command]" \
            "@=\"cmd.exe /c C:\\\\editor-$1.cmd \\\"%1\\\"\"" >"$c/editor.reg"
        "$casement" run win -- 'regedit /S C:\editor.reg' || fail "regedit"
    }
    # An editor that is open for a while, adds a line, and tells what it saw. Its exit code is no
    # reason to lose the document.
    editor edit 'echo %1> C:\seen& type %1>> C:\seen& echo added>> %1& ping -n 5 127.0.0.1 >nul& exit 7'
    document 'a b\..\c.edit' 'first ' | open >back || fail "open: $?"
    same "what came back" $'first added\r' "$(cat back)"
    name=$(head -n 1 "$c/seen" | tr -d '\r"')
    [[ $name == *'\qubes-'*'\a_b_.._c.edit' ]] || fail "the document's path: $name"
    [ -z "$(find "$c/users" -name 'qubes-*')" ] || fail "a document stays: $(find "$c/users" -name 'qubes-*')"
    # Every byte of a large one.
    editor large 'C:\press.exe none& copy /b %1+%1 C:\twice >nul& copy /y C:\twice %1 >nul& ping -n 5 127.0.0.1 >nul'
    head -c 3000000 /dev/urandom >big
    { document x.large ''; cat big; } | open | cmp - <(cat big big) || fail "a large document"
    # One that only looks.
    editor look 'echo seen> C:\looked& ping -n 5 127.0.0.1 >nul'
    document x.look text | open >back || fail "look"
    [ -e "$c/looked" ] || fail "it was not shown"
    same "nothing changed, nothing comes back" "" "$(cat back)"
    document view-only-x.edit text | open >back || fail "view-only"
    same "nothing comes back from view-only" "" "$(cat back)"
    same "view-only was protected" text "$(sed -n '2,$p' "$c/seen")"
    # A program that hands the document to one of its name that runs: the user says when he is done.
    open_call win
    editor handed 'echo %1> C:\handed& ping -n 5 127.0.0.1 >nul'
    document x.handed before | open >edited 2>err &
    local shown=$!
    until "$casement" run win -- 'C:\press.exe "Document of another qube" 0' >said; do :; done
    "$casement" run win -- 'cmd /v:on /c set /p name=<C:\handed& echo after>> !name!' || fail "write"
    same "not yet back" "" "$(cat edited)"
    "$casement" run win -- 'C:\press.exe "Document of another qube"' >said || fail "press"
    wait $shown || fail "handed on: $?: $(cat err)"
    same "it came back once" $'beforeafter\r' "$(cat edited)"
    grep -q '"x.handed" of dom0 is open' said || fail "the window says: $(cat said)"
    exec 7>&- 8<&-
    wait $call
    # What is no document.
    for name in x.exe x.LNK x.edit.bat; do
        document $name 'cmd' | open >back 2>err && fail "$name was opened"
        grep -q 'a program is not opened' err || fail "no reason: $(cat err)"
    done
    printf 'short' | open 2>err && fail "half a name"
    grep -q 'no document' err || fail "no reason: $(cat err)"
    document x.unknowntype text | open 2>err && fail "no program knows it"
    [ -z "$(find "$c/users" -name 'qubes-*')" ] || fail "a document stays at the end"
}

case_send_to() { # the Send-to menu: its links copy, edit and view files; progress, cancel, failures
    up win
    local c menu line
    c=$(drive win)
    windows_open
    cp "$build/windows/tests/wine/dom0/"{press,use_link}.exe "$c"
    # What Windows runs when anybody logs on.
    line=$(in_guest 'reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run /v CasementSendTo' |
        sed -n 's/.*REG_SZ *//p')
    [ -n "$line" ] || fail "nothing runs at a logon"
    "$casement" run win -- "$line" || fail "$line"
    menu='C:\users\'$(id -un)'\AppData\Roaming\Microsoft\Windows\SendTo'
    same "the menu" 'Copy to other qube.lnk Edit in other qube.lnk View in disposable.lnk ' \
        "$(in_guest "cmd /c dir /b $menu" | sort | tr '\n' ' ')"
    send_to() { # entry, files: as Explorer; prints the exit code
        local entry=$1
        shift
        "$casement" run win -- 'C:\use_link.exe' "$menu\\$entry.lnk" "$@"
    }
    press() { # until there is such a window: title, button; the window's texts are in said
        until "$casement" run win -- "C:\\press.exe \"$1\" ${2:-}" >said; do :; done
    }
    mkdir "$c/my files"
    head -c 300000 /dev/urandom >"$c/my files/a"
    echo b >"$c/b.txt"
    same "copy" 0 "$(send_to 'Copy to other qube' 'C:\my files' 'C:\b.txt')"
    diff -r "$c/my files" "$CASEMENT_HOME/QubesIncoming/win/my files" || fail "a folder was sent"
    cmp "$c/b.txt" "$CASEMENT_HOME/QubesIncoming/win/b.txt" || fail "a file was sent"
    # What cannot be done is said, and stays to be read.
    send_to 'Copy to other qube' 'C:\b.txt' >code &
    press 'Copy to other qube' 0
    until grep -q exists said; do press 'Copy to other qube' 0; done
    press 'Copy to other qube'
    wait $! && fail "a file that is there was overwritten"
    same "exit code" 17 "$(cat code)"
    # Cancel, while nobody reads.
    mkdir -p "$CASEMENT_HOME/qubes-rpc"
    mkfifo stop
    exec 6<>stop # so that nobody waits for its other end
    printf '%s\n' '#!/bin/sh' "exec cat '$PWD/stop'" >"$CASEMENT_HOME/qubes-rpc/qubes.Filecopy"
    chmod +x "$CASEMENT_HOME/qubes-rpc/qubes.Filecopy"
    send_to 'Copy to other qube' 'C:\my files' >code &
    press 'Copy to other qube'
    wait $! && fail "cancelled is done"
    same "cancelled" 1223 "$(cat code)"
    exec 6>&-
    no_open_calls
    # Another qube, which adds a line to what it is sent.
    policy 'qubes.OpenInVM * win * allow target=dom0'
    cat >"$CASEMENT_HOME/qubes-rpc/qubes.OpenInVM" <<'EOF'
#!/bin/bash
head -c 256 | tr -d '\0' >"$CASEMENT_HOME/name"
echo "$QREXEC_REQUESTED_TARGET_TYPE $QREXEC_REQUESTED_TARGET_KEYWORD" >"$CASEMENT_HOME/target"
cat
[ -e "$CASEMENT_HOME/fail" ] && exit 1
echo edited
EOF
    chmod +x "$CASEMENT_HOME/qubes-rpc/qubes.OpenInVM"
    same "edit" 0 "$(send_to 'Edit in other qube' 'C:\b.txt')"
    same "the name that was sent" b.txt "$(cat "$CASEMENT_HOME/name")"
    same "the target" "keyword default" "$(cat "$CASEMENT_HOME/target")"
    same "the file" $'b\nedited' "$(cat "$c/b.txt")"
    same "view" 0 "$(send_to 'View in disposable' 'C:\b.txt')"
    same "the name that was sent" view-only-b.txt "$(cat "$CASEMENT_HOME/name")"
    same "the target" "keyword dispvm" "$(cat "$CASEMENT_HOME/target")"
    same "the file that was viewed" $'b\nedited' "$(cat "$c/b.txt")"
    # A call that breaks off in the middle of what comes back leaves the file as it is.
    : >"$CASEMENT_HOME/fail"
    "$casement" run win -- "\"$bin\\qvm-open-in-vm.exe\" @default C:\\b.txt"
    same "the exit code of the other qube" 1 $?
    same "the file after a failure" $'b\nedited' "$(cat "$c/b.txt")"
    same "nothing else is left" "b.txt" "$(cd "$c" && ls b.txt*)"
}

case_select() { # the user chooses a file or a folder for another qube, or does not
    up win
    local c chosen field=1152 # where the name is typed, in Windows' own dialog
    c=$(drive win)
    windows_open
    cp "$build/windows/tests/wine/dom0/press.exe" "$c"
    mkdir "$c/folder"
    echo x >"$c/folder/grün.txt"
    choose() { # service, title, button, text
        "$casement" call win "qubes.$1" </dev/null >path 2>err &
        chosen=$!
        until "$casement" run win -- 'C:\press.exe' "$2" "$3" $field "$4" >said; do :; done
        wait $chosen
    }
    choose SelectFile 'Choose a file for dom0' 1 'C:\folder\grün.txt' || fail "SelectFile: $(cat err)"
    same "the file" 'C:\folder\grün.txt' "$(cat path)"
    choose SelectDirectory 'Choose a folder for dom0' 1 'C:\folder' || fail "SelectDirectory: $(cat err)"
    same "the folder" 'C:\folder' "$(cat path)"
    choose SelectFile 'Choose a file for dom0' 2 'C:\folder' && fail "nothing was chosen"
    same "nothing" "" "$(cat path)"
}

case_store_apps() { # apps of the Store are in the menu, start by their id and have icons (recorded calls)
    up win
    local program id
    windows_open
    for program in appmenus startapp image; do
        cp "$build/windows/tests/wine/dom0/$program-store.exe" \
            "$(drive win)/Program Files/Casement/bin/$program.exe"
    done
    "$casement" call win qubes.GetAppmenus </dev/null >menu || fail "the menu"
    id=$(sed -n 's/\.desktop:Name=Taschenrechner fuer Mir$//p' menu)
    same "the id" "$(printf 'store:example.rechner_8wekyb3d8bbwe!app' | iconv -t UTF-16LE | sha1sum | cut -c 1-40)" "$id"
    "$casement" call win "qubes.StartApp+$id" </dev/null || fail "StartApp"
    same "what was started" 'Example.Rechner_8wekyb3d8bbwe!App' "$(cat "$(drive win)/store")"
    same "its icon" $'2 1\nrgbaRGBA' "$(echo "xdgicon:$id" | "$casement" call win qubes.GetImageRGBA)"
    # In a disposable, when the shell tells no process: the user says when he has finished.
    start_in_disposable Other
    "$casement" run win -- 'C:\press.exe "Program of a disposable qube"' >said || fail "press"
    wait $shown || fail "StartApp, finished: $?: $(cat err)"
}

case_resize_disk() { # Windows' partition and volume grow into the room behind them (recorded calls)
    up win
    local c
    c=$(drive win)
    cp "$build/windows/tests/wine/dom0/resizedisk-recorded.exe" "$c/Program Files/Casement/bin/resizedisk.exe"
    echo 300 1 99 100 100 >"$c/disk"
    echo root | "$casement" call win qubes.ResizeDisk || fail "the disk's name on stdin"
    same "into the room" "partition 99 volume 199 " "$(cat "$c/grown")"
    rm "$c/grown"
    echo 201 1 99 100 100 >"$c/disk"
    "$casement" call win qubes.ResizeDisk+root </dev/null || fail "the disk's name as argument"
    same "no room: only the volume, to its partition's end" "volume 100 " "$(cat "$c/grown")"
    rm "$c/grown"
    echo 300 1 99 100 100 200 10 >"$c/disk"
    "$casement" call win qubes.ResizeDisk+root </dev/null 2>err && fail "a partition behind it"
    grep -q 'another partition lies behind' err || fail "no reason: $(cat err)"
    for disk in '' rootx 'root private' '..'; do
        echo "$disk" | "$casement" call win qubes.ResizeDisk 2>err && fail "\"$disk\" is no disk"
    done
    [ ! -e "$c/grown" ] || fail "something was done: $(cat "$c/grown")"
}

case_connect_tcp() { # a port of the guest, both ways with both ends; nothing else than a port
    up win
    local port served argument
    head -c 3000000 /dev/urandom >sent
    { cat sent && wc -c <sent; } >expected
    for family in 4 6; do # the guest's ports under Wine are this machine's
        rm -f port
        mkfifo port
        python3 "$build/../tests/wine/dom0/serve.py" $family >port &
        served=$!
        read -r port <port
        "$casement" call win "qubes.ConnectTCP+$port" <sent >got || fail "ConnectTCP, IPv$family: $?"
        cmp got expected || fail "what the port answered, IPv$family"
        wait $served
    done
    # A service of the administrator's that is a TCP port; what the caller says changes nothing.
    rm -f port
    mkfifo port
    python3 "$build/../tests/wine/dom0/serve.py" 4 >port &
    served=$!
    read -r port <port
    echo "connecttcp.exe --to 127.0.0.1 $port" >"$(drive win)/Program Files/Casement/qubes-rpc/test.Port"
    "$casement" call win test.Port+9 <sent >got || fail "a service at a TCP port: $?"
    cmp got expected || fail "what the service at a TCP port answered"
    wait $served
    "$casement" call win test.Port </dev/null 2>err && fail "the service at a port where nobody listens"
    grep -q "nobody listens at 127.0.0.1 port $port" err || fail "no reason: $(cat err)"
    "$casement" call win "qubes.ConnectTCP+$port" </dev/null 2>err && fail "nobody listens"
    grep -q "nobody listens at port $port" err || fail "no reason: $(cat err)"
    for argument in '' +0 +65536 +80+x +127.0.0.1 +example.org+80 +-1 +0x50; do
        "$casement" call win "qubes.ConnectTCP$argument" </dev/null 2>err && fail "\"$argument\" is no port"
        grep -q 'is no port' err || fail "no reason for \"$argument\": $(cat err)"
    done
}

case_updates_proxy() { # a qube without a network reaches the web by the proxy that dom0's policy names
    exec 5>/tmp/casement-test-port-8082
    flock 5 # the guest's ports under Wine are this machine's, and this one is fixed
    up win
    local key=/qubes-service/updates-proxy-setup log settings
    log="$(drive win)/Program Files/Casement/log/updates-proxy.log"
    settings='reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections" /v WinHttpSettings'
    proxy_is_set() { # in the registry it is hexadecimal
        in_guest "$settings" | grep -q "$(printf 127.0.0.1:8082 | od -An -tx1 | tr -d ' \n' | tr a-f A-F)"
    }
    await_log() { # how often, a line
        until [ "$(grep -c "$2" "$log")" = "$1" ]; do "$casement" run win -- cmd /c exit 0; done
    }
    mkdir -p "$CASEMENT_HOME/qubes-rpc"
    cat >"$CASEMENT_HOME/qubes-rpc/qubes.UpdatesProxy" <<'EOF'
#!/usr/bin/env python3
# Answers a request with the request, and who asked.
import os, sys
request = b''
while line := sys.stdin.buffer.readline():
    request += line
    if line == b'\r\n':
        break
sys.stdout.buffer.write(b'HTTP/1.0 200 OK\r\n\r\n' + os.environ['QREXEC_REMOTE_DOMAIN'].encode() + b' ' + request)
EOF
    chmod +x "$CASEMENT_HOME/qubes-rpc/qubes.UpdatesProxy"
    policy 'qubes.UpdatesProxy * win @default allow target=dom0'
    cat >ask.py <<'EOF'
import socket, sys, threading
def ask(number):
    try:
        s = socket.create_connection(('127.0.0.1', 8082))
        request = b'GET http://example.org/%d HTTP/1.0\r\nX: %s\r\n\r\n' % (number, b'x' * 3000)
        s.sendall(request)
        answer = b''
        while part := s.recv(65536):
            answer += part
        print('right' if answer == b'HTTP/1.0 200 OK\r\n\r\nwin ' + request else answer)
    except OSError as e:
        print(type(e).__name__)
threads = [threading.Thread(target=ask, args=(n,)) for n in range(int(sys.argv[1]))]
for t in threads: t.start()
for t in threads: t.join()
EOF
    same "without the service nobody listens" ConnectionRefusedError "$(python3 ask.py 1)"
    "$casement" qdb win write $key 1 || fail "qdb"
    await_log 1 'the way to updates is'
    proxy_is_set || fail "the machine's proxy: $(in_guest "$settings")"
    same "a request" right "$(python3 ask.py 1)"
    same "ten at once" "10 right" "$(python3 ask.py 10 | sort | uniq -c | sed 's/^ *//')"
    policy 'qubes.UpdatesProxy * win @default deny'
    python3 ask.py 1 | grep right && fail "what the policy denies was answered"
    "$casement" qdb win rm $key || fail "qdb"
    await_log 1 'no way to updates'
    same "off again" ConnectionRefusedError "$(python3 ask.py 1)"
    proxy_is_set && fail "the machine's proxy stays: $(in_guest "$settings")"
    no_open_calls
}

case_root() { # VMRootShell and VMRootExec run, and no guest calls them but by dom0's policy
    up win work
    local service
    echo 'echo a shell' | "$casement" call win qubes.VMRootShell >got || fail "VMRootShell"
    same "its output" $'a shell\r' "$(cat got)"
    "$casement" call win 'qubes.VMRootExec+cmd.exe+-2Fc+echo+a--b' </dev/null >got || fail "VMRootExec"
    same "its output" $'a-b\r' "$(cat got)"
    "$casement" call win 'qubes.VMExecGUI+cmd.exe+-2Fc+echo+a-20b' </dev/null >got || fail "VMExecGUI"
    same "its output" $'"a b"\r' "$(cat got)"
    for service in VMRootShell VMRootExec VMShell VMExec VMExecGUI; do
        "$casement" run work -- "$client win qubes.$service+cmd.exe" </dev/null 2>/dev/null
        same "$service from a guest, which no rule allows" 126 $?
    done
}

case_time_and_url() { # what the clock is set to (Wine refuses: recorded); which addresses are opened
    up win
    local clock before after set
    clock=$(drive win)/clock
    cp "$build/windows/tests/wine/dom0/setdatetime-recorded.exe" \
        "$(drive win)/Program Files/Casement/bin/setdatetime.exe"
    echo 2026-11-23T10:40:59+00:00 | "$casement" call win qubes.SetDateTime || fail "SetDateTime"
    same "the time" '2026-11-23 10:40:59.0' "$(cat "$clock")"
    rm "$clock"
    echo '2026-11-23 10:40' | "$casement" call win qubes.SetDateTime 2>err && fail "no time"
    [ -e "$clock" ] && fail "the clock was set to nonsense"
    for service in SyncNtpClock SuspendPost SuspendPostAll; do
        before=$(date +%s)
        "$casement" call win qubes.$service </dev/null || fail "$service"
        after=$(date +%s)
        set=$(date -u -d "$(sed 's/\..*//' "$clock")" +%s)
        [ "$set" -ge "$before" ] && [ "$set" -le "$after" ] ||
            fail "$service: $(cat "$clock") is not dom0's time"
        rm "$clock"
    done
    "$casement" call win qubes.SuspendPre </dev/null || fail "SuspendPre"
    # The user's browser: a program that notes what it was given.
    "$casement" run win -- 'reg add HKCR\https\shell\open\command /ve /f /d "cmd.exe /c echo %1> C:\opened"' \
        >reg.log || fail "reg: $(cat reg.log)"
    echo 'https://example.org/a?b=1' | "$casement" call win qubes.OpenURL || fail "OpenURL"
    until [ -s "$(drive win)/opened" ]; do "$casement" run win -- cmd /c exit 0; done
    grep -q 'https://example.org/a?b=1' "$(drive win)/opened" || fail "$(cat "$(drive win)/opened") was opened"
    rm "$(drive win)/opened"
    for address in 'file:///C:/x' 'C:\browser.cmd' 'https://a" & calc'; do
        echo "$address" | "$casement" call win qubes.OpenURL 2>err && fail "$address was opened"
        grep -q 'only one http' err || fail "no reason: $(cat err)"
    done
    [ -e "$(drive win)/opened" ] && fail "something was opened"
    return 0
}

case_announce() { # the guest tells dom0 what it can, with nobody logged on; not what it cannot
    up win
    local features=$CASEMENT_HOME/features/win name
    await "$(log_of win advertise-tools)" 'was told of' # after both calls
    for name in qrexec=1 gui=1 gui-emulated=0 os=Windows os-distribution=windows \
        os-version=10.0.18362 vmexec=1 supported-rpc.qubes.Filecopy=1 supported-rpc.qubes.VMShell=1 \
        supported-rpc.qubes.ClipboardCopy=1; do
        grep -qx "${name%=*} = ${name#*=}" "$features" || fail "$name: $(cat "$features")"
    done
    grep -qxE 'qubes-agent-version = [0-9]\.[0-9]' "$features" || fail "qubes-agent-version"
    same "services that are announced" \
        "$(ls "$(drive win)/Program Files/Casement/qubes-rpc" | sort)" \
        "$(sed -n 's/^supported-rpc\.\(.*\) = 1$/\1/p' "$features" | sort)"
    same "for older dom0s" "gui = 1,gui-emulated = 0,os = Windows,qrexec = 1,version = 1" \
        "$(LC_ALL=C sort "$features.tools" | tr '\n' , | sed 's/,$//')"
}

case_announce_denied() { # dom0 does not want to hear of it: the guest does not ask for ever
    policy 'qubes.NotifyTools * @anyvm dom0 allow'
    up win
    await "$(log_of win advertise-tools)" 'was told of'
    grep -q 'does not take qubes.FeaturesRequest' "$(log_of win advertise-tools)" ||
        fail "no word of it"
    [ -e "$CASEMENT_HOME/features/win" ] && fail "dom0 was told"
    grep -qx 'os = Windows' "$CASEMENT_HOME/features/win.tools" || fail "the other service"
}

# Wine carries no setter of addresses out: the shipped program over a record of its calls.
case_network() { # addresses, routes and name servers, live; by the MAC; none without a network
    up win
    local calls log vif set
    calls=$(drive win)/network-calls log=$(log_of win network-setup)
    vif=/local/domain/$(domain_of win)/device/vif/0
    "$casement" qdb win write /qubes-ip 10.137.0.5
    "$casement" qdb win write /qubes-netmask 255.255.255.255
    "$casement" qdb win write /qubes-gateway 10.138.1.1
    "$casement" qdb win write /qubes-primary-dns 10.139.1.1
    "$casement" qdb win write /qubes-secondary-dns 10.139.1.2
    "$casement" qdb win write /qubes-ip6 fd09:24ef:4179::a89:5
    "$casement" qdb win write /qubes-gateway6 fe80::fcff:ffff:feff:ffff
    replace_service win CasementNetwork network-setup.exe network-setup-recorded.exe
    "$casement" host -- xenstore-write "$vif/mac" 00:16:3e:5e:6c:00
    await "$log" 'no adapter with this'
    [ -e "$calls" ] && fail "another adapter was changed: $(cat "$calls")"
    # It arrives, and Windows says so.
    echo 00:16:3e:5e:6c:00 >"$(drive win)/network-mac"
    cp "$build/windows/tests/wine/setup/set_event.exe" "$(drive win)"
    "$casement" run win -- 'C:\set_event.exe' casement-test-network || fail "the event"
    await "$log" 'name servers 10.139.1.1 and 10.139.1.2: set'
    set='origin=16 dad=4 valid=ffffffff preferred=ffffffff'
    cat >expected <<EOF
DhcpNotifyConfigChange adapter=ca5e0001 off
DeleteIpForwardEntry2 adapter=300 0.0.0.0/0 by=192.168.1.1 metric=4294967295 protocol=-1 valid=ffffffff
DeleteUnicastIpAddressEntry adapter=300 192.168.1.7/255 origin=16 dad=0 valid=ffffffff preferred=ffffffff
CreateUnicastIpAddressEntry adapter=300 10.137.0.5/32 $set
CreateIpForwardEntry2 adapter=300 10.138.1.1/32 by=0.0.0.0 metric=0 protocol=3 valid=ffffffff
CreateIpForwardEntry2 adapter=300 0.0.0.0/0 by=10.138.1.1 metric=0 protocol=3 valid=ffffffff
CreateUnicastIpAddressEntry adapter=300 fd09:24ef:4179:0:0:0:a89:5/128 $set
CreateIpForwardEntry2 adapter=300 fe80:0:0:0:fcff:ffff:feff:ffff/128 by=0:0:0:0:0:0:0:0 metric=0 protocol=3 valid=ffffffff
CreateIpForwardEntry2 adapter=300 0:0:0:0:0:0:0:0/0 by=fe80:0:0:0:fcff:ffff:feff:ffff metric=0 protocol=3 valid=ffffffff
SetInterfaceDnsSettings adapter=ca5e0001 servers=10.139.1.1,10.139.1.2
EOF
    diff expected "$calls" || fail "the calls"
    grep -q 'address 192.168.1.7/24: taken away; it was set by hand, but dom0' "$log" ||
        fail "no word of what the user had set"
    # Another address, live; what is right stays.
    : >"$calls"
    "$casement" qdb win write /qubes-ip 10.137.0.6
    await "$log" 'address 10.137.0.6/32: set'
    same "calls for another address" "DeleteUnicastIpAddressEntry CreateUnicastIpAddressEntry " \
        "$(cut -d ' ' -f 1 "$calls" | tr '\n' ' ')"
    # netvm none: the vif goes, the keys stay (#10459).
    : >"$calls"
    "$casement" host -- xenstore-rm "$vif"
    await "$log" 'name servers - and -: set'
    same "addresses taken away" "10.137.0.6/255 fd09:24ef:4179:0:0:0:a89:5/255 " \
        "$(sed -n 's/^DeleteUnicast.*adapter=300 \([^ ]*\).*/\1/p' "$calls" | sort | tr '\n' ' ')"
    same "routes taken away" 4 "$(grep -c ^DeleteIpForwardEntry2 "$calls")"
    grep Create "$calls" && fail "something was set"
    : >"$calls"
    "$casement" host -- xenstore-write "$vif/mac" 00:16:3e:5e:6c:00
    await "$calls" 'servers=10.139.1.1,10.139.1.2'
    grep -q '^CreateUnicastIpAddressEntry adapter=300 10.137.0.6/32' "$calls" || fail "it is back"
}

case_power() { # the toolstack's words end, restart and suspend the machine (Wine: recorded)
    up win
    local calls log key word
    calls=$(drive win)/power-calls log=$(log_of win power-agent)
    key=/local/domain/$(domain_of win)/control
    replace_service win CasementPower power-agent.exe power-agent-recorded.exe
    for word in poweroff reboot s3 s4; do
        until [ "$("$casement" host -- xenstore-read "$key/feature-$word")" = 1 ]; do
            "$casement" run win -- cmd /c exit 0
        done
        : >"$calls"
        "$casement" host -- xenstore-write "$key/shutdown" $word
        await "$calls" '' # one line
        same "the key after $word" "" "$("$casement" host -- xenstore-read "$key/shutdown")"
        cat "$calls" >>all
    done
    cat >expected <<'EOF'
InitiateSystemShutdownEx machine=0000000000000000 message=0000000000000000 seconds=0 force=1 reboot=0 reason=80000000
InitiateSystemShutdownEx machine=0000000000000000 message=0000000000000000 seconds=0 force=1 reboot=1 reason=80000000
SetSuspendState hibernate=0 force=0 no-wake=0
SetSuspendState hibernate=1 force=0 no-wake=0
EOF
    diff expected all || fail "the calls"
    # What is not ours stays for whom it concerns, and nothing happens.
    : >"$calls"
    "$casement" host -- xenstore-write "$key/shutdown" crash
    await "$log" 'something unknown'
    same "an unknown word" crash "$("$casement" host -- xenstore-read "$key/shutdown")"
    "$casement" host -- xenstore-write "$key/shutdown" suspend
    "$casement" host -- xenstore-write "$key/shutdown" poweroff # seen after the other
    await "$calls" ''
    same "calls for suspend, which is the driver's" 1 "$(wc -l <"$calls")"
}

case_settings() { # time zone and keyboard layouts, live; what is none changes nothing
    up win
    local calls log preload
    calls=$(drive win)/zone-calls log=$(log_of win settings-agent)
    replace_service win CasementSettings settings-agent.exe settings-agent-recorded.exe
    "$casement" qdb win write /qubes-timezone Europe/Warsaw
    await "$log" 'time zone: Central European'
    same "the zone" "SetDynamicTimeZoneInformation key=Central European Standard Time bias=-60 \
daylight=-60 in=3 out=10" "$(cat "$calls")"
    "$casement" qdb win write /qubes-timezone '../Warsaw'
    await "$log" 'no time zone that Windows knows'
    "$casement" qdb win write /qubes-timezone Asia/Kolkata
    await "$log" 'time zone: India'
    same "zones set" 2 "$(wc -l <"$calls")"
    # The log-on screen's layout, by the service; the user's, by a program with the user's rights.
    local id
    for id in 00000407 00010409; do
        in_guest "reg add \"HKLM\\System\\CurrentControlSet\\Control\\Keyboard Layouts\\$id\" /f /v \"Layout Text\" /d x" >reg.log ||
            fail "reg: $(cat reg.log)"
    done
    layout() { in_guest "reg query \"$1\\Keyboard Layout\\Preload\" /v 1" | awk '$1 == 1 { print $3 }'; }
    "$casement" qdb win write /keyboard-layout 'de+nodeadkeys+'
    await "$log" 'keyboard layout: 00000407'
    same "the log-on screen" 00000407 "$(layout 'HKEY_USERS\.DEFAULT')"
    cp "$build/windows/tests/wine/setup/session-agent-recorded.exe" \
        "$(drive win)/Program Files/Casement/bin/"
    "$casement" run win --no-wait -- "\"$bin\\session-agent-recorded.exe\"" || fail "session-agent"
    await "$(drive win)/keyboard-calls" PostMessage
    cat >expected <<'EOF'
LoadKeyboardLayout 00000407 flags=b preload=00000407
SystemParametersInfo 5a value=0000000004070407 flags=2
PostMessage to=000000000000FFFF message=50 layout=0000000004070407
EOF
    diff expected "$(drive win)/keyboard-calls" || fail "the calls for the user"
    "$casement" qdb win write /keyboard-layout us+dvorak+
    await "$(drive win)/keyboard-calls" 'LoadKeyboardLayout 00010409'
    await "$log" 'keyboard layout: 00010409'
    same "the log-on screen, live" 00010409 "$(layout 'HKEY_USERS\.DEFAULT')"
    in_guest 'reg query HKLM\Software\Microsoft\Windows\CurrentVersion\Run /v Casement' |
        grep -q 'session-agent.exe' || fail "nothing starts the user's program at log-on"
}

case_doctor() { # all is fine within five seconds; what is wrong is named, with what to do; a report
    up win
    local doctor="\"$bin\\casement-doctor.exe\"" report
    report=$(drive win)/report.txt
    await "$(log_of win advertise-tools)" 'was told of' # else it may be in the middle of starting
    "$casement" run win -- "$doctor" >out || fail "in order: $(cat out)"
    same "checks that are fine" 'drivers XenStore services QubesDB calls network disk versions ' \
        "$(sed -n 's/^fine *\([^ ]*\) .*/\1/p' out | tr '\n' ' ')"
    awk '/looked for/ { ms = $(NF - 1); sub(/[^0-9]*/, "", ms); exit !(ms + 0 < 5000) }' out ||
        fail "it took too long: $(tail -n 1 out)"
    tail -n 1 out | tr -d '\r'
    # A service that does not run.
    "$casement" run win -- net stop CasementPower >net.log || fail "net stop: $(cat net.log)"
    "$casement" qdb win write /qubes-random-seed c2VjcmV0
    "$casement" run win -- "$doctor --report C:\\report.txt" >out
    same "exit code" 1 $?
    grep -q '^WRONG  services' out || fail "the service: $(cat out)"
    grep -q 'CasementPower: does not run' out || fail "its name: $(cat out)"
    grep -q 'to do: .*casement-services.exe start' out || fail "what to do: $(cat out)"
    for text in 'CasementPower: does not run' '^/name = win' 'log.qrexec-agent.log' \
        'the daemon is there' '^/qubes-random-seed = (left out)'; do
        grep -q "$text" "$report" || fail "the report has no \"$text\""
    done
    grep c2VjcmV0 "$report" && fail "the report has a secret"
    # It is told how to mend it, and that does.
    "$casement" run win -- "\"$bin\\casement-services.exe\" start" || fail "casement-services"
    "$casement" run win -- "$doctor" >out || fail "mended: $(cat out)"
    # dom0 wants an address of an adapter that is not there.
    "$casement" host -- xenstore-write "/local/domain/$(domain_of win)/device/vif/0/mac" 00:16:3e:5e:6c:00
    "$casement" qdb win write /qubes-ip 10.137.0.5
    "$casement" run win -- "$doctor" >out
    same "exit code without the adapter" 1 $?
    same "what is wrong" network "$(sed -n 's/^WRONG *\([^ ]*\) .*/\1/p' out)"
    "$casement" run win -- "$doctor --reprot x" 2>/dev/null
    same "wrong usage" 2 $?
}

# Wine can neither partition nor format: the shipped program over a file and a record of its calls.
case_private_disk() { # an empty disk becomes a volume, and grows; one that holds anything does not
    up win
    local calls log image vbd backend
    calls=$(drive win)/disk-calls log=$(log_of win private-disk) image=$(drive win)/private.img
    vbd=/local/domain/$(domain_of win)/device/vbd/51728
    backend=/local/domain/0/backend/vbd/$(domain_of win)/51728
    truncate -s 64M "$image"
    replace_service win CasementDisk private-disk.exe private-disk-recorded.exe
    "$casement" host -- xenstore-write "$backend/sectors" 131072
    "$casement" host -- xenstore-chmod "$backend/sectors" n0 "r$(domain_of win)"
    "$casement" host -- xenstore-write "$vbd/backend" "$backend"
    await "$log" mounted
    cat >expected <<'EOF'
SET_DISK_ATTRIBUTES 0 of 1 persist=1
CREATE_DISK style=1
SET_DRIVE_LAYOUT style=1 count=1 from=1048576 bytes=65011712 type=ebd0a0a2 name=Casement private
format \\?\Volume{1}\
mount \\?\Volume{1}\
EOF
    diff expected "$calls" || fail "the calls for an empty disk"
    # dom0 resizes it.
    : >"$calls"
    truncate -s 96M "$image"
    "$casement" host -- xenstore-write "$backend/sectors" 196608
    await "$log" 'the volume has grown'
    printf '%s\n' 'GROW_PARTITION 1 by=33554432' 'grow \\?\Volume{1}\ to=98566144' | diff - "$calls" ||
        fail "the calls for a larger disk"
    # Another disk, which holds something; and one that is not as large as dom0 says.
    "$casement" run win -- net stop CasementDisk >net.log || fail "net stop: $(cat net.log)"
    rm "$image"
    truncate -s 96M "$image"
    printf '\123\357' | dd of="$image" bs=1 seek=1080 conv=notrunc 2>dd.log
    cp "$image" before
    : >"$calls"
    "$casement" run win -- net start CasementDisk >net.log || fail "net start: $(cat net.log)"
    await "$log" 'left alone, it holds: an ext file system'
    cmp "$image" before || fail "the disk was written to"
    same "calls but to bring it online" "SET_DISK_ATTRIBUTES 0 of 1 persist=1" "$(cat "$calls")"
}

case_folders() { # in a template-based qube the user's folders are on the private disk; and back
    up win
    local calls
    calls=$(drive win)/folder-calls
    cp "$build/windows/tests/wine/setup/session-agent-recorded.exe" \
        "$(drive win)/Program Files/Casement/bin/"
    mkdir "$(drive win)/Private"
    "$casement" qdb win write /qubes-vm-persistence rw-only
    "$casement" run win --no-wait -- "\"$bin\\session-agent-recorded.exe\"" || fail "session-agent"
    await "$calls" Favorites
    same "folders" 'Desktop Documents Downloads Favorites Music Pictures Videos ' \
        "$(sed -n 's/^SHSetKnownFolderPath [0-9a-f]* C:.Private.Users.[^\\]*.\([A-Za-z]*\)$/\1/p' "$calls" |
            sort | tr '\n' ' ')"
    [ -d "$(drive win)/Private/Users/$(id -un)/Documents" ] || fail "they were not made"
    # A standalone clone keeps its system disk (#10441): everything is where Windows has it.
    : >"$calls"
    "$casement" qdb win write /qubes-vm-persistence full
    await "$calls" 1777f761 # Favorites' id
    same "folders that went back" 7 "$(grep -c 'users.default' "$calls")"
    grep Private "$calls" && fail "something is still there"
    return 0
}

case_profiles() { # template-based: new users' profiles go to the private disk; every way back
    up win
    local log key='HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList' before user
    log=$(log_of win settings-agent)
    directory() { in_guest "reg query \"$key\" /v $1" | sed -n "s/^ *$1 *//p"; }
    before=$(directory ProfilesDirectory)
    user=$(in_guest "reg query \"$key\" /s /v ProfileImagePath" | grep ProfileImagePath)
    [ -n "$before" ] && [ -n "$user" ] || fail "no list of profiles"
    "$casement" qdb win write /qubes-vm-persistence rw-only
    replace_service win CasementSettings settings-agent.exe settings-agent-recorded.exe
    "$casement" qdb win write /qubes-timezone Europe/Warsaw
    await "$log" 'time zone: Central European'
    "$casement" qdb win write /qubes-timezone Asia/Kolkata
    await "$log" 'time zone: India' # so it has looked at all at least once
    same "without the disk" "$before" "$(directory ProfilesDirectory)"
    mkdir "$(drive win)/Private"
    await "$log" "new users' profiles: on the private disk"
    same "on the disk" 'REG_EXPAND_SZ    C:\Private\Profiles' "$(directory ProfilesDirectory)"
    same "what it was" "$before" "$(directory CasementProfilesDirectory)"
    same "the user who has one" "$user" \
        "$(in_guest "reg query \"$key\" /s /v ProfileImagePath" | grep ProfileImagePath)"
    same "who may write there" drwxr-xr-x "$(stat -c %A "$(drive win)/Private/Profiles")"
    # A standalone clone keeps its system disk (#10441).
    "$casement" qdb win write /qubes-vm-persistence full
    await "$log" "new users' profiles: where Windows has them"
    same "back in a clone" "$before" "$(directory ProfilesDirectory)"
    same "nothing is left of it" '' "$(directory CasementProfilesDirectory)"
    # By hand, before Casement is removed; and twice.
    : >"$log"
    "$casement" qdb win write /qubes-vm-persistence rw-only
    await "$log" "new users' profiles: on the private disk"
    for _ in 1 2; do
        "$casement" run win -- "\"$bin\\private-disk.exe\" --profiles-back" || fail "--profiles-back"
        same "back by hand" "$before" "$(directory ProfilesDirectory)"
        same "nothing is left by hand" '' "$(directory CasementProfilesDirectory)"
    done
    # A folder in which everybody may write is not used.
    : >"$log"
    chmod 777 "$(drive win)/Private/Profiles"
    "$casement" qdb win write /qubes-vm-persistence full
    "$casement" qdb win write /qubes-vm-persistence rw-only
    await "$log" "new users' profiles: .*5"
    same "in a folder of others" "$before" "$(directory ProfilesDirectory)"
}

case_policy() { # denied, allowed while running, a fault denies and is named
    up win
    "$casement" run win -- "$client dom0 test.Echo" </dev/null || fail "the default policy"
    "$casement" run win -- "$client dom0 other.Service" </dev/null 2>/dev/null
    same "a service that no rule names" 126 $?
    policy 'test.Echo * win dom0 deny'
    "$casement" run win -- "$client dom0 test.Echo" </dev/null 2>/dev/null
    same "denied by a rule" 126 $?
    policy '# fine' 'test.Echo * win dom0 ask'
    "$casement" run win -- "$client dom0 test.Echo" </dev/null 2>/dev/null
    same "a faulty policy" 126 $?
    grep -q 'line 2: "ask" is not supported' "$CASEMENT_HOME/log/casementd" ||
        fail "the log does not say what is wrong"
    policy 'test.Echo * win dom0 allow'
    "$casement" run win -- "$client dom0 test.Echo" </dev/null || fail "allowed again"
    "$casement" run win -- "$client win test.Echo" </dev/null 2>/dev/null
    same "a guest that calls itself" 126 $?
}

case_guests() { # two at once; a call between them, whose data does not pass through dom0
    up win work
    add_echo work
    "$casement" run win -- "$client work test.Echo" </dev/null 2>/dev/null
    same "denied between guests" 126 $?
    policy 'test.Echo * win work allow' 'qubes.Filecopy * @anyvm @anyvm allow'
    head -c 1000000 /dev/urandom >sent
    "$casement" run win -- "$client work test.Echo+3" <sent >got 2>/dev/null
    same "the other guest's exit code" 3 $?
    cmp sent got || fail "the bytes changed between guests"

    mkfifo in out
    "$casement" run win -- "$client work test.Echo" <in >out 2>/dev/null &
    exec 7>in 8<out
    echo through >&7
    read -r -u 8 line
    same "while the call is open" through "$line"
    "$casement" host simxen list >list
    awk -v win="$(domain_of win)" -v work="$(domain_of work)" '
        $1 == "domain" { here = $2 }
        here == win && $1 == "port" && $4 ~ "^" work ":" { direct = 1 }
        END { exit !direct }' list || fail "no channel from win to work: $(cat list)"
    exec 7>&-
    wait $!
    same "both at once" "win work" "$(
        "$casement" run win -- cmd /c echo win | tr -d '\r\n ' & 
        "$casement" run work -- cmd /c echo work >second; wait; tr -d '\r\n' <second | sed 's/^/ /')"
    echo file >"$(drive win)/file.txt"
    "$casement" run win -- "$client work qubes.Filecopy \"$bin\\filecopy-sender.exe\" C:\\file.txt" ||
        fail "a file between guests"
    find "$(drive work)/users" -path '*QubesIncoming/win/file.txt' | grep -q . ||
        fail "the file did not arrive"
    "$casement" down work || fail "down of one guest"
    "$casement" run win -- cmd /c exit 4
    same "the other guest goes on" 4 $?
}

case_interrupt() { # Ctrl-C ends the call and frees its port
    up win
    mkfifo in out
    # Job control gives the call a group of its own, and no ignored SIGINT.
    set -m
    "$casement" run win -- cmd /c 'echo open& pause' <in >out &
    call=$!
    set +m
    exec 7>in 8<out
    read -r -u 8 line
    kill -INT $call
    wait $call
    same "exit code after Ctrl-C" 130 $?
    no_open_calls
}

connections_ended() { # how many casementd has noticed so far
    grep -c "connection ended" "$CASEMENT_HOME/log/casementd"
}

await_ended() { # until casementd has noticed so many
    exec 9< <(exec tail -n +1 -f "$CASEMENT_HOME/log/casementd")
    grep -m "$1" "connection ended" <&9 >/dev/null
    kill $!
    exec 9<&-
}

case_restart() { # casementd, the agent and a guest come back
    up win
    before=$(domain_of win)
    kill -9 "$(pid_of casementd)"
    "$casement" status >/dev/null
    same "status without casementd" 3 $?
    "$casement" run win -- cmd 2>/dev/null
    same "run without casementd" 125 $?
    up win
    same "the guest was not restarted" "$before" "$(domain_of win)"
    "$casement" run win -- cmd /c exit 5
    same "exit code after a restart of casementd" 5 $?
    ended=$(connections_ended)
    kill -9 "$(pid_of qrexec-agent.exe)"
    await_ended $((ended + 1))
    up win
    "$casement" run win -- cmd /c exit 6
    same "exit code after a new start of the agent" 6 $?
    "$casement" down win
    same "status after down of the guest" 1 "$("$casement" status | wc -l)"
    up win
    "$casement" run win -- cmd /c exit 8
    same "exit code after a new start of the guest" 8 $?
}

case_hostile_client() { # nonsense on the local socket ends that connection only
    up win
    python3 - "$CASEMENT_RUNTIME/casementd" <<'EOF'
import os, random, socket, struct, sys
random.seed(1)
good = struct.pack('<I32sI', 0xca5e0005, b'win', 0) + b'DEFAULT:cmd /c exit\0'
packets = [good[:n] for n in range(1, len(good))]
packets += [good[:i] + bytes([good[i] ^ 0xff]) + good[i + 1:] for i in range(4)]
packets += [os.urandom(random.randrange(1, 300)) for _ in range(100)]
packets += [b'x' * 100000, struct.pack('<I', 0xca5e0006), struct.pack('<I', 0xca5e0101)]
for packet in packets:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    s.send(packet)
    answer = s.recv(65536)
    if answer != b'':
        sys.exit('answered %r to %r' % (answer, packet[:60]))
idle = []
for _ in range(50):  # a call that is asked for and never started keeps nothing
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    s.send(good)
    if struct.unpack('<I', s.recv(65536)[:4])[0] != 0xca5e0103:
        sys.exit('no port')
    idle.append(s)
EOF
    same "python" 0 $?
    no_open_calls
    "$casement" run win -- cmd /c exit 5
    same "exit code afterwards" 5 $?
    same "mode of the socket's folder" 700 "$(stat -c %a "$CASEMENT_RUNTIME")"
}

# kill -9 of any process, in the middle of a call: `down` (in finish) leaves nothing.
killed() { # part of the command line
    up win work
    open_call win
    victims=$(pid_of "$1")
    [ -n "$victims" ] || fail "no process $1"
    kill -9 $victims
    exec 7>&- 8<&-
    wait $call
    [ $? != 0 ] || [ "$1" = services.exe ] || fail "the call did not notice"
    "$casement" down || fail "casement down after kill -9 of $1"
    nothing_left
    up win
    "$casement" run win -- cmd /c exit 3
    same "exit code after a new start" 3 $?
}

# The program of dom0 that serves a guest's call: the guest hears of its end, the port is free.
case_kill_rpc() {
    up win
    mkfifo in out
    "$casement" run win -- "$client dom0 test.Echo" <in >out 2>/dev/null &
    call=$!
    exec 7>in 8<out
    echo through >&7
    read -r -u 8 line
    same "the open call" through "$line"
    kill -9 "$(pid_of casement-rpc)"
    wait $call
    same "the caller's exit code" 125 $?
    exec 7>&- 8<&-
    same "the next call" hello "$(echo hello | "$casement" run win -- "$client dom0 test.Echo")"
}

# casement up itself, at several moments: what it had begun is found and ended.
case_kill_up() {
    for moment in 0.02 0.1 0.2 0.3 0.5 0.8; do
        timeout -s KILL $moment "$casement" up win work >/dev/null 2>&1
        "$casement" down || fail "casement down after $moment s of casement up"
        nothing_left
    done
    up win work
}

case_kill_casementd() { killed casementd; }
case_kill_wineserver() { killed wineserver; }
case_kill_agent() { killed qrexec-agent.exe; }
case_kill_xenstored() { killed xenstored; }
case_kill_simxen() { killed 'simxen serve'; }
case_kill_services() { killed services.exe; }
case_kill_call() { killed casement-call; }

if [ -z "$case_name" ]; then
    declare -F | sed -n 's/^declare -f case_//p'
    exit 0
fi
setup
"case_$case_name"
